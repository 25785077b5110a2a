//! The rules of revocation, each with cases on both sides.

use super::*;
use time::macros::datetime;

const AT: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);
const LIFE: Duration = Duration::from_secs(3_600);
const USER: Uuid = Uuid::from_u128(1);
const PHONE: Uuid = Uuid::from_u128(2);
const LAPTOP: Uuid = Uuid::from_u128(3);
const KIOSK: Uuid = Uuid::from_u128(4);

fn event(seq: u64, change: Change) -> Event {
    Event { seq, at: AT, change }
}

fn end_all(seq: u64, except: Option<Uuid>) -> Event {
    event(seq, Change::UserSessionsRevoked { public_id: USER, except })
}

fn token(subject: Subject, client_id: &str, pos: u64) -> AccessToken {
    AccessToken {
        subject,
        issuer: "i".into(),
        audience: vec!["a".into()],
        client_id: client_id.into(),
        scope: None,
        issued_at: AT,
        not_before: None,
        expires_at: AT + time::Duration::HOUR,
        jti: Uuid::nil(),
        pos,
        kid: "k".into(),
    }
}

fn user(sid: Uuid, pos: u64) -> AccessToken {
    token(Subject::User { public_id: USER, sid, roles: Vec::new() }, "first-party", pos)
}

fn after(events: &[Event]) -> Revocations {
    let mut revocations = Revocations::new(LIFE);
    for event in events {
        revocations.apply(event, Instant::now());
    }
    revocations
}

#[test]
fn ended_session_revokes_only_its_own_tokens() {
    let held = after(&[event(5, Change::SessionRevoked { sid: PHONE, public_id: USER })]);
    assert_eq!(held.touch(&user(PHONE, 9)), Some(Reason::Revoked));
    assert_eq!(held.touch(&user(LAPTOP, 1)), None);
}

#[test]
fn end_of_all_sessions_compares_positions_and_keeps_one_session() {
    let held = after(&[end_all(10, Some(LAPTOP))]);
    for (token, expected) in [
        (user(PHONE, 9), Some(Reason::Revoked)),
        (user(PHONE, 10), None),
        (user(PHONE, 11), None),
        (user(LAPTOP, 1), None),
    ] {
        assert_eq!(held.touch(&token), expected, "{token:?}");
    }
}

#[test]
fn two_ends_of_all_sessions_combine() {
    let exceptions = [None, Some(PHONE), Some(LAPTOP), Some(KIOSK)];
    // Every sequence of four ends with every exception, compared with the rule itself.
    for sequence in 0..256_usize {
        let chosen: Vec<_> = (0..4_u32)
            .zip([3, 5, 7, 9])
            .map(|(place, seq)| (seq, exceptions[sequence / 4_usize.pow(place) % 4]))
            .collect();
        let ends: Vec<_> = chosen.iter().map(|(seq, except)| end_all(*seq, *except)).collect();
        let held = after(&ends);
        assert!(held.seqs().len() <= 2);
        for sid in [PHONE, LAPTOP, KIOSK, USER] {
            for pos in 0..12 {
                let rule = chosen.iter().any(|(seq, spared)| pos < *seq && *spared != Some(sid));
                let judged = held.touch(&user(sid, pos)).is_some();
                assert_eq!(judged, rule, "{chosen:?} {sid} {pos}");
            }
        }
    }
}

#[test]
fn superfluous_revocations_are_listed_for_removal() {
    let mut held = Revocations::new(LIFE);
    let now = Instant::now();
    let mut stored = std::collections::BTreeSet::new();
    let changes = [Some(PHONE), Some(LAPTOP), Some(LAPTOP), None, Some(PHONE), None];
    for (seq, except) in (1..).zip(changes) {
        stored.insert(seq);
        for superfluous in held.apply(&end_all(seq, except), now) {
            assert!(stored.remove(&superfluous), "{superfluous}");
        }
        let kept: std::collections::BTreeSet<_> = held.seqs().into_iter().collect();
        assert_eq!(stored, kept);
    }
    assert!(held.apply(&end_all(6, None), now).is_empty(), "the same again");
}

#[test]
fn disabling_or_deleting_a_user_ends_every_session_and_enabling_revives_none() {
    let state = signet_contract::directory::UserState::Disabled;
    let change = signet_contract::events::UserChange {
        public_id: USER,
        state,
        name: None,
        email: None,
        roles: None,
    };
    let disabled = event(5, Change::UserDisabled(change.clone()));
    let enabled = event(6, Change::UserEnabled(change));
    let deleted = event(5, Change::UserDeleted { public_id: USER });
    for held in [after(&[disabled, enabled]), after(&[deleted])] {
        assert_eq!(held.touch(&user(PHONE, 4)), Some(Reason::Revoked));
        assert_eq!(held.touch(&user(PHONE, 5)), None);
    }
}

#[test]
fn a_removed_client_s_tokens_are_judged_by_position() {
    let held = after(&[event(5, Change::ClientRemoved { client_id: "orders".into() })]);
    assert_eq!(held.touch(&token(Subject::Service, "orders", 4)), Some(Reason::Revoked));
    assert_eq!(held.touch(&token(Subject::Service, "orders", 5)), None);
    assert_eq!(held.touch(&token(Subject::Service, "other", 4)), None);
}

#[test]
fn every_token_of_a_revoked_key_is_refused() {
    let held = after(&[event(5, Change::KeyRevoked { kid: "k".into() })]);
    assert_eq!(held.touch(&user(PHONE, 9)), Some(Reason::RevokedKey));
    assert_eq!(held.touch(&token(Subject::Service, "c", 9)), Some(Reason::RevokedKey));
}

#[test]
fn expired_revocations_are_removed_by_both_clocks_and_key_revocations_stay() {
    let learnt = Instant::now();
    let mut held = Revocations::new(LIFE);
    held.apply(&event(1, Change::SessionRevoked { sid: PHONE, public_id: USER }), learnt);
    held.apply(&event(2, Change::ClientRemoved { client_id: "c".into() }), learnt);
    held.apply(&end_all(3, Some(LAPTOP)), learnt);
    held.apply(&end_all(4, Some(PHONE)), learnt);
    held.apply(&event(5, Change::KeyRevoked { kid: "k".into() }), learnt);
    let keep = LIFE + MARGIN;
    let over = keep + Duration::from_secs(1);
    for (monotonic, wall) in [(keep, over), (over, keep), (over, Duration::ZERO)] {
        assert!(held.prune(learnt + monotonic, AT + wall).is_empty(), "{monotonic:?} {wall:?}");
    }
    let mut forgotten = held.prune(learnt + over, AT + over);
    forgotten.sort_unstable();
    assert_eq!(forgotten, [1, 2, 3, 4]);
    assert_eq!(held.seqs(), [5]);
}

#[test]
fn positions_of_an_old_database_revoke_no_new_token() {
    let mut held = after(&[
        event(90, Change::SessionRevoked { sid: PHONE, public_id: USER }),
        event(95, Change::ClientRemoved { client_id: "orders".into() }),
        end_all(9, Some(PHONE)),
        end_all(99, Some(LAPTOP)),
    ]);
    let mut forgotten = held.rebase(50);
    forgotten.sort_unstable();
    assert_eq!((forgotten, held.seqs()), (vec![95, 99], vec![9, 90]));
    assert_eq!(held.touch(&token(Subject::Service, "orders", 51)), None);
    assert_eq!(held.touch(&user(KIOSK, 51)), None);
    assert_eq!(held.touch(&user(KIOSK, 8)), Some(Reason::Revoked));
    assert_eq!(held.touch(&user(PHONE, 51)), Some(Reason::Revoked));
}

#[test]
fn a_revoked_session_is_held_in_few_bytes() {
    assert_eq!(size_of::<(Uuid, Entry)>(), 32);
    assert!(size_of::<(Uuid, End)>() <= 56);
}
