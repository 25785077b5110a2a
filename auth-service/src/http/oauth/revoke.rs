//! `POST /oauth2/revoke`: a token is given up, and its session with it (RFC 7009).

use actix_web::http::header::{CACHE_CONTROL, PRAGMA};
use actix_web::{HttpRequest, HttpResponse, web};
use shared::contract::problem::OAuthError;
use shared::verifier::Subject as Holder;
use utoipa::ToSchema;
use uuid::Uuid;

use super::client_authentication::identified;
use super::error::TokenError;
use super::form::take;
use crate::domain::audit::{Act, Action, Reason, Subject};
use crate::domain::refresh::RefreshToken;
use crate::http::address::client_address;
use crate::http::{Issuer, body, caller};

/// What is sent to give a token up.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the body is read field by field")]
pub(in crate::http) struct RevocationForm {
    /// A refresh token, or a user's access token.
    token: String,
    /// `access_token` or `refresh_token`; the issuer sees it by itself.
    token_type_hint: Option<String>,
    /// The client, if it does not authenticate in the header. Left out for tokens of a log-in.
    client_id: Option<String>,
    /// Its secret, likewise.
    #[schema(format = "password")]
    client_secret: Option<String>,
}

/// Gives a token up: its session ends.
///
/// A token that is not good, or is no token, is `200` as well: it can't be used either way.
#[utoipa::path(
    post, path = "/oauth2/revoke", tag = "OAuth", operation_id = "revokeToken",
    request_body(content = RevocationForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The token is not good any more, or never was."),
        (status = 400, description = "`invalid_request`, `unsupported_token_type` (a service's token) or `invalid_grant` (another client's).", body = OAuthError),
        (status = 401, description = "`invalid_client`.", body = OAuthError),
        (status = 413, description = "The body is larger than 16 KiB.", body = OAuthError),
        (status = 415, description = "The body is not a url-encoded form.", body = OAuthError),
        (status = 503, description = "The database can't be written to: nothing is revoked yet.", body = OAuthError, headers(("Retry-After" = u32))),
    )
)]
pub(in crate::http) async fn revoke(
    request: HttpRequest,
    payload: web::Payload,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, TokenError> {
    let mut form = body::form_only(&request, payload).await?;
    let token = take(&mut form, "token")?;
    let client_id = identified(&request, &issuer, &mut form).await?;
    if token.is_empty() {
        return Err(TokenError::InvalidRequest("token is missing"));
    }
    if let Some((sid, public_id, holder)) = session_of(&issuer, &token).await? {
        let from = client_address(&request, &issuer.options.trusted_proxies);
        let act = Act::by_client(&client_id, from, issuer.clock.now());
        if holder != client_id {
            let whom = Subject::Session(sid, public_id);
            let refused = act.refused(Action::SessionRevoke, whom, Reason::OtherClient);
            issuer.note_within_bounds(refused).await?;
            return Err(TokenError::InvalidGrant);
        }
        if let Some(public_id) = issuer.ask(move |store| store.end_session(sid, &act)).await? {
            tracing::info!(%public_id, %sid, "session ended: its token was given up");
        }
    }
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((PRAGMA, "no-cache"))
        .finish())
}

/// The session of a token, its user and the client that holds it; none for what is no token of ours or is
/// over anyway. Any refresh token of a session will do, a used one too: its holder wants it dead.
async fn session_of(
    issuer: &Issuer,
    token: &str,
) -> Result<Option<(Uuid, Uuid, String)>, TokenError> {
    if let Some(token) = RefreshToken::parse(token) {
        let family = token.family();
        let known = issuer.ask(move |store| store.find_refresh_tokens(&family)).await?;
        return Ok(known.map(|known| (known.sid, known.public_id, known.client_id)));
    }
    match caller::verify(token, issuer, issuer.tokens.every_audience()) {
        Ok(token) => match token.subject {
            Holder::User { sid, public_id, .. } => Ok(Some((sid, public_id, token.client_id))),
            Holder::Service => Err(TokenError::UnsupportedTokenType),
        },
        Err(_) => Ok(None),
    }
}
