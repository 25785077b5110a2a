//! Pages of the directory, during changes.

use super::*;

#[test]
fn pages_are_in_order_of_creation_and_the_last_has_no_next() {
    let place = Place::new();
    let replica = place.open();
    let users: Vec<_> = ["e", "a", "d", "b"].map(user).into();
    snapshot(&replica, &users, 1);
    let (first, next) = page(&replica, None, 2);
    assert_eq!((first, next.is_some()), (vec!["e".into(), "a".into()], true));
    assert_eq!(page(&replica, next, 2), (vec!["d".into(), "b".into()], None), "a full last page");
    let last = Some(Cursor(users[3].public_id));
    assert_eq!(page(&replica, last, 2), (vec![], None));
}

#[test]
fn deleted_user_keeps_its_place_and_new_user_is_last() {
    let place = Place::new();
    let replica = place.open();
    let users: Vec<_> = ["a", "b", "c"].map(user).into();
    snapshot(&replica, &users, 1);
    let (_, next) = page(&replica, None, 2);
    assert_eq!(next, Some(Cursor(users[1].public_id)));
    let late = user("late");
    apply(
        &replica,
        &[
            event(2, Change::UserDeleted { public_id: users[1].public_id }),
            event(3, Change::UserCreated(full(&late))),
            event(4, Change::UserUpdated(full(&users[2]))),
        ],
    );
    assert_eq!(page(&replica, next, 2), (vec!["c".into(), "late".into()], None));
    assert_eq!(names(&replica), ["a", "c", "late"]);
}

#[test]
fn cursor_is_valid_in_every_replica() {
    let users: Vec<_> = ["a", "b", "c"].map(user).into();
    let (one, other) = (Place::new(), Place::new());
    let (one, other) = (one.open(), other.open());
    snapshot(&one, &users, 1);
    snapshot(&other, &[user("x")], 1);
    snapshot(&other, &users, 1);
    let (_, next) = page(&one, None, 1);
    assert_eq!(page(&other, next, 5), (vec!["b".into(), "c".into()], None));
}

#[test]
fn cursor_of_an_unknown_user_is_refused() {
    let place = Place::new();
    let replica = place.open();
    let unknown = Some(Cursor(Uuid::new_v4()));
    assert_eq!(replica.page(unknown, 1).expect_err("unknown"), DirectoryError::UnknownCursor);
}

#[test]
fn deleted_user_leaves_only_its_place() {
    let place = Place::new();
    let replica = place.open();
    let ann = user("Ann-whose-name-is-searched-for");
    snapshot(&replica, std::slice::from_ref(&ann), 1);
    apply(&replica, &[event(2, Change::UserDeleted { public_id: ann.public_id })]);
    drop(replica);
    let bytes = std::fs::read(place.path()).expect("the file");
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(!holds(&ann.name) && !holds(&ann.email));
}
