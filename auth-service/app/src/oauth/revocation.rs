//! Revocation of tokens (RFC 7009).

use signet_verifier::Subject as Holder;
use uuid::Uuid;

use super::{OAuthCaller, refusal};
use crate::AppState;
use crate::error::AppError;
use auth_domain::audit::{Action, Reason, Subject};
use auth_domain::refresh::RefreshToken;

/// The result of a revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenRevocation {
    /// The token's session has ended, or the token was never good.
    Done,
    /// The token is a service's. It can't be revoked; it ends with its client.
    Unsupported,
}

/// The subject of a presented token.
enum Presented {
    /// A session, its user and its client.
    Session { sid: Uuid, public_id: Uuid, client_id: String },
    /// A service itself.
    Service,
    /// The token is not from this issuer, or has expired.
    Unknown,
}

impl AppState {
    /// Revokes a token: ends its session.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] for the field `token`, or [`Reason::OtherClient`].
    pub async fn revoke_token(
        &self,
        caller: &OAuthCaller,
        token: &str,
    ) -> Result<TokenRevocation, AppError> {
        if token.is_empty() {
            return Err(AppError::invalid("token", "is missing"));
        }
        let (sid, public_id, client_id) = match self.presented_token(token).await? {
            Presented::Session { sid, public_id, client_id } => (sid, public_id, client_id),
            Presented::Service => return Ok(TokenRevocation::Unsupported),
            Presented::Unknown => return Ok(TokenRevocation::Done),
        };
        if client_id != caller.client_id {
            let (act, subject) = (&caller.act, Subject::Session(sid, public_id));
            return Err(
                refusal(self, act, Action::SessionRevoke, subject, Reason::OtherClient).await
            );
        }
        let act = caller.act.clone();
        if let Some(public_id) = self.run(move |store| store.end_session(sid, &act)).await? {
            tracing::info!(%public_id, %sid, "a session ended: its token was revoked");
        }
        Ok(TokenRevocation::Done)
    }

    /// Returns the subject of a token. A used refresh token belongs to its session, too: its holder
    /// wants to end the session.
    async fn presented_token(&self, token: &str) -> Result<Presented, AppError> {
        if let Some(token) = RefreshToken::parse(token) {
            let family = token.family();
            let known = self.run(move |store| store.find_refresh_tokens(&family)).await?;
            return Ok(known.map_or(Presented::Unknown, |known| Presented::Session {
                sid: known.sid,
                public_id: known.public_id,
                client_id: known.client_id,
            }));
        }
        let Ok(token) = self.verify(token, self.tokens.every_audience()) else {
            return Ok(Presented::Unknown);
        };
        Ok(match token.subject {
            Holder::User { sid, public_id, .. } => {
                Presented::Session { sid, public_id, client_id: token.client_id }
            }
            Holder::Service => Presented::Service,
        })
    }
}
