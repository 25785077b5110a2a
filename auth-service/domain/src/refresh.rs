//! Refreshing a session: the check of a refresh token, and the effect of a used one (RFC 6749 §6,
//! RFC 9700 §4.14.2).
//!
//! A token is good once. A second use ends its session, since the issuer can't tell the thief from
//! the owner. For clients that lose answers, an operator may allow a repeat: for a short while, and
//! until the successor is used, the issuer sends the same successor again.

use signet_contract::directory::UserState;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::audit::Reason;
use super::sessions::Session;

mod token;

pub use token::{RefreshToken, RefreshTokenError};

/// The limits for refreshing a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshPolicy {
    /// The time from one use to the next (`AUTH_REFRESH_TOKEN_TTL`).
    pub idle: Duration,
    /// The time from the log-in on, with any number of refreshes (`AUTH_SESSION_MAX_LIFE`).
    pub max_life: Duration,
    /// The time for which a used token gets the same successor (`AUTH_REFRESH_REPEAT_WINDOW`).
    pub repeat_window: Duration,
}

impl RefreshPolicy {
    /// Returns the end of a token that is issued `now`, in a session opened at `opened_at`.
    pub fn expires_at(&self, opened_at: OffsetDateTime, now: OffsetDateTime) -> OffsetDateTime {
        now.saturating_add(self.idle).min(opened_at.saturating_add(self.max_life))
    }
}

/// The first refresh token of a family, as the database holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRefreshToken {
    /// The hash that finds the family.
    pub family: [u8; 32],
    /// The hash of the token.
    pub hash: [u8; 32],
    /// The end of its life.
    pub expires_at: OffsetDateTime,
}

impl NewRefreshToken {
    /// Returns the record of `token`, which is good until `expires_at`.
    pub fn of(token: &RefreshToken, expires_at: OffsetDateTime) -> Self {
        Self { family: token.family(), hash: token.hash(), expires_at }
    }
}

/// The records of a refresh token and of its session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshState {
    /// The session.
    pub sid: Uuid,
    /// The user's id.
    pub public_id: Uuid,
    /// The client that the session was opened for.
    pub client_id: String,
    /// The audience of its access tokens, if the client asks for no other.
    pub audience: String,
    /// The time at which it was opened.
    pub opened_at: OffsetDateTime,
    /// True if it has ended.
    pub ended: bool,
    /// The hash of the token that is good.
    pub current: [u8; 32],
    /// The end of that token's life.
    pub expires_at: OffsetDateTime,
    /// The hash of the previous token.
    pub previous: Option<[u8; 32]>,
    /// The sealed successor of the previous token.
    pub sealed: Option<Vec<u8>>,
    /// The time of that exchange.
    pub refreshed_at: Option<OffsetDateTime>,
}

/// The verdict on a presented token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Good: it is exchanged for its successor.
    Good,
    /// Used a moment ago: the successor sealed here is sent again.
    Again(Vec<u8>),
    /// Used before: the session ends.
    Reused,
    /// The session has ended, or its time is over.
    Over,
    /// The session belongs to another client. Nothing changes.
    OtherClient,
}

impl RefreshState {
    /// Judges a token with this `hash`, presented by `client_id`.
    pub fn judge(
        &self,
        hash: &[u8; 32],
        client_id: &str,
        policy: &RefreshPolicy,
        now: OffsetDateTime,
    ) -> Verdict {
        if self.client_id != client_id {
            return Verdict::OtherClient;
        }
        if self.ended {
            return Verdict::Over;
        }
        let over = now >= self.expires_at || now >= self.opened_at.saturating_add(policy.max_life);
        if self.current == *hash {
            return if over { Verdict::Over } else { Verdict::Good };
        }
        let lately = self.refreshed_at.is_some_and(|at| now < at + policy.repeat_window);
        match &self.sealed {
            Some(sealed) if !over && lately && self.previous.as_ref() == Some(hash) => {
                Verdict::Again(sealed.clone())
            }
            _ => Verdict::Reused,
        }
    }

    /// Decides on the effect of a presented token, in a session of a user in this `state`.
    pub fn decide(
        &self,
        exchange: &TokenExchange,
        state: UserState,
        policy: &RefreshPolicy,
        now: OffsetDateTime,
    ) -> Decision {
        if state != UserState::Active {
            return Decision::Refuse(Reason::AccountDisabled);
        }
        let narrow = exchange.required_audience.as_ref().is_some_and(|a| *a != self.audience);
        match self.judge(&exchange.presented, &exchange.client_id, policy, now) {
            Verdict::Good | Verdict::Again(_) if narrow => Decision::Refuse(Reason::InvalidTarget),
            Verdict::Good => {
                Decision::Exchange { expires_at: policy.expires_at(self.opened_at, now) }
            }
            Verdict::Again(sealed) => Decision::Repeat { sealed, expires_at: self.expires_at },
            Verdict::Reused => Decision::End,
            Verdict::Over => Decision::Refuse(Reason::SessionOver),
            Verdict::OtherClient => Decision::Refuse(Reason::OtherClient),
        }
    }
}

/// The effect of a presented token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The successor takes the place of the token, until `expires_at`.
    Exchange {
        /// The end of the successor's life.
        expires_at: OffsetDateTime,
    },
    /// The same successor is sent again. The tokens stay as they are.
    Repeat {
        /// The sealed successor.
        sealed: Vec<u8>,
        /// The end of the successor's life.
        expires_at: OffsetDateTime,
    },
    /// The session ends.
    End,
    /// Nothing changes.
    Refuse(Reason),
}

/// A presented token, and its successor.
#[derive(Debug, Clone)]
pub struct TokenExchange {
    /// The hash that finds the session.
    pub family: [u8; 32],
    /// The hash of the token presented.
    pub presented: [u8; 32],
    /// The client that presents it.
    pub client_id: String,
    /// The audience that the session must have been opened for; `None` for any.
    pub required_audience: Option<String>,
    /// The hash of the successor.
    pub successor: [u8; 32],
    /// The successor, sealed under the presented token.
    pub sealed: Vec<u8>,
}

impl TokenExchange {
    /// Prepares the exchange of `token`; returns the successor, too.
    pub fn of(
        token: &RefreshToken,
        client_id: &str,
        required_audience: Option<&str>,
    ) -> Result<(Self, RefreshToken), RefreshTokenError> {
        let successor = token.successor()?;
        let exchange = Self {
            family: token.family(),
            presented: token.hash(),
            client_id: client_id.to_owned(),
            required_audience: required_audience.map(str::to_owned),
            successor: successor.hash(),
            sealed: token.seal(&successor)?,
        };
        Ok((exchange, successor))
    }
}

/// A session that was refreshed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refreshed {
    /// The session, with the data that a token of it needs.
    pub session: Session,
    /// The audience of its access tokens, if the client asks for no other.
    pub audience: String,
    /// The end of the refresh token's life.
    pub expires_at: OffsetDateTime,
    /// The sealed successor to send again, if it was sent before.
    pub again: Option<Vec<u8>>,
}

/// The result of a refresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefreshOutcome {
    /// The successor is good from now on, and no other token.
    Refreshed(Box<Refreshed>),
    /// No session has such a token.
    Unknown,
    /// The token is not good, or belongs to another client. Nothing changed or was noted yet.
    Refused {
        /// The session.
        sid: Uuid,
        /// The user's id.
        public_id: Uuid,
        /// The reason.
        why: Reason,
    },
    /// The token was used before: this use ended its session.
    Reused {
        /// The session.
        sid: Uuid,
        /// The user's id.
        public_id: Uuid,
    },
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const START: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);
    const POLICY: RefreshPolicy = RefreshPolicy {
        idle: Duration::days(30),
        max_life: Duration::days(90),
        repeat_window: Duration::seconds(10),
    };

    fn state() -> RefreshState {
        RefreshState {
            sid: Uuid::from_u128(1),
            public_id: Uuid::from_u128(2),
            client_id: "first-party".into(),
            audience: "api-service".into(),
            opened_at: START,
            ended: false,
            current: [2; 32],
            expires_at: START + POLICY.idle,
            previous: Some([1; 32]),
            sealed: Some(vec![7]),
            refreshed_at: Some(START),
        }
    }

    fn judged(state: &RefreshState, hash: u8, after: Duration) -> Verdict {
        state.judge(&[hash; 32], "first-party", &POLICY, START + after)
    }

    #[test]
    fn current_token_is_good_until_its_time_is_over() {
        let second = Duration::SECOND;
        assert_eq!(judged(&state(), 2, Duration::ZERO), Verdict::Good);
        assert_eq!(judged(&state(), 2, POLICY.idle - second), Verdict::Good);
        assert_eq!(judged(&state(), 2, POLICY.idle), Verdict::Over);
        let late = RefreshState { expires_at: START + Duration::days(1_000), ..state() };
        assert_eq!(judged(&late, 2, POLICY.max_life - second), Verdict::Good);
        assert_eq!(judged(&late, 2, POLICY.max_life), Verdict::Over, "a shorter setting counts");
    }

    #[test]
    fn previous_token_repeats_its_successor_only_within_the_window() {
        assert_eq!(judged(&state(), 1, Duration::seconds(9)), Verdict::Again(vec![7]));
        assert_eq!(judged(&state(), 1, Duration::seconds(10)), Verdict::Reused);
        assert_eq!(judged(&state(), 9, Duration::ZERO), Verdict::Reused, "an older one");
        let strict = RefreshPolicy { repeat_window: Duration::ZERO, ..POLICY };
        let verdict = state().judge(&[1; 32], "first-party", &strict, START);
        assert_eq!(verdict, Verdict::Reused);
    }

    #[test]
    fn ended_session_and_other_client_are_refused_without_effect() {
        let ended = RefreshState { ended: true, ..state() };
        for hash in [1, 2, 9] {
            assert_eq!(judged(&ended, hash, Duration::ZERO), Verdict::Over);
            let verdict = state().judge(&[hash; 32], "reports", &POLICY, START);
            assert_eq!(verdict, Verdict::OtherClient);
        }
    }

    #[test]
    fn refresh_token_ends_with_the_session() {
        assert_eq!(POLICY.expires_at(START, START), START + POLICY.idle);
        let late = START + Duration::days(80);
        assert_eq!(POLICY.expires_at(START, late), START + POLICY.max_life);
    }

    fn exchange(presented: u8, required_audience: Option<&str>) -> TokenExchange {
        TokenExchange {
            family: [0; 32],
            presented: [presented; 32],
            client_id: "first-party".into(),
            required_audience: required_audience.map(str::to_owned),
            successor: [3; 32],
            sealed: vec![8],
        }
    }

    #[test]
    fn required_audience_is_that_of_the_session() {
        let decide = |presented, audience| {
            state().decide(&exchange(presented, audience), UserState::Active, &POLICY, START)
        };
        for presented in [1, 2, 9] {
            assert_eq!(decide(presented, Some("api-service")), decide(presented, None));
        }
        let refused = Decision::Refuse(Reason::InvalidTarget);
        assert_eq!(decide(1, Some("issuer")), refused);
        assert_eq!(decide(2, Some("issuer")), refused);
        assert_eq!(decide(9, Some("issuer")), Decision::End, "a used token ends its session");
    }

    #[test]
    fn disabled_account_is_refused_before_its_token_is_judged() {
        let expires_at = state().expires_at;
        for (presented, decision) in [
            (2, Decision::Exchange { expires_at }),
            (1, Decision::Repeat { sealed: vec![7], expires_at }),
            (9, Decision::End),
        ] {
            let decide = |user| state().decide(&exchange(presented, None), user, &POLICY, START);
            assert_eq!(decide(UserState::Active), decision);
            let refused = Decision::Refuse(Reason::AccountDisabled);
            assert_eq!(decide(UserState::Disabled), refused);
        }
    }
}
