//! Users: one per address, the last admin stays, and each change is in the feed.

use std::sync::Barrier;

use signet_contract::directory::UserState;
use signet_contract::events::{Change, UserChange};
use uuid::Uuid;

use super::fixture::{Fixture, HASH, START, by_operator, new_user, opening, retry, second};
use super::on_every_database;
use auth_domain::login::Opened;
use auth_domain::password_change::PasswordChange;
use auth_domain::users::{Changed, Created, NewUser, User, UserQuery};

on_every_database! {
    new_user_is_found_and_has_an_event,
    taken_address_changes_nothing,
    concurrent_sign_ups_with_one_address_create_one_user,
    users_are_listed_in_order_of_creation,
    search_matches_every_character_literally,
    search_finds_names_in_other_scripts,
    change_of_state_role_or_password_has_its_time,
    concurrent_ends_of_admins_leave_one_admin,
    disabled_admin_does_not_count,
    disabling_ends_every_session_in_one_transaction,
    deleted_user_leaves_no_personal_data,
    unknown_user_is_reported,
    rehash_does_not_undo_a_password_change,
}

fn record(user: &User) -> UserChange {
    UserChange {
        public_id: user.public_id,
        state: user.state,
        name: Some(user.name.clone()),
        email: Some(user.email.clone()),
        roles: Some(user.roles()),
    }
}

fn count(fixture: &Fixture) -> usize {
    let query = UserQuery { after: 0, limit: 1_000, search: None };
    fixture.store.list_users(&query).expect("a list").len()
}

fn new_user_is_found_and_has_an_event(fixture: &Fixture) {
    let before = fixture.position();
    let user = fixture.admin("Ann");
    assert_eq!(user.created_seq, before + 1);
    assert_eq!(fixture.store.find_user(user.public_id).expect("answered").as_ref(), Some(&user));
    let by_key = fixture.store.find_user_by_email_key("ann@example.org").expect("answered");
    assert_eq!(by_key.as_ref(), Some(&user));
    let events = fixture.events_after(before);
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].seq, events[0].at), (before + 1, START));
    assert_eq!(events[0].change, Change::UserCreated(record(&user)));
}

fn taken_address_changes_nothing(fixture: &Fixture) {
    fixture.user("Ann");
    let before = fixture.position();
    let again = fixture.store.create_user(&new_user("ann"), &by_operator(0)).expect("answered");
    assert_eq!(again, Created::AddressTaken);
    assert_eq!((fixture.position(), count(fixture)), (before, 1));
}

fn concurrent_sign_ups_with_one_address_create_one_user(fixture: &Fixture) {
    const THREADS: usize = 32;
    let barrier = Barrier::new(THREADS);
    let created = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    retry(|| fixture.store.create_user(&new_user("Ann"), &by_operator(0)))
                })
            })
            .collect();
        let outcomes = threads.into_iter().map(|thread| thread.join().expect("no panic"));
        outcomes.filter(|outcome| matches!(outcome, Created::User(_))).count()
    });
    assert_eq!((created, count(fixture)), (1, 1));
}

fn users_are_listed_in_order_of_creation(fixture: &Fixture) {
    let names: Vec<String> = (0..7).map(|n| format!("user{n}")).collect();
    for name in &names {
        fixture.user(name);
    }
    let mut listed = Vec::new();
    let mut after = 0;
    loop {
        let query = UserQuery { after, limit: 3, search: None };
        let page = fixture.store.list_users(&query).expect("a page");
        let Some(last) = page.last() else { break };
        after = last.created_seq;
        listed.extend(page.into_iter().map(|user| user.name));
    }
    assert_eq!(listed, names);
}

fn search_matches_every_character_literally(fixture: &Fixture) {
    for name in ["a%b", "aXb", "a_c", "back\\slash"] {
        fixture.user(name);
    }
    let found = |text: &str| {
        let query = UserQuery { after: 0, limit: 10, search: Some(text.into()) };
        let users = fixture.store.list_users(&query).expect("a page");
        users.into_iter().map(|user| user.name).collect::<Vec<_>>()
    };
    assert_eq!(found("A%B"), ["a%b"]);
    assert_eq!(found("_"), ["a_c"]);
    assert_eq!(found("k\\s"), ["back\\slash"]);
    assert_eq!(found("axb@EXAMPLE"), ["aXb"]);
    assert_eq!(found("nobody"), [""; 0]);
    let id = fixture.user("by id").public_id.to_string();
    assert_eq!(found(&id), ["by id"]);
    assert_eq!(found(&id[..13].to_uppercase()), ["by id"], "the beginning of the id");
    assert_eq!(found(&id[1..]), [""; 0]);
}

fn search_finds_names_in_other_scripts(fixture: &Fixture) {
    let bucher = NewUser { email: "info@Bücher.example".into(), ..new_user("bucher") };
    fixture.create(&NewUser { email_key: "info@xn--bcher-kva.example".into(), ..bucher });
    fixture.user("Émile");
    let found = |text: &str| {
        let query = UserQuery { after: 0, limit: 10, search: Some(text.into()) };
        let users = fixture.store.list_users(&query).expect("a page");
        users.into_iter().map(|user| user.name).collect::<Vec<_>>()
    };
    // Only the name matches: the address does not contain it.
    fixture.create(&NewUser { name: "Zoë Ćosić".into(), ..new_user("someone") });
    assert_eq!(found("oë Ćos"), ["Zoë Ćosić"]);
    assert_eq!(found("ZO"), ["Zoë Ćosić"]);
    assert_eq!(found("Émi"), ["Émile"]);
    assert_eq!(found("bücher"), ["bucher"]);
    assert_eq!(found("xn--bcher"), ["bucher"]);
}

fn change_of_state_role_or_password_has_its_time(fixture: &Fixture) {
    let user = fixture.user("Ann");
    let (store, id) = (&fixture.store, user.public_id);
    let changed_at = || store.find_user(id).expect("answered").expect("a user").changed_at;
    assert_eq!(changed_at(), START);
    store.set_user_admin(id, false, &by_operator(1)).expect("answered");
    assert_eq!(changed_at(), START, "nothing has changed");
    fixture.admin("Bob");
    store.set_user_admin(id, true, &by_operator(2)).expect("answered");
    assert_eq!(changed_at(), second(2));
    store.set_user_state(id, UserState::Disabled, &by_operator(3)).expect("answered");
    assert_eq!(changed_at(), second(3));
    store.set_user_state(id, UserState::Active, &by_operator(4)).expect("answered");
    let session = fixture.open_session(&user);
    let change = PasswordChange {
        public_id: id,
        sid: session.sid,
        verified_hash: HASH.into(),
        new_hash: "new".into(),
    };
    store.change_password(&change, &by_operator(5)).expect("answered");
    assert_eq!(changed_at(), second(5));
}

/// Races every pair of ways to end an admin, since each way must detect the other.
fn concurrent_ends_of_admins_leave_one_admin(fixture: &Fixture) {
    type End = fn(&Fixture, Uuid) -> Changed;
    let ways: [End; 3] = [
        |fixture, id| {
            fixture
                .store
                .set_user_state(id, UserState::Disabled, &by_operator(0))
                .expect("answered")
        },
        |fixture, id| fixture.store.set_user_admin(id, false, &by_operator(0)).expect("answered"),
        |fixture, id| fixture.store.delete_user(id, &by_operator(0)).expect("answered"),
    ];
    let mut left = fixture.admin("first");
    for (round, (one, other)) in
        ways.iter().flat_map(|one| ways.iter().map(move |other| (one, other))).enumerate()
    {
        let newcomer = fixture.admin(&format!("admin{round}"));
        let barrier = Barrier::new(2);
        let end = |way: &End, id| {
            barrier.wait();
            way(fixture, id)
        };
        let (first, second) = std::thread::scope(|scope| {
            let first = scope.spawn(|| end(one, left.public_id));
            let second = scope.spawn(|| end(other, newcomer.public_id));
            (first.join().expect("no panic"), second.join().expect("no panic"))
        });
        left = match (first, second) {
            (Changed::LastAdmin, Changed::Done) => left,
            (Changed::Done, Changed::LastAdmin) => newcomer,
            both => panic!("{both:?} in round {round}"),
        };
    }
}

fn disabled_admin_does_not_count(fixture: &Fixture) {
    let (one, other) = (fixture.admin("Ann"), fixture.admin("Bob"));
    let disable = |id| fixture.store.set_user_state(id, UserState::Disabled, &by_operator(0));
    assert_eq!(disable(one.public_id).expect("answered"), Changed::Done);
    assert_eq!(disable(other.public_id).expect("answered"), Changed::LastAdmin);
    // A disabled admin is not the last one, and can be deleted.
    assert_eq!(
        fixture.store.delete_user(one.public_id, &by_operator(0)).expect("answered"),
        Changed::Done
    );
}

fn disabling_ends_every_session_in_one_transaction(fixture: &Fixture) {
    let mut user = fixture.user("Ann");
    let session = fixture.open_session(&user);
    let before = fixture.position();
    let id = user.public_id;
    let changed = fixture.store.set_user_state(id, UserState::Disabled, &by_operator(1));
    assert_eq!(changed.expect("answered"), Changed::Done);
    user.state = UserState::Disabled;
    let events = fixture.events_after(before);
    assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), [before + 1, before + 2]);
    assert_eq!(events[0].change, Change::UserDisabled(record(&user)));
    let revoked = Change::UserSessionsRevoked { public_id: id, except: None };
    assert_eq!(events[1].change, revoked);
    assert!(session.pos < events[1].seq, "the session's tokens are below the event");

    let before = fixture.position();
    fixture.store.set_user_state(id, UserState::Active, &by_operator(2)).expect("enabled");
    user.state = UserState::Active;
    assert_eq!(fixture.changes_after(before), [Change::UserEnabled(record(&user))]);
}

fn deleted_user_leaves_no_personal_data(fixture: &Fixture) {
    let before = fixture.position();
    let (user, bystander) = (fixture.user("Ann"), fixture.user("Bob"));
    let id = user.public_id;
    fixture.open_session(&user);
    fixture.store.set_user_admin(id, true, &by_operator(0)).expect("an admin");
    fixture.admin("Eve");
    fixture.store.delete_user(id, &by_operator(1)).expect("deleted");

    assert_eq!(fixture.store.find_user(id).expect("answered"), None);
    let events = fixture.events_after(before);
    let text = serde_json::to_string(&events).expect("JSON");
    assert!(!text.contains("Ann") && text.contains(&bystander.email), "{text}");
    let revoked = Change::UserSessionsRevoked { public_id: id, except: None };
    let last: Vec<_> = events.iter().rev().take(2).rev().map(|event| &event.change).collect();
    assert_eq!(last, [&Change::UserDeleted { public_id: id }, &revoked]);
    // The events keep their positions, so no reader loses its place.
    let seqs: Vec<u64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, (before + 1..=fixture.position()).collect::<Vec<_>>());
    // The address is free again.
    fixture.user("Ann");
    assert!(fixture.store.position().is_ok());
}

fn unknown_user_is_reported(fixture: &Fixture) {
    let (store, id) = (&fixture.store, Uuid::new_v4());
    assert_eq!(
        store.set_user_admin(id, true, &by_operator(0)).expect("answered"),
        Changed::Unknown
    );
    assert_eq!(store.delete_user(id, &by_operator(0)).expect("answered"), Changed::Unknown);
    let disabled =
        store.set_user_state(id, UserState::Disabled, &by_operator(0)).expect("answered");
    assert_eq!(disabled, Changed::Unknown);
}

fn rehash_does_not_undo_a_password_change(fixture: &Fixture) {
    let user = fixture.user("Ann");
    let rehash = |from, to| fixture.store.rehash_password(user.public_id, from, to);
    assert!(rehash(HASH, "changed").expect("answered"));
    // A log-in that verified the old hash can neither rehash nor open a session.
    assert!(!rehash(HASH, "rehashed").expect("answered"));
    let opened = fixture.store.open_session(&opening(user.public_id), START).expect("answered");
    assert_eq!(opened, Opened::Outdated);
    let credentials = fixture.store.find_credentials("ann@example.org").expect("answered");
    assert_eq!(credentials.expect("credentials").password_hash, "changed");
}
