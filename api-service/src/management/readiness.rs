//! The readiness of each part: a part is ready if it lets a good token be answered. An outage of
//! the issuer is reported, but no part is unready before its data is too old.

use std::collections::BTreeMap;

use signet_guard::Guard;
use signet_guard::status::{FeedStatus, GuardStatus};
use signet_service::management::{Part, Readiness};

/// The source of the answer to `GET /health/ready`.
pub(super) struct GuardReadiness(pub(super) Guard);

impl Readiness for GuardReadiness {
    fn parts(&self) -> BTreeMap<&'static str, Part> {
        parts(&self.0.status())
    }
}

fn parts(status: &GuardStatus) -> BTreeMap<&'static str, Part> {
    let GuardStatus { keys, feed, .. } = status;
    let held = match keys.kids.len() {
        1 => "1 key held".to_owned(),
        count => format!("{count} keys held"),
    };
    // Every other reason for not serving is a part of its own. If none applies, the guard waits for
    // the first answer of the feed.
    let started = status.serving || !keys.trusted || !feed.trusted;
    let mismatch = |part| status.mismatch(part).map(ToString::to_string);
    let agrees = |part, detail: &str| {
        let found = mismatch(part);
        let ok = found.is_none();
        Part { ok, age_seconds: None, detail: Some(found.unwrap_or_else(|| detail.to_owned())) }
    };
    BTreeMap::from([
        (
            "keys",
            Part {
                ok: keys.trusted && mismatch("keys").is_none(),
                age_seconds: keys.age.map(|age| age.as_secs_f64()),
                detail: mismatch("keys").or_else(|| keys.last_error.clone()).or(Some(held)),
            },
        ),
        ("issuer", agrees("issuer", "no other `iss` was seen")),
        ("audience", agrees("audience", "no mismatch with the issuer's is known")),
        ("tokens", agrees("tokens", "no token of the issuer was found unfit")),
        (
            "directory",
            Part {
                ok: feed.position.is_some(),
                age_seconds: feed.age.map(|age| age.as_secs_f64()),
                detail: Some(match (feed.snapshot, feed.position) {
                    (Some(users), _) => format!("taking a snapshot: {users} users so far"),
                    (None, Some(position)) => format!("as of position {position}"),
                    (None, None) => "no snapshot taken yet".into(),
                }),
            },
        ),
        (
            "feed",
            Part {
                ok: feed.trusted && started,
                age_seconds: feed.age.map(|age| age.as_secs_f64()),
                detail: Some(feed.last_error.clone().unwrap_or_else(|| progress(feed).into())),
            },
        ),
        ("clock", agrees("clock", &clock(status))),
    ])
}

fn clock(status: &GuardStatus) -> String {
    match status.skew.map(time::Duration::whole_seconds) {
        Some(0) => "agrees with the issuer's".into(),
        Some(ahead @ 1..) => format!("{ahead} s behind the issuer's"),
        Some(behind) => format!("{} s ahead of the issuer's", behind.abs()),
        None => "the issuer's is not known yet".into(),
    }
}

fn progress(feed: &FeedStatus) -> &'static str {
    if feed.caught_up { "caught up" } else { "catching up" }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use signet_contract::bearer::Reason;
    use signet_guard::status::{KeysStatus, Mismatch};

    use super::*;

    fn good() -> GuardStatus {
        GuardStatus {
            serving: true,
            keys: KeysStatus {
                kids: vec!["k".into()],
                age: Some(Duration::from_secs(3)),
                trusted: true,
                last_error: None,
                fetches: BTreeMap::new(),
                failures: 0,
            },
            feed: FeedStatus {
                position: Some(7),
                caught_up: true,
                age: Some(Duration::from_millis(1_500)),
                trusted: true,
                lag: None,
                last_error: None,
                snapshot: None,
            },
            skew: Some(time::Duration::seconds(-2)),
            mismatches: Vec::new(),
            revocations: 0,
            admitted: 0,
            refused: BTreeMap::new(),
        }
    }

    fn failing(status: &GuardStatus) -> Vec<&'static str> {
        parts(status).into_iter().filter(|(_, part)| !part.ok).map(|(name, _)| name).collect()
    }

    #[test]
    fn serving_guard_is_ready_in_every_part() {
        assert!(failing(&good()).is_empty());
        insta::assert_json_snapshot!(parts(&good()));
    }

    #[test]
    fn issuer_outage_is_reported_and_keeps_readiness() {
        let mut status = good();
        status.feed.last_error = Some("connection refused".into());
        status.keys.last_error = Some("connection refused".into());
        status.feed.caught_up = false;
        assert!(failing(&status).is_empty());
        assert_eq!(parts(&status)["feed"].detail.as_deref(), Some("connection refused"));
    }

    #[test]
    fn progress_of_a_snapshot_is_shown() {
        let mut status = good();
        (status.feed.position, status.feed.snapshot) = (None, Some(340_000));
        let directory = &parts(&status)["directory"];
        let shown = Some("taking a snapshot: 340000 users so far");
        assert_eq!((directory.ok, directory.detail.as_deref()), (false, shown));
        // A guard with older data serves from it meanwhile.
        status.feed.position = Some(7);
        let directory = &parts(&status)["directory"];
        assert_eq!((directory.ok, directory.detail.as_deref()), (true, shown));
    }

    #[test]
    fn each_cause_of_a_missing_answer_is_named() {
        let change = |change: fn(&mut GuardStatus)| {
            let mut status = good();
            change(&mut status);
            failing(&status)
        };
        assert_eq!(
            change(|status| (status.serving, status.keys.trusted) = (false, false)),
            ["keys"]
        );
        assert_eq!(
            change(|status| (status.serving, status.feed.trusted) = (false, false)),
            ["feed"]
        );
        assert_eq!(change(|status| status.serving = false), ["feed"], "not caught up yet");
        let none = change(|status| {
            (status.serving, status.feed.trusted, status.feed.position) = (false, false, None);
        });
        assert_eq!(none, ["directory", "feed"]);
    }

    #[test]
    fn each_mismatch_with_the_issuer_is_named_by_one_part() {
        let (ours, theirs) = ("https://a.example/".to_owned(), "https://a.example".to_owned());
        let kid = "k".to_owned();
        for (mismatch, part) in [
            (Mismatch::Issuer { ours: ours.clone(), theirs: theirs.clone() }, "issuer"),
            (Mismatch::Audience { ours, theirs }, "audience"),
            (Mismatch::ClockBehind { seconds: 30, leeway: 10 }, "clock"),
            (Mismatch::ClockAhead { seconds: 400, limit: 300 }, "clock"),
            (Mismatch::TokenLife { ours: 60, theirs: 1_800 }, "tokens"),
            (Mismatch::Token(Reason::Malformed), "tokens"),
            (Mismatch::Key { kid: kid.clone() }, "keys"),
            (Mismatch::Signature { kid }, "keys"),
        ] {
            let line = mismatch.to_string();
            let status = GuardStatus { mismatches: vec![mismatch], ..good() };
            assert!(!status.ready());
            assert_eq!(failing(&status), [part]);
            assert_eq!(parts(&status)[part].detail, Some(line));
        }
    }
}
