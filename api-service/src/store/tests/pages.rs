//! Pages of the directory, during changes.

use super::*;
use crate::domain::cursor::Cursor;

fn page(replica: &Replica, after: Option<Cursor>, limit: u16) -> (Vec<String>, Option<Cursor>) {
    let page = replica.page(after, limit).expect("a page");
    (page.users.into_iter().map(|user| user.name).collect(), page.next)
}

#[test]
fn pages_follow_each_other_in_order_of_creation_and_the_last_one_says_so() {
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
fn a_deleted_user_still_marks_a_place_and_a_new_one_comes_last() {
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
fn a_cursor_means_the_same_in_every_replica() {
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
fn a_cursor_that_names_nobody_is_told() {
    let place = Place::new();
    let replica = place.open();
    let unknown = Some(Cursor(Uuid::new_v4()));
    assert_eq!(replica.page(unknown, 1).expect_err("unknown"), DirectoryError::UnknownCursor);
}

#[test]
fn nothing_of_a_deleted_user_is_kept_but_the_place() {
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
