//! Imported users: many at once, each in the feed. A refused user does not block the others.

use signet_contract::events::Change;
use uuid::Uuid;

use super::fixture::{Fixture, by_operator, new_user};
use super::on_every_database;
use auth_domain::import::Imported;
use auth_domain::users::{NewUser, UserQuery};

on_every_database! {
    imported_users_have_events_in_their_order,
    second_import_of_the_same_users_changes_nothing,
    taken_address_blocks_no_other_user,
    batch_of_any_size_is_one_transaction,
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
    let users: Vec<_> = (0..700).map(|number| new_user(&format!("user{number}"))).collect();
    assert_eq!(imported(fixture, &users), vec![Imported::Created; 700]);
    assert_eq!(names(fixture).len(), 700);
    assert_eq!(imported(fixture, &[]), []);
}
