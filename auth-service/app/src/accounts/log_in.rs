//! The log-in: look up the account, verify the password, open the session.

use std::net::IpAddr;

use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::login_permit::LoginPermit;
use super::{TRIES, bytes, is_known_network};
use crate::AppState;
use crate::error::AppError;
use crate::metrics::{CountedLogIn, TokenHolder};
use auth_crypto::hashing::{HashPermit, Verified};
use auth_domain::audit::{Act, Action, NewAuditRow, Reason, RequestOrigin, Subject};
use auth_domain::email::Email;
use auth_domain::login::{Credentials, LoginForm, Opened, Opening};
use auth_domain::refresh::{NewRefreshToken, RefreshToken};
use auth_domain::sessions::agent;
use auth_store::{Store, StoreResult};

/// The first tokens of a session.
pub struct LoggedIn {
    /// The access token.
    pub access_token: String,
    /// The life of the access token.
    pub access_life: Duration,
    /// The refresh token.
    pub refresh_token: Zeroizing<String>,
    /// The life of the refresh token.
    pub refresh_life: Duration,
}

/// Logs a user in: verifies the password and opens a session. It holds no connection and no blocking
/// thread while the hash waits in the queue.
///
/// # Errors
///
/// - [`AppError::Invalid`] for the field `audience` or `email`.
/// - [`AppError::Refused`] with [`Reason::UnknownAccount`], [`Reason::WrongPassword`] or
///   [`Reason::AccountDisabled`].
/// - [`AppError::LimitReached`] after too many failures.
/// - [`AppError::Overloaded`] or [`AppError::Contended`].
pub async fn log_in(
    app: &AppState,
    form: LoginForm,
    from: RequestOrigin,
    user_agent: Option<&str>,
) -> Result<LoggedIn, AppError> {
    let LoginForm { email, password, audience } = form;
    let audience = audience.as_deref().filter(|audience| !audience.is_empty());
    let audience = app.tokens.user_audience(audience);
    let attempt = LoginAttempt {
        app,
        audience: audience.map_err(|why| AppError::invalid("audience", why))?,
        email_key: Email::lookup_key(&email).map_err(|why| AppError::invalid("email", why))?,
        password,
        from,
        user_agent: user_agent.and_then(agent),
    };
    let mut account = None;
    let result = attempt.run(&mut account).await;
    let outcome = match &result {
        Ok(_) => {
            app.metrics.token(TokenHolder::User);
            CountedLogIn::Ok
        }
        Err(AppError::Refused(Reason::UnknownAccount)) => CountedLogIn::UnknownUser,
        Err(AppError::Refused(Reason::WrongPassword)) => CountedLogIn::WrongPassword,
        Err(AppError::Refused(Reason::AccountDisabled)) => CountedLogIn::Disabled,
        Err(_) => return result,
    };
    app.metrics.log_in(outcome);
    let outcome = outcome.word();
    // Nothing of the form: people type passwords into the field of the address.
    tracing::info!(outcome, public_id = account.map(display), "log-in");
    result
}

/// A log-in with checked fields.
struct LoginAttempt<'a> {
    app: &'a AppState,
    email_key: String,
    password: Zeroizing<String>,
    audience: String,
    from: RequestOrigin,
    user_agent: Option<String>,
}

impl LoginAttempt<'_> {
    /// Logs in. `found` becomes the id of the account, also of a refused log-in.
    async fn run(&self, found: &mut Option<Uuid>) -> Result<LoggedIn, AppError> {
        let (app, from) = (self.app, self.from.address);
        for _ in 0..TRIES {
            let mut hash_permit = app.hashing.enter(from)?;
            let key = self.email_key.clone();
            let (account, known) = app.run(move |store| look_up(store, &key, from)).await?;
            *found = account.as_ref().map(|account| account.public_id);
            let refusal = |reason| self.refusal(account.as_ref(), reason);
            let login_permit = LoginPermit::wait_for(
                app,
                &mut hash_permit,
                &self.email_key,
                from,
                known,
                refusal(Reason::TooManyFailures),
            )
            .await?;
            // An unknown account takes the same time as a wrong password.
            let stored = account.as_ref().map(|account| account.password_hash.as_str());
            let stored = stored.unwrap_or(app.hashing.stand_in()).to_owned();
            let verified = hash_permit.verify(bytes(&self.password), stored).await?;
            let (Some(account), Verified::Right { outdated }) = (&account, verified) else {
                let reason = match account {
                    Some(_) => Reason::WrongPassword,
                    None => Reason::UnknownAccount,
                };
                login_permit.failed();
                app.note(refusal(reason)).await?;
                return Err(AppError::Refused(reason));
            };
            let tokens = match self.open_session(account).await {
                Ok(Some(tokens)) => tokens,
                Ok(None) => continue,
                Err(error) => {
                    if error == AppError::Refused(Reason::AccountDisabled) {
                        // As a wrong password does. Otherwise the limit shows that it was right.
                        login_permit.failed();
                    }
                    return Err(error);
                }
            };
            if outdated {
                self.rehash(&mut hash_permit, account).await;
            }
            login_permit.succeeded();
            return Ok(tokens);
        }
        Err(AppError::Contended)
    }

    /// Opens the session and makes its first tokens; returns `None` if the account changed since the
    /// look-up.
    async fn open_session(&self, account: &Credentials) -> Result<Option<LoggedIn>, AppError> {
        let app = self.app;
        let now = app.clock.now();
        let refresh_token = RefreshToken::fresh().map_err(AppError::internal)?;
        let expires_at = app.refresh.expires_at(now, now);
        let opening = Opening {
            public_id: account.public_id,
            verified_hash: account.password_hash.clone(),
            sid: Uuid::new_v4(),
            from: self.from.clone(),
            user_agent: self.user_agent.clone(),
            audience: self.audience.clone(),
            refresh_token: NewRefreshToken::of(&refresh_token, expires_at),
        };
        match app.run(move |store| open(store, &opening, now)).await? {
            Opened::Session(session) => Ok(Some(LoggedIn {
                access_token: app.sign(&session, self.audience.clone()).await?,
                access_life: app.tokens.life,
                refresh_token: refresh_token.text(),
                refresh_life: expires_at - now,
            })),
            Opened::Disabled => Err(AppError::Refused(Reason::AccountDisabled)),
            Opened::Outdated => Ok(None),
        }
    }

    /// Replaces a hash that is weaker than a new one would be. The log-in succeeds without it, also
    /// if the permit was evicted; then the next log-in tries again.
    async fn rehash(&self, hash_permit: &mut HashPermit, account: &Credentials) {
        let Ok(new) = hash_permit.hash(bytes(&self.password)).await else { return };
        let (public_id, verified) = (account.public_id, account.password_hash.clone());
        let replaced = self.app.run(move |store| store.rehash_password(public_id, &verified, &new));
        if let Err(error) = replaced.await {
            tracing::warn!(%error, %public_id, "a weak password hash was not replaced");
        }
    }

    /// Returns the audit row of a refusal.
    fn refusal(&self, account: Option<&Credentials>, reason: Reason) -> NewAuditRow {
        let subject = account.map_or(Subject::Unknown, |account| Subject::User(account.public_id));
        Act::by_nobody(&self.from, self.app.clock.now()).refused(Action::Login, subject, reason)
    }
}

/// Returns the account of an address key, and true if a log-in to it came from `from` before.
fn look_up(
    store: &Store,
    email_key: &str,
    from: Option<IpAddr>,
) -> StoreResult<(Option<Credentials>, bool)> {
    let Some(account) = store.find_credentials(email_key)? else { return Ok((None, false)) };
    let known = is_known_network(store, account.public_id, from)?;
    Ok((Some(account), known))
}

/// Opens a session, and ends those of the user beyond the limit. The log-in succeeds without that
/// end; then the next one ends them.
fn open(store: &Store, opening: &Opening, now: OffsetDateTime) -> StoreResult<Opened> {
    let opened = store.open_session(opening, now)?;
    let public_id = opening.public_id;
    if let Opened::Session(session) = &opened {
        match store.end_surplus_sessions(public_id, session.sid, now) {
            Ok(0) => {}
            Ok(ended) => tracing::info!(%public_id, ended, "sessions beyond the limit have ended"),
            Err(error) => {
                tracing::warn!(%error, %public_id, "sessions beyond the limit have not ended");
            }
        }
    }
    Ok(opened)
}
