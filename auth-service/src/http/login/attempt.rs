//! The three steps of a log-in, joined: look up, hash, open the session. No connection and no
//! blocking thread waits while the hash queues.

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::http::StatusCode;
use shared::service::problem_response::ProblemError;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::domain::login::{Found, Opened, Opening, look_up};
use crate::domain::sessions::Session;
use crate::domain::throttle::{Admission, Attempt};
use crate::hashing::{Turn, Verified};
use crate::http::{Issuer, failure};

/// How often a log-in starts over because the account changed meanwhile.
const TRIES: u32 = 3;

/// Seconds after which a log-in that never caught up with its account is worth another try.
const OVERTAKEN_SECONDS: u32 = 1;

/// What a log-in sends, read and checked.
pub(super) struct Credentials {
    pub(super) email_key: String,
    pub(super) password: Zeroizing<String>,
    pub(super) audience: String,
    pub(super) from: Option<IpAddr>,
}

/// How a log-in ends.
pub(in crate::http) enum Outcome {
    /// A session was opened; this is its first token.
    Token(String),
    /// There is no such account.
    Unknown,
    /// The password is another.
    WrongPassword,
    /// The password is right, the account disabled.
    Disabled,
}

enum Verdict {
    Outcome(Outcome),
    /// The account changed between the steps.
    StartOver,
}

pub(super) async fn attempt(
    issuer: &Issuer,
    credentials: Credentials,
) -> Result<Outcome, ProblemError> {
    let mut turn = issuer.hashing.enter().map_err(failure::of_full_queue)?;
    for _ in 0..TRIES {
        let found = {
            let (key, from) = (credentials.email_key.clone(), credentials.from);
            issuer.ask(move |store| look_up(store, &key, from)).await?
        };
        let admitted = Admitted::wait_for(issuer, &credentials, found.known_address).await?;
        match try_once(issuer, &credentials, &mut turn, found).await? {
            Verdict::Outcome(outcome) => {
                admitted.end(&outcome);
                return Ok(outcome);
            }
            Verdict::StartOver => {}
        }
    }
    Err(ProblemError::retry_after(
        StatusCode::SERVICE_UNAVAILABLE,
        "The account was being changed; try again.",
        OVERTAKEN_SECONDS,
    ))
}

async fn try_once(
    issuer: &Issuer,
    credentials: &Credentials,
    turn: &mut Turn,
    found: Found,
) -> Result<Verdict, ProblemError> {
    let password = || Zeroizing::new(credentials.password.as_bytes().to_vec());
    let Some(account) = found.credentials else {
        let stand_in = issuer.hashing.stand_in().to_owned();
        turn.verify(password(), stand_in).await.map_err(failure::of_hashing)?;
        return Ok(Verdict::Outcome(Outcome::Unknown));
    };
    let verified = turn.verify(password(), account.password_hash.clone()).await;
    let Verified::Right { outdated } = verified.map_err(failure::of_hashing)? else {
        return Ok(Verdict::Outcome(Outcome::WrongPassword));
    };
    let opening = Opening {
        public_id: account.public_id,
        verified_hash: account.password_hash.clone(),
        sid: Uuid::new_v4(),
        address: credentials.from,
    };
    let now = issuer.clock.now();
    let session = match issuer.ask(move |store| store.open_session(&opening, now)).await? {
        Opened::Session(session) => session,
        Opened::Disabled => return Ok(Verdict::Outcome(Outcome::Disabled)),
        Opened::Outdated => return Ok(Verdict::StartOver),
    };
    let token = sign(issuer, &session, credentials.audience.clone()).await?;
    if outdated {
        rehash(issuer, turn, password(), account.public_id, account.password_hash).await;
    }
    Ok(Verdict::Outcome(Outcome::Token(token)))
}

/// Signs on the blocking pool: an RSA-4096 signature takes two milliseconds of a core.
async fn sign(
    issuer: &Issuer,
    session: &Session,
    audience: String,
) -> Result<String, ProblemError> {
    let claims = issuer.tokens.of_session(session, audience, Uuid::new_v4(), issuer.clock.now());
    let keys = Arc::clone(&issuer.keys);
    issuer.ask(move |_| Ok(keys.sign(&claims))).await?.map_err(failure::of_signing)
}

/// Replaces a hash that is weaker than a new one would be. The log-in stands without it.
async fn rehash(
    issuer: &Issuer,
    turn: &mut Turn,
    password: Zeroizing<Vec<u8>>,
    public_id: Uuid,
    verified: String,
) {
    let Ok(new) = turn.hash(password).await else { return };
    // What went wrong is logged where it is turned into an answer.
    let _ = issuer.ask(move |store| store.rehash_password(public_id, &verified, &new)).await;
}

/// An attempt that the throttle admitted; whoever waits for its end is woken.
struct Admitted<'i> {
    issuer: &'i Issuer,
    attempt: Option<Attempt>,
}

impl<'i> Admitted<'i> {
    async fn wait_for(
        issuer: &'i Issuer,
        credentials: &Credentials,
        known: bool,
    ) -> Result<Self, ProblemError> {
        let key = &credentials.email_key;
        loop {
            // Before asking: an attempt that ends in between wakes this one, too.
            let ended = issuer.attempt_ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            match issuer.throttle.admit(key, credentials.from, known, issuer.clock.now()) {
                Admission::Go(attempt) => return Ok(Self { issuer, attempt: Some(attempt) }),
                Admission::Wait => ended.await,
                Admission::Refused { retry_after } => {
                    issuer.metrics.log_in_throttled();
                    tracing::info!(email = ?key, from = credentials.from.map(tracing::field::display), "log-in refused: too many failed");
                    return Err(too_many(retry_after));
                }
            }
        }
    }

    fn end(mut self, outcome: &Outcome) {
        let Some(attempt) = self.attempt.take() else { return };
        match outcome {
            Outcome::Token(_) => attempt.succeeded(),
            Outcome::Unknown | Outcome::WrongPassword => attempt.failed(self.issuer.clock.now()),
            // Neither a failure nor a reason to forget those before.
            Outcome::Disabled => drop(attempt),
        }
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        drop(self.attempt.take());
        self.issuer.attempt_ended.notify_waiters();
    }
}

fn too_many(retry_after: time::Duration) -> ProblemError {
    let seconds = (retry_after.whole_milliseconds() + 999) / 1_000;
    let seconds = u32::try_from(seconds.max(1)).unwrap_or(u32::MAX);
    ProblemError::retry_after(
        StatusCode::TOO_MANY_REQUESTS,
        "Too many log-ins failed; wait before the next one.",
        seconds,
    )
}
