//! `POST /oauth2/introspect`: the state of a token, for clients that don't verify it themselves
//! (RFC 7662).

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use signet_contract::problem::OAuthError;
use signet_verifier::{AccessToken, Subject};
use utoipa::ToSchema;
use uuid::Uuid;

use super::client_authentication::authenticated;
use super::error::TokenError;
use super::{PresentedToken, answer};
use crate::Issuer;
use crate::edge::body;
use crate::edge::refusals::OAuthRefusal;
use auth_domain::caller::{Right, judge};
use auth_domain::refresh::{RefreshToken, Verdict};

/// The state of a token (RFC 7662 §2.2). For a token that is not good, only `active` is present.
#[derive(Default, Serialize, ToSchema)]
pub(crate) struct IntrospectionAnswer {
    /// True if the token is good.
    active: bool,
    /// `access_token` or `refresh_token`: the latter gives no access to resources.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_use: Option<&'static str>,
    /// `Bearer`, for an access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    /// The granted scopes, separated by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    /// The client that the token was issued to.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    /// The user's id, or the client's.
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    /// The audience.
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<String>,
    /// The issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    /// The time of issue, in seconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    /// The time of expiry, in seconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    /// The token's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<Uuid>,
    /// The session's id, for a user's token.
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<Uuid>,
    /// The user's roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<String>>,
}

/// Returns the state of a token.
///
/// Every registered client may ask. For a token that has expired, was revoked or is unknown, the
/// answer is only `{"active":false}`.
#[utoipa::path(
    post, path = "/oauth2/introspect", tag = "OAuth", operation_id = "introspectToken",
    request_body(content = PresentedToken, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "What there is to tell.", body = IntrospectionAnswer),
        (status = 400, description = "`invalid_request`.", body = OAuthError),
        OAuthRefusal,
    )
)]
pub(crate) async fn introspect(
    request: HttpRequest,
    payload: web::Payload,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, TokenError> {
    let PresentedToken { token, client_id, client_secret, .. } =
        body::read(&request, payload, body::FORM).await?;
    authenticated(&request, &issuer, client_id, client_secret).await?;
    if token.is_empty() {
        return Err(TokenError::InvalidRequest("token is missing"));
    }
    let known = match RefreshToken::parse(&token) {
        Some(token) => of_refresh_token(&issuer, &token).await?,
        None => of_access_token(&issuer, &token).await?,
    };
    Ok(answer(StatusCode::OK).json(known.unwrap_or_default()))
}

async fn of_refresh_token(
    issuer: &Issuer,
    token: &RefreshToken,
) -> Result<Option<IntrospectionAnswer>, TokenError> {
    let (family, hash) = (token.family(), token.hash());
    let known = issuer.ask(move |store| store.find_refresh_tokens(&family)).await?;
    let (policy, now) = (issuer.refresh, issuer.clock.now());
    let good =
        known.filter(|known| known.judge(&hash, &known.client_id, &policy, now) == Verdict::Good);
    Ok(good.map(|good| IntrospectionAnswer {
        active: true,
        token_use: Some("refresh_token"),
        client_id: Some(good.client_id),
        sub: Some(good.public_id.to_string()),
        iss: Some(issuer.tokens.issuer.clone()),
        exp: Some(good.expires_at.unix_timestamp()),
        sid: Some(good.sid),
        ..IntrospectionAnswer::default()
    }))
}

async fn of_access_token(
    issuer: &Issuer,
    token: &str,
) -> Result<Option<IntrospectionAnswer>, TokenError> {
    let Ok(token) = crate::edge::legacy::verify(token, issuer, issuer.tokens.every_audience())
    else {
        return Ok(None);
    };
    // No leeway here: both times are this issuer's.
    if issuer.clock.now() >= token.expires_at || !is_good(issuer, &token).await? {
        return Ok(None);
    }
    let (sub, sid, roles) = match token.subject {
        Subject::User { public_id, sid, roles } => (public_id.to_string(), Some(sid), Some(roles)),
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
async fn is_good(issuer: &Issuer, token: &AccessToken) -> Result<bool, TokenError> {
    let (client_id, pos, kid) = (token.client_id.clone(), token.pos, token.kid.clone());
    match &token.subject {
        Subject::User { public_id, sid, roles } => {
            let (public_id, sid) = (*public_id, *sid);
            let standing = issuer.ask(move |store| store.standing(&kid, public_id, sid)).await?;
            Ok(judge(&standing, pos, roles, Right::User).is_ok())
        }
        Subject::Service => Ok(issuer
            .ask(move |store| crate::edge::legacy::is_registered(store, &client_id, pos))
            .await?),
    }
}
