//! The grants of tokens: to a client for itself, and for a refresh token.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{OAuthCaller, refusal};
use crate::AppState;
use crate::error::AppError;
use crate::metrics::TokenHolder;
use auth_domain::audit::{Action, Reason, Subject};
use auth_domain::refresh::{RefreshOutcome, RefreshToken, TokenExchange};
use auth_domain::service_tokens::granted_scope;

/// The answer to a token request (RFC 6749 §5.1).
#[derive(Serialize, ToSchema)]
pub struct TokenAnswer {
    /// The access token (RFC 9068).
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// The token's life in seconds.
    pub expires_in: i64,
    /// The granted scopes, separated by spaces; absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The next refresh token; absent for a service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// The refresh token's life in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_expires_in: Option<i64>,
}

impl AppState {
    /// Issues a token to a client for itself (RFC 6749 §4.4).
    ///
    /// # Errors
    ///
    /// [`Reason::UnknownClient`], [`Reason::InvalidScope`] or [`Reason::InvalidTarget`].
    pub async fn issue_client_token(
        &self,
        caller: &OAuthCaller,
        scope: Option<&str>,
        audience: Option<&str>,
    ) -> Result<TokenAnswer, AppError> {
        let registered = caller.registered(self).await?;
        let refuse = async |reason| {
            let subject = Subject::Client(caller.client_id.clone());
            Err(refusal(self, &caller.act, Action::ClientToken, subject, reason).await)
        };
        let Ok(scope) = granted_scope(&registered.client, scope) else {
            return refuse(Reason::InvalidScope).await;
        };
        let Ok(audience) = self.tokens.service_audience(&registered.client, audience) else {
            return refuse(Reason::InvalidTarget).await;
        };
        let (client, pos, now) = (&registered.client, registered.pos, self.clock.now());
        let claims = self.tokens.of_service(client, &scope, audience, Uuid::new_v4(), pos, now);
        let granted = claims.scope.clone();
        let keys = Arc::clone(&self.keys);
        let access_token = self.run(move |_| keys.sign(&claims)).await?;
        self.metrics.token(TokenHolder::Service);
        Ok(TokenAnswer { scope: granted, ..self.token_answer(access_token) })
    }

    /// Exchanges a refresh token for the next tokens of its session (RFC 6749 §6).
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] for the field `refresh_token`. [`Reason::InvalidScope`] or
    /// [`Reason::InvalidTarget`]: the refresh token stays good. [`Reason::UnknownToken`],
    /// [`Reason::Reused`], [`Reason::SessionOver`], [`Reason::OtherClient`] or
    /// [`Reason::AccountDisabled`].
    pub async fn refresh_session(
        &self,
        caller: &OAuthCaller,
        token: &str,
        scope: Option<&str>,
        audience: Option<&str>,
    ) -> Result<TokenAnswer, AppError> {
        if token.is_empty() {
            return Err(AppError::invalid("refresh_token", "is missing"));
        }
        let act = &caller.act;
        let refuse = async |subject, reason| {
            Err(refusal(self, act, Action::SessionRefresh, subject, reason).await)
        };
        // Scope and audience are checked before the refresh token is used up.
        if scope.is_some() {
            return refuse(Subject::Unknown, Reason::InvalidScope).await;
        }
        let asked = audience.map(|audience| self.tokens.user_audience(Some(audience))).transpose();
        let Ok(asked) = asked else {
            return refuse(Subject::Unknown, Reason::InvalidTarget).await;
        };
        let Some(token) = RefreshToken::parse(token) else {
            return refuse(Subject::Unknown, Reason::UnknownToken).await;
        };

        // The issuer's own audience is a right of operators, which no refresh adds.
        let required = asked.as_deref().filter(|asked| *asked == self.tokens.issuer);
        let (exchange, successor) =
            TokenExchange::of(&token, &caller.client_id, required).map_err(AppError::internal)?;
        let (policy, by) = (self.refresh, act.clone());
        let outcome = self.run(move |store| store.refresh(&exchange, &policy, &by)).await?;
        let refreshed = match outcome {
            RefreshOutcome::Refreshed(refreshed) => refreshed,
            RefreshOutcome::Unknown => return refuse(Subject::Unknown, Reason::UnknownToken).await,
            RefreshOutcome::Refused { sid, public_id, why } => {
                return refuse(Subject::Session(sid, public_id), why).await;
            }
            RefreshOutcome::Reused { sid, public_id } => {
                tracing::warn!(%public_id, %sid, "a refresh token was used twice: its session has ended");
                return Err(AppError::Refused(Reason::Reused));
            }
        };
        let successor = match &refreshed.again {
            None => successor,
            Some(sealed) => token.unseal(sealed).ok_or(AppError::Refused(Reason::UnknownToken))?,
        };
        let audience = match asked {
            Some(audience) => audience,
            None => self.session_audience(&refreshed.audience)?,
        };
        let access_token = self.sign(&refreshed.session, audience).await?;
        self.metrics.token(TokenHolder::User);
        Ok(TokenAnswer {
            refresh_token: Some(successor.text().to_string()),
            refresh_expires_in: Some((refreshed.expires_at - act.at).whole_seconds()),
            ..self.token_answer(access_token)
        })
    }

    /// Returns the audience of a session. An audience that the issuer no longer offers gives the
    /// default.
    fn session_audience(&self, opened_for: &str) -> Result<String, AppError> {
        let audience = self.tokens.user_audience(Some(opened_for));
        audience.or_else(|_| self.tokens.user_audience(None)).map_err(AppError::internal)
    }

    fn token_answer(&self, access_token: String) -> TokenAnswer {
        TokenAnswer {
            access_token,
            token_type: "Bearer",
            expires_in: self.tokens.life.whole_seconds(),
            scope: None,
            refresh_token: None,
            refresh_expires_in: None,
        }
    }
}
