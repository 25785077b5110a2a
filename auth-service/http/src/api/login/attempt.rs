//! The three steps of a log-in: look up the account, hash, open the session. A log-in holds no
//! connection and no blocking thread while its hash waits in the queue.

use std::net::IpAddr;

use signet_service::problem_response::ProblemError;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::Issuer;
use crate::api::admitted::Admitted;
use auth_crypto::hashing::{HashPermit, Verified};
use auth_domain::audit::{Act, Action, Entry, Reason, Subject};
use auth_domain::login::{Found, Opened, Opening};
use auth_domain::refresh::{NewRefreshToken, RefreshToken};
use auth_store::{Store, StoreResult};

/// The most attempts of one log-in: it starts over if the account changes meanwhile.
const TRIES: u32 = 3;

/// The fields of a log-in, read and checked.
pub(super) struct Credentials {
    pub(super) email_key: String,
    pub(super) password: Zeroizing<String>,
    pub(super) audience: String,
    pub(super) from: Option<IpAddr>,
    pub(super) user_agent: Option<String>,
}

impl Credentials {
    /// Returns the audit row of a refused log-in.
    fn refused(&self, issuer: &Issuer, account: Option<Uuid>, why: Reason) -> Entry {
        let whom = account.map_or(Subject::Unknown, Subject::User);
        Act::by_nobody(self.from, issuer.clock.now()).refused(Action::Login, whom, why)
    }
}

/// The outcome of a log-in.
pub(crate) enum Outcome {
    /// A session was opened; these are its first tokens.
    Tokens(Tokens),
    /// There is no such account.
    Unknown,
    /// The password is not that of this account.
    WrongPassword(Uuid),
    /// The password is right, but the account is disabled.
    Disabled,
}

/// The first tokens of a session.
pub(crate) struct Tokens {
    pub(super) access: String,
    pub(super) refresh: Zeroizing<String>,
    pub(super) refresh_life: time::Duration,
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
    for _ in 0..TRIES {
        let mut permit =
            issuer.hashing.enter(credentials.from).map_err(crate::edge::legacy::of_full_queue)?;
        let found = {
            let (key, from) = (credentials.email_key.clone(), credentials.from);
            issuer.ask(move |store| look_up(store, &key, from)).await?
        };
        let admitted = {
            let (key, known) = (&credentials.email_key, found.known_address);
            let account = found.credentials.as_ref().map(|account| account.public_id);
            let refused = credentials.refused(issuer, account, Reason::TooManyFailures);
            Admitted::wait_for(issuer, &mut permit, key, credentials.from, known, &refused).await?
        };
        match try_once(issuer, &credentials, &mut permit, found).await? {
            Verdict::Outcome(outcome) => {
                match &outcome {
                    Outcome::Tokens(_) => admitted.succeeded(),
                    // Counted first: a failure also counts if its audit row can't be written.
                    Outcome::Unknown => {
                        admitted.failed();
                        let why = Reason::UnknownAccount;
                        issuer.note(credentials.refused(issuer, None, why)).await?;
                    }
                    Outcome::WrongPassword(account) => {
                        admitted.failed();
                        let why = Reason::WrongPassword;
                        issuer.note(credentials.refused(issuer, Some(*account), why)).await?;
                    }
                    // Neither a failure nor a reason to forget earlier failures.
                    Outcome::Disabled => drop(admitted),
                }
                return Ok(outcome);
            }
            Verdict::StartOver => {}
        }
    }
    Err(crate::edge::legacy::overtaken())
}

async fn try_once(
    issuer: &Issuer,
    credentials: &Credentials,
    permit: &mut HashPermit,
    found: Found,
) -> Result<Verdict, ProblemError> {
    let password = || Zeroizing::new(credentials.password.as_bytes().to_vec());
    let Some(account) = found.credentials else {
        let stand_in = issuer.hashing.stand_in().to_owned();
        permit.verify(password(), stand_in).await.map_err(crate::edge::legacy::of_hashing)?;
        return Ok(Verdict::Outcome(Outcome::Unknown));
    };
    let verified = permit.verify(password(), account.password_hash.clone()).await;
    let Verified::Right { outdated } = verified.map_err(crate::edge::legacy::of_hashing)? else {
        return Ok(Verdict::Outcome(Outcome::WrongPassword(account.public_id)));
    };
    let now = issuer.clock.now();
    let refresh = RefreshToken::fresh().map_err(crate::edge::legacy::of_signing)?;
    let refresh_expires_at = issuer.refresh.expires_at(now, now);
    let opening = Opening {
        public_id: account.public_id,
        verified_hash: account.password_hash.clone(),
        sid: Uuid::new_v4(),
        address: credentials.from,
        user_agent: credentials.user_agent.clone(),
        audience: credentials.audience.clone(),
        refresh_token: NewRefreshToken::of(&refresh, refresh_expires_at),
    };
    let session = match issuer.ask(move |store| store.open_session(&opening, now)).await? {
        Opened::Session(session) => session,
        Opened::Disabled => return Ok(Verdict::Outcome(Outcome::Disabled)),
        Opened::Outdated => return Ok(Verdict::StartOver),
    };
    let access = issuer.sign(&session, credentials.audience.clone()).await?;
    if outdated {
        rehash(issuer, permit, password(), account.public_id, account.password_hash).await;
    }
    let tokens = Tokens { access, refresh: refresh.text(), refresh_life: refresh_expires_at - now };
    Ok(Verdict::Outcome(Outcome::Tokens(tokens)))
}

/// Replaces a hash that is weaker than a new one would be. The log-in succeeds without it, also if
/// the permit was evicted; then the next log-in tries again.
async fn rehash(
    issuer: &Issuer,
    permit: &mut HashPermit,
    password: Zeroizing<Vec<u8>>,
    public_id: Uuid,
    verified: String,
) {
    let Ok(new) = permit.hash(password).await else { return };
    // `ask` logs the cause of an error.
    let _ = issuer.ask(move |store| store.rehash_password(public_id, &verified, &new)).await;
}

/// The first step: looks the account up by its address key.
fn look_up(store: &Store, email_key: &str, from: Option<IpAddr>) -> StoreResult<Found> {
    let credentials = store.find_credentials(email_key)?;
    let known_address = match (&credentials, from) {
        (Some(account), Some(from)) => store.has_logged_in_from(account.public_id, from)?,
        _ => false,
    };
    Ok(Found { credentials, known_address })
}
