//! Sessions and their ends, and the addresses of log-ins.

use std::collections::HashSet;
use std::net::IpAddr;

use signet_contract::events::Change;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::fixture::{Fixture, START, by_operator, opening, opening_with, second};
use super::on_every_database;
use super::refresh::{STRICT, use_token};
use auth_domain::audit::RequestOrigin;
use auth_domain::feed::REVOCATIONS_KEPT;
use auth_domain::login::{Opened, Opening};
use auth_domain::refresh::RefreshToken;
use auth_domain::sessions::{SessionCursor, SessionQuery};
use auth_domain::users::User;

on_every_database! {
    network_is_known_after_first_login,
    old_networks_are_removed,
    session_is_removed_after_all_its_tokens,
    session_is_removed_behind_many_that_stay,
    session_of_another_user_does_not_end,
    user_keeps_the_hundred_sessions_used_last,
    session_ends_once_with_one_event,
    all_sessions_end_except_one,
    sessions_are_listed_latest_first_in_pages,
    session_is_listed_while_its_tokens_may_live,
}

const HERE: &str = "192.0.2.1";

fn log_in(fixture: &Fixture, user: &User, address: &str, at: i64) {
    let opening = Opening {
        from: RequestOrigin {
            address: Some(address.parse().expect("an address")),
            request_id: None,
        },
        user_agent: Some("curl/8.5.0".into()),
        ..opening(user.public_id)
    };
    let opened = fixture.store.open_session(&opening, second(at)).expect("answered");
    assert!(matches!(opened, Opened::Session(_)));
}

fn knows(fixture: &Fixture, user: &User, address: &str) -> bool {
    let address: IpAddr = address.parse().expect("an address");
    fixture.store.has_logged_in_from(user.public_id, address).expect("answered")
}

fn network_is_known_after_first_login(fixture: &Fixture) {
    let (ann, bob) = (fixture.user("Ann"), fixture.user("Bob"));
    assert!(!knows(fixture, &ann, HERE));
    log_in(fixture, &ann, HERE, 0);
    log_in(fixture, &ann, HERE, 1);
    log_in(fixture, &ann, "2001:db8::1", 1);
    assert!(knows(fixture, &ann, HERE) && knows(fixture, &ann, "2001:db8::1"));
    assert!(!knows(fixture, &bob, HERE) && !knows(fixture, &ann, "192.0.2.2"));
    // A subscriber has an IPv6 network of 64 bits.
    assert!(knows(fixture, &ann, "2001:db8::2") && !knows(fixture, &ann, "2001:db8:0:1::1"));
    fixture.store.delete_user(ann.public_id, &by_operator(0)).expect("deleted");
    assert!(!knows(fixture, &ann, HERE));
}

fn old_networks_are_removed(fixture: &Fixture) {
    let ann = fixture.user("Ann");
    log_in(fixture, &ann, HERE, 0);
    log_in(fixture, &ann, "192.0.2.2", 5);
    log_in(fixture, &ann, HERE, 10);
    assert_eq!(fixture.store.prune_networks(second(7)).expect("pruned"), 1);
    assert!(knows(fixture, &ann, HERE), "seen again since");
    assert!(!knows(fixture, &ann, "192.0.2.2"));
}

fn sids(fixture: &Fixture, user: &User, now: OffsetDateTime) -> Vec<Uuid> {
    let listed = fixture.open_sessions(user.public_id, now);
    listed.into_iter().map(|session| session.sid).collect()
}

fn user_keeps_the_hundred_sessions_used_last(fixture: &Fixture) {
    let (ann, bob) = (fixture.user("Ann"), fixture.user("Bob"));
    let others = fixture.open_session(&bob);
    let token = RefreshToken::fresh().expect("a token");
    let open = |opening: &Opening, at| match fixture.store.open_session(opening, second(at)) {
        Ok(Opened::Session(session)) => {
            let ended = fixture.store.end_surplus_sessions(ann.public_id, session.sid, second(at));
            (session.sid, ended.expect("answered"))
        }
        other => panic!("{other:?}"),
    };
    let (used_again, _) = open(&opening_with(ann.public_id, &token), 0);
    let (unused, _) = open(&opening(ann.public_id), 1);
    for at in 2..100 {
        assert_eq!(open(&opening(ann.public_id), at).1, 0);
    }
    use_token(fixture, &token, &STRICT, second(100)).expect("refreshed");
    assert_eq!(sids(fixture, &ann, second(100)).len(), 100);
    let position = fixture.position();
    // The clock was set back: the new session is the oldest by its time.
    let (latest, ended) = open(&opening(ann.public_id), -5);
    assert_eq!(ended, 1);
    let left = sids(fixture, &ann, second(101));
    assert_eq!((left.len(), left.last()), (100, Some(&latest)));
    assert!(left.contains(&used_again) && !left.contains(&unused));
    let ended = Change::SessionRevoked { sid: unused, public_id: ann.public_id };
    let events = fixture.events_after(position);
    assert_eq!(events.iter().map(|event| &event.change).collect::<Vec<_>>(), [&ended]);
    assert_eq!(sids(fixture, &bob, second(101)), [others.sid]);
}

fn session_is_removed_after_all_its_tokens(fixture: &Fixture) {
    let ann = fixture.user("Ann");
    let session = fixture.open_session(&ann);
    let forgotten = |before, now| fixture.store.prune_sessions(before, now).expect("pruned");
    let refreshable = START + Duration::HOUR - Duration::SECOND;
    assert_eq!(forgotten(second(1), refreshable), 0, "its refresh token lives");
    assert_eq!(forgotten(START, START + Duration::DAY), 0, "an access token may live");
    assert_eq!(sids(fixture, &ann, refreshable), [session.sid]);
    assert_eq!(forgotten(second(1), START + Duration::DAY), 1);

    let session = fixture.open_session(&ann);
    fixture.store.end_session(session.sid, &by_operator(9)).expect("ended").expect("an open one");
    assert_eq!(forgotten(second(9), START), 0, "its end is remembered for a while");
    assert_eq!(forgotten(second(10), START), 1);
}

fn session_is_removed_behind_many_that_stay(fixture: &Fixture) {
    let ann = fixture.user("Ann").public_id;
    // Some batches with the same time of last use. Their end is remembered for a while.
    fixture.run(&format!(
        "INSERT INTO sessions (sid, kind, public_id, client_id, audience, auth_time, methods, created_at, \
             last_used_at, ended_at) \
         WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 2500) \
         SELECT 'session ' || x, 'login', '{ann}', 'c', 'a', 1, 'pwd', 1, 1, 9 FROM n \
         UNION ALL SELECT 'over', 'login', '{ann}', 'c', 'a', 1, 'pwd', 1, 2, 2"
    ));
    let before = OffsetDateTime::UNIX_EPOCH + Duration::microseconds(9);
    assert_eq!(fixture.store.prune_sessions(before, START).expect("pruned"), 1);
    assert_eq!(fixture.store.prune_sessions(START, START).expect("pruned"), 2_500);
}

fn session_of_another_user_does_not_end(fixture: &Fixture) {
    let (ann, bob) = (fixture.user("Ann"), fixture.user("Bob"));
    let session = fixture.open_session(&ann);
    let end = |user: &User| {
        let ended = fixture.store.end_session_of(user.public_id, session.sid, &by_operator(1));
        ended.expect("answered")
    };
    assert!(!end(&bob));
    assert!(end(&ann));
    assert!(!end(&ann), "it has ended");
}

fn session_ends_once_with_one_event(fixture: &Fixture) {
    let (ann, bob) = (fixture.user("Ann"), fixture.user("Bob"));
    let (session, other) = (fixture.open_session(&ann), fixture.open_session(&ann));
    let bobs = fixture.open_session(&bob);
    let before = fixture.position();
    let end = |sid| fixture.store.end_session(sid, &by_operator(0)).expect("answered");
    assert_eq!(end(Uuid::new_v4()), None);
    assert_eq!(end(session.sid), Some(ann.public_id));
    assert_eq!(end(session.sid), None);
    let expected = Change::SessionRevoked { sid: session.sid, public_id: ann.public_id };
    assert_eq!(fixture.changes_after(before), [expected]);
    assert_eq!(sids(fixture, &ann, START), [other.sid]);
    assert_eq!(sids(fixture, &bob, START), [bobs.sid]);
    let open = |user: &User, sid| {
        fixture.store.standing("kid", user.public_id, sid).expect("answered").session_open
    };
    assert!(!open(&ann, session.sid) && open(&ann, other.sid));
    assert!(!open(&bob, other.sid), "another's session is none");
}

fn all_sessions_end_except_one(fixture: &Fixture) {
    let ann = fixture.user("Ann");
    let (one, _two) = (fixture.open_session(&ann), fixture.open_session(&ann));
    let before = fixture.position();
    let end = |except| fixture.store.end_sessions_of(ann.public_id, except, &by_operator(0));
    assert!(end(Some(one.sid)).expect("answered"));
    assert_eq!(sids(fixture, &ann, START), [one.sid]);
    assert!(end(None).expect("answered"));
    assert!(sids(fixture, &ann, START).is_empty());
    let revoked = |except| Change::UserSessionsRevoked { public_id: ann.public_id, except };
    assert_eq!(fixture.changes_after(before), [revoked(Some(one.sid)), revoked(None)]);
    assert!(
        !fixture.store.end_sessions_of(Uuid::new_v4(), None, &by_operator(0)).expect("answered")
    );
    // Opened in the same second, but after the end.
    let fresh = fixture.open_session(&ann);
    assert!(fresh.pos >= fixture.position() && one.pos < fixture.position());
}

fn sessions_are_listed_latest_first_in_pages(fixture: &Fixture) {
    let (ann, bob) = (fixture.user("Ann"), fixture.user("Bob"));
    // Three have the same time: their ids distinguish them.
    for at in [1, 2, 2, 2, 3] {
        log_in(fixture, &ann, HERE, at);
    }
    log_in(fixture, &bob, HERE, 2);
    for (public_id, count) in [(Some(ann.public_id), 5), (Some(bob.public_id), 1), (None, 6)] {
        let mut listed = Vec::new();
        let mut after = None;
        loop {
            let query = SessionQuery { public_id, after, limit: 2 };
            let page = fixture.store.list_sessions(&query, second(4)).expect("a page");
            let Some(last) = page.last() else { break };
            after = Some(SessionCursor::of(last));
            listed.extend(page);
        }
        let times: Vec<_> = listed.iter().map(|session| session.created_at).collect();
        let sids: HashSet<_> = listed.iter().map(|session| session.sid).collect();
        assert!(times.is_sorted_by(|one, next| one >= next), "{times:?}");
        assert_eq!((listed.len(), sids.len()), (count, count));
        assert!(listed.iter().all(|session| public_id.is_none_or(|id| session.public_id == id)));
    }
}

fn session_is_listed_while_its_tokens_may_live(fixture: &Fixture) {
    let ann = fixture.user("Ann");
    let session = fixture.open_session(&ann);
    let listed = |now| {
        let query = SessionQuery { public_id: Some(ann.public_id), after: None, limit: 10 };
        let page = fixture.store.list_sessions(&query, now).expect("a page");
        page.iter().map(|listed| listed.sid).collect::<Vec<_>>()
    };
    let refreshable_until = START + Duration::HOUR;
    assert_eq!(listed(refreshable_until - Duration::SECOND), [session.sid]);
    assert_eq!(listed(refreshable_until), [session.sid], "its access token may live");
    assert!(listed(START + REVOCATIONS_KEPT).is_empty(), "nothing of it may");
}
