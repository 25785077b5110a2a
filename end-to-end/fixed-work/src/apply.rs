//! The work of applying a page of the feed.

use signet_contract::directory::UserState;
use signet_contract::events::{Change, FeedPage, UserChange};

use super::replicated::{Replicated, USERS, id, record};

/// The number of changes on a page.
const CHANGES: u64 = 100;

/// Returns the work of applying one of `count` pages: from the body of the issuer's answer to the
/// guard's memory and the commit in the replica.
pub(super) fn apply(count: usize) -> Box<dyn FnMut(usize)> {
    let mut replicated = Replicated::new();
    let pages: Vec<_> = (0..count as u64)
        .map(|page| {
            let events = replicated.events(changes(page));
            let next = events.last().expect("an event").seq;
            serde_json::to_vec(&FeedPage { events, next, oldest: 1 }).expect("JSON")
        })
        .collect();
    Box::new(move |number| {
        let page: FeedPage = serde_json::from_slice(&pages[number]).expect("a page");
        replicated.apply(&page.events);
    })
}

/// Returns the changes on a page: a mixture of a busy day.
fn changes(page: u64) -> Vec<Change> {
    let numbers = page * CHANGES..(page + 1) * CHANGES;
    numbers.enumerate().map(|(place, number)| change(place, number)).collect()
}

fn change(place: usize, number: u64) -> Change {
    // The old user of one change is not that of another change nearby.
    let old = id(number * 7 % USERS);
    match place {
        0..40 => Change::UserCreated(record(id(USERS + number))),
        40..60 => Change::UserUpdated(record(old)),
        60..90 => Change::SessionRevoked { sid: id(2 * USERS + number), public_id: old },
        90..94 => Change::UserSessionsRevoked { public_id: old, except: None },
        94..98 => Change::UserDisabled(UserChange { state: UserState::Disabled, ..record(old) }),
        _ => Change::UserDeleted { public_id: old },
    }
}
