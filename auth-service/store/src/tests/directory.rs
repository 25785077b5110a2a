//! The snapshot: pages of users, with the revocations on the first page.

use signet_contract::events::Change;

use super::fixture::{Fixture, START, by_operator, second};
use super::on_every_database;
use auth_domain::clients::Client;
use auth_domain::directory::Part;

on_every_database! {
    snapshot_has_pages,
    revocations_are_only_on_the_first_page,
    revocations_in_several_parts_are_ordered_and_of_one_state,
}

fn snapshot_has_pages(fixture: &Fixture) {
    let users: Vec<_> = (0..5).map(|n| fixture.user(&format!("u{n}"))).collect();
    let page = |after| fixture.snapshot(after, 2, START);
    let first = page(0);
    assert_eq!((first.users.as_slice(), first.more), (&users[..2], true));
    assert_eq!(first.position, fixture.position());
    let second = page(first.users[1].created_seq);
    assert_eq!((second.users.as_slice(), second.more), (&users[2..4], true));
    let third = page(second.users[1].created_seq);
    assert_eq!((third.users.as_slice(), third.more), (&users[4..], false));
    // A full page is the last one if nothing follows.
    assert!(!fixture.snapshot(0, 5, START).more);
}

fn revocations_are_only_on_the_first_page(fixture: &Fixture) {
    let client = Client::new("guard", vec![], [7; 32], START);
    fixture.store.add_client(&client, &by_operator(0)).expect("added");
    let user = fixture.user("Ann");
    fixture.store.remove_client("guard", &by_operator(1)).expect("removed");
    let first = fixture.snapshot(0, 10, START);
    let removed = Change::ClientRemoved { client_id: "guard".into() };
    assert_eq!(first.revocations.into_iter().map(|r| r.change).collect::<Vec<_>>(), [removed]);
    let next = fixture.snapshot(user.created_seq, 10, START);
    assert!(next.revocations.is_empty());
}

fn revocations_in_several_parts_are_ordered_and_of_one_state(fixture: &Fixture) {
    let user = fixture.user("Ann");
    fixture.run(&support::revocations::sql(50, START));
    fixture.run(&support::revocations::sql(2_050, second(50)));
    let position = fixture.position();
    let (mut seqs, mut parts) = (Vec::new(), 0);
    let mut take = |part| {
        if let Part::Revocations(events) = part {
            seqs.extend(events.into_iter().map(|event| event.seq));
            parts += 1;
        }
        // A change during the read is not in the snapshot: the feed holds it.
        let act = by_operator(60);
        fixture.store.end_sessions_of(user.public_id, None, &act).expect("ended")
    };
    fixture.store.snapshot(0, 10, second(50), &mut take).expect("a page");
    assert_eq!((seqs, parts), ((position - 2_049..=position).collect(), 3));

    let mut parts = 0;
    let mut refuse = |_| {
        parts += 1;
        parts < 2
    };
    fixture.store.snapshot(0, 10, START, &mut refuse).expect("an early end");
    assert_eq!(parts, 2, "the read ends");
}
