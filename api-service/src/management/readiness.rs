//! Readiness: whether a good token would be answered, part by part. An outage of the issuer is
//! told, but makes nothing unready before what is held gets too old.

use std::collections::BTreeMap;

use shared::guard::Guard;
use shared::guard::status::{FeedStatus, GuardStatus};
use shared::service::management::{Part, Readiness};

/// What `GET /health/ready` is answered from.
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
    // What else could keep the guard from serving is a part of its own: then it is still waiting
    // for the feed's first word.
    let started = status.serving || !keys.trusted || !feed.trusted;
    BTreeMap::from([
        (
            "keys",
            Part {
                ok: keys.trusted,
                age_seconds: keys.age.map(|age| age.as_secs_f64()),
                detail: Some(keys.last_error.clone().unwrap_or(held)),
            },
        ),
        (
            "directory",
            Part {
                ok: feed.position.is_some(),
                age_seconds: feed.age.map(|age| age.as_secs_f64()),
                detail: Some(match feed.position {
                    Some(position) => format!("as of position {position}"),
                    None => "no snapshot taken yet".into(),
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
        (
            "clock",
            Part {
                ok: status.clock_agrees(),
                age_seconds: None,
                detail: Some(match status.skew.map(time::Duration::whole_seconds) {
                    Some(0) => "agrees with the issuer's".into(),
                    Some(ahead @ 1..) => format!("{ahead} s behind the issuer's"),
                    Some(behind) => format!("{} s ahead of the issuer's", behind.abs()),
                    None => "the issuer's is not known yet".into(),
                }),
            },
        ),
    ])
}

fn progress(feed: &FeedStatus) -> &'static str {
    if feed.caught_up { "caught up" } else { "catching up" }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use shared::guard::status::KeysStatus;

    use super::*;

    pub(in crate::management) fn good() -> GuardStatus {
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
            },
            skew: Some(time::Duration::seconds(-2)),
            revocations: 0,
            admitted: 0,
            refused: BTreeMap::new(),
        }
    }

    fn failing(status: &GuardStatus) -> Vec<&'static str> {
        parts(status).into_iter().filter(|(_, part)| !part.ok).map(|(name, _)| name).collect()
    }

    #[test]
    fn a_guard_that_serves_is_ready_in_every_part() {
        assert!(failing(&good()).is_empty());
        insta::assert_json_snapshot!(parts(&good()));
    }

    #[test]
    fn an_outage_of_the_issuer_is_told_and_makes_nothing_unready() {
        let mut status = good();
        status.feed.last_error = Some("connection refused".into());
        status.keys.last_error = Some("connection refused".into());
        status.feed.caught_up = false;
        assert!(failing(&status).is_empty());
        assert_eq!(parts(&status)["feed"].detail.as_deref(), Some("connection refused"));
    }

    #[test]
    fn whatever_keeps_a_good_token_from_an_answer_is_named() {
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
        assert_eq!(change(|status| status.skew = Some(time::Duration::minutes(6))), ["clock"]);
        let none = change(|status| {
            (status.serving, status.feed.trusted, status.feed.position) = (false, false, None);
        });
        assert_eq!(none, ["directory", "feed"]);
    }
}
