//! Imported users: many at once, each in the feed. A refused user does not block the others.

use diesel::prelude::*;
use signet_contract::events::Change;
use uuid::Uuid;

use super::super::Location;
use super::super::connection::{AnyConnection, Purpose};
use super::super::instance_lock::InstanceLock;
use super::super::schema::feed_position;
use super::fixture::{Fixture, by_operator, new_user};
use super::on_every_database;
use auth_domain::audit::AuditQuery;
use auth_domain::import::Imported;
use auth_domain::users::{NewUser, UserQuery};

on_every_database! {
    imported_users_have_events_in_their_order,
    second_import_of_the_same_users_changes_nothing,
    taken_address_blocks_no_other_user,
    batch_of_any_size_is_one_transaction,
    batch_beyond_the_limit_of_bind_values_is_imported,
    duplicates_are_found_across_statements,
    import_writes_one_audit_row_for_each_created_user,
    batches_are_smaller_while_a_server_uses_the_database,
}

fn names(fixture: &Fixture) -> Vec<String> {
    let all = UserQuery { after: 0, limit: 10_000, search: None };
    fixture.store.list_users(&all).expect("a list").into_iter().map(|user| user.name).collect()
}

fn imported(fixture: &Fixture, users: &[NewUser]) -> Vec<Imported> {
    fixture.store.import_users(users, &by_operator(0)).expect("imported")
}

fn imported_users_have_events_in_their_order(fixture: &Fixture) {
    let before = fixture.position();
    let users = [new_user("zoe"), new_user("ann"), new_user("eve")];
    assert_eq!(imported(fixture, &users), [Imported::Created; 3]);
    assert_eq!(names(fixture), ["zoe", "ann", "eve"]);
    for ((user, event), position) in
        users.iter().zip(fixture.events_after(before)).zip(before + 1..)
    {
        let Change::UserCreated(record) = event.change else { panic!("{event:?}") };
        assert_eq!((record.public_id, event.seq), (user.public_id, position));
        let found = fixture.store.find_user(user.public_id).expect("answered").expect("there");
        assert_eq!((found.created_seq, found.admin), (position, false));
    }
    assert_eq!(fixture.position(), before + 3);
}

fn second_import_of_the_same_users_changes_nothing(fixture: &Fixture) {
    let users = [new_user("ann"), new_user("bob")];
    imported(fixture, &users);
    let before = fixture.position();
    let changed = NewUser { name: "another".into(), ..users[0].clone() };
    assert_eq!(imported(fixture, &[changed, users[1].clone()]), [Imported::There; 2]);
    assert_eq!((names(fixture), fixture.position()), (vec!["ann".into(), "bob".into()], before));
}

fn taken_address_blocks_no_other_user(fixture: &Fixture) {
    fixture.user("ann");
    let same = |name: &str| NewUser { public_id: Uuid::new_v4(), ..new_user(name) };
    let batch = [new_user("bob"), same("ann"), same("bob"), new_user("eve")];
    let (new, taken) = (Imported::Created, Imported::AddressTaken);
    assert_eq!(imported(fixture, &batch), [new, taken, taken, new]);
    assert_eq!(names(fixture), ["ann", "bob", "eve"]);
}

fn batch_of_any_size_is_one_transaction(fixture: &Fixture) {
    let users = numbered(700);
    assert_eq!(imported(fixture, &users), vec![Imported::Created; 700]);
    assert_eq!(names(fixture).len(), 700);
    assert_eq!(imported(fixture, &[]), []);
}

/// Returns the first `count` users of a numbered list.
fn numbered(count: usize) -> Vec<NewUser> {
    (0..count).map(|number| new_user(&format!("user{number}"))).collect()
}

fn batch_beyond_the_limit_of_bind_values_is_imported(fixture: &Fixture) {
    let before = fixture.position();
    // Ten values for each user: a statement of SQLite binds 32,766 at most, of PostgreSQL 65,535.
    let users = numbered(6_600);
    assert_eq!(imported(fixture, &users), vec![Imported::Created; users.len()]);
    let events = fixture.events_after(before);
    assert_eq!(events.len(), users.len());
    let query = UserQuery { after: 0, limit: 100_000, search: None };
    let listed = fixture.store.list_users(&query).expect("a list");
    let all = users.iter().zip(&events).zip(&listed).zip(before + 1..);
    for (((user, event), listed), position) in all {
        let Change::UserCreated(record) = &event.change else { panic!("{event:?}") };
        assert_eq!((record.public_id, event.seq), (user.public_id, position));
        assert_eq!((listed.public_id, listed.created_seq), (user.public_id, position));
    }
    assert_eq!(fixture.position(), before + 6_600);
    assert_eq!(imported(fixture, &users), vec![Imported::There; users.len()]);
}

fn duplicates_are_found_across_statements(fixture: &Fixture) {
    let first = numbered(1_200);
    imported(fixture, &first[..1]);
    let mut batch = first.clone();
    let again = |id: &NewUser, name: &str| NewUser { public_id: id.public_id, ..new_user(name) };
    batch.push(again(&first[3], "ann"));
    batch.push(NewUser { public_id: Uuid::new_v4(), ..first[4].clone() });
    batch.push(NewUser { public_id: Uuid::new_v4(), ..first[0].clone() });
    let before = fixture.position();
    let results = imported(fixture, &batch);
    let (there, taken) = (Imported::There, Imported::AddressTaken);
    assert_eq!(results[0], there);
    assert_eq!(results[1..1_200], vec![Imported::Created; 1_199]);
    assert_eq!(results[1_200..], [there, taken, taken]);
    assert_eq!(fixture.position(), before + 1_199);
    assert_eq!(names(fixture).len(), 1_200);
}

/// Returns the number of acts that the database has counted.
fn acts(fixture: &Fixture) -> i64 {
    let mut connection = AnyConnection::open(&fixture.location, Purpose::Read).expect("opened");
    feed_position::table.select(feed_position::acts).get_result(&mut connection).expect("a number")
}

fn import_writes_one_audit_row_for_each_created_user(fixture: &Fixture) {
    let users = numbered(700);
    imported(fixture, &users[..1]);
    let before = acts(fixture);
    imported(fixture, &users);
    // A server does not count acts.
    let counted = if matches!(fixture.location, Location::Sqlite(_)) { 699 } else { 0 };
    assert_eq!(acts(fixture) - before, counted);
    let query = AuditQuery { limit: 1_000, ..AuditQuery::default() };
    let rows = fixture.store.list_audit(&query).expect("answered");
    let subjects: Vec<_> = rows.iter().rev().map(|row| row.subject.clone()).collect();
    let ids: Vec<_> = users.iter().map(|user| Some(user.public_id.to_string())).collect();
    assert_eq!(subjects, ids);
    assert!(rows.iter().all(|row| row.action == "user.import" && row.public_id == row.subject));
}

fn batches_are_smaller_while_a_server_uses_the_database(fixture: &Fixture) {
    let alone = fixture.store.import_batch();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let lock = runtime.block_on(InstanceLock::take(&fixture.location)).expect("taken");
    let beside_a_server = fixture.store.import_batch();
    // Every process may use a database server.
    let same = matches!(fixture.location, Location::Postgres(_));
    assert_eq!(alone == beside_a_server, same, "{alone}, {beside_a_server}");
    assert!(alone >= beside_a_server);
    drop(lock);
    assert_eq!(fixture.store.import_batch(), alone);
}
