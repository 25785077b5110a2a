//! Introspection: the state of a token, for clients that don't verify it themselves (RFC 7662).

use serde::Serialize;
use signet_contract::scope::INTROSPECT;
use signet_verifier::{AccessToken, Subject};
use utoipa::ToSchema;
use uuid::Uuid;

use super::OAuthCaller;
use crate::AppState;
use crate::callers::is_registered;
use crate::error::AppError;
use auth_domain::caller::{Right, judge};
use auth_domain::clients::Client;
use auth_domain::refresh::{RefreshToken, Verdict};

/// The state of a token (RFC 7662 §2.2). For a token that is not good, only `active` is present.
#[derive(Default, Serialize, ToSchema)]
pub struct IntrospectionAnswer {
    /// True if the token is good.
    pub active: bool,
    /// `access_token` or `refresh_token`: the latter gives no access to resources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_use: Option<&'static str>,
    /// `Bearer`, for an access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<&'static str>,
    /// The granted scopes, separated by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The client that the token was issued to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The user's id, or the client's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// The audience.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<String>,
    /// The issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// The time of issue, in seconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    /// The time of expiry, in seconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// The token's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<Uuid>,
    /// The session's id, for a user's token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<Uuid>,
    /// The user's roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
}

/// Returns true if the client may see this state of a token.
fn may_see(client: &Client, answer: &IntrospectionAnswer) -> bool {
    let own = answer.client_id.as_ref() == Some(&client.client_id);
    // A refresh token has no audience.
    let for_it = answer.aud.as_ref().is_some_and(|aud| client.audiences.contains(aud));
    own || for_it || client.scopes.iter().any(|scope| scope == INTROSPECT)
}

impl AppState {
    /// Returns the state of a token. Only the state of the caller's own tokens and of access tokens
    /// for its audiences is shown, or with the scope `introspect` of all tokens. Another token is
    /// inactive to the caller.
    ///
    /// # Errors
    ///
    /// [`Reason::UnknownClient`](auth_domain::audit::Reason::UnknownClient), or
    /// [`AppError::Invalid`] for the field `token`.
    pub async fn introspect_token(
        &self,
        caller: &OAuthCaller,
        token: &str,
    ) -> Result<IntrospectionAnswer, AppError> {
        let client = &caller.registered(self).await?.client;
        if token.is_empty() {
            return Err(AppError::invalid("token", "is missing"));
        }
        let good = match RefreshToken::parse(token) {
            Some(token) => self.introspect_refresh_token(&token).await?,
            None => self.introspect_access_token(token).await?,
        };
        Ok(good.filter(|answer| may_see(client, answer)).unwrap_or_default())
    }

    async fn introspect_refresh_token(
        &self,
        token: &RefreshToken,
    ) -> Result<Option<IntrospectionAnswer>, AppError> {
        let (family, hash) = (token.family(), token.hash());
        let known = self.run(move |store| store.find_refresh_tokens(&family)).await?;
        let (policy, now) = (self.refresh, self.clock.now());
        let good = known
            .filter(|known| known.judge(&hash, &known.client_id, &policy, now) == Verdict::Good);
        Ok(good.map(|good| IntrospectionAnswer {
            active: true,
            token_use: Some("refresh_token"),
            client_id: Some(good.client_id),
            sub: Some(good.public_id.to_string()),
            iss: Some(self.tokens.issuer.clone()),
            exp: Some(good.expires_at.unix_timestamp()),
            sid: Some(good.sid),
            ..IntrospectionAnswer::default()
        }))
    }

    async fn introspect_access_token(
        &self,
        token: &str,
    ) -> Result<Option<IntrospectionAnswer>, AppError> {
        let Ok(token) = self.verify(token, self.tokens.every_audience()) else { return Ok(None) };
        // No leeway here: both times are this issuer's.
        if self.clock.now() >= token.expires_at || !self.is_good_token(&token).await? {
            return Ok(None);
        }
        let (sub, sid, roles) = match token.subject {
            Subject::User { public_id, sid, roles } => {
                (public_id.to_string(), Some(sid), Some(roles))
            }
            Subject::Service => (token.client_id.clone(), None, None),
        };
        Ok(Some(IntrospectionAnswer {
            active: true,
            token_use: Some("access_token"),
            token_type: Some("Bearer"),
            scope: token.scope,
            client_id: Some(token.client_id),
            sub: Some(sub),
            aud: token.audience.into_iter().next(),
            iss: Some(token.issuer),
            iat: Some(token.issued_at.unix_timestamp()),
            exp: Some(token.expires_at.unix_timestamp()),
            jti: Some(token.jti),
            sid,
            roles,
        }))
    }

    /// Returns true if the user, session and key of the token, or its client, are still good.
    async fn is_good_token(&self, token: &AccessToken) -> Result<bool, AppError> {
        let (client_id, pos, kid) = (token.client_id.clone(), token.pos, token.kid.clone());
        match &token.subject {
            Subject::User { public_id, sid, roles } => {
                let (public_id, sid) = (*public_id, *sid);
                let standing = self.run(move |store| store.standing(&kid, public_id, sid)).await?;
                Ok(judge(&standing, pos, roles, Right::User).is_ok())
            }
            Subject::Service => self.run(move |store| is_registered(store, &client_id, pos)).await,
        }
    }
}
