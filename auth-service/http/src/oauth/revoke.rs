//! `POST /oauth2/revoke`: revokes a token and ends its session (RFC 7009).

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use signet_contract::problem::OAuthError;
use signet_verifier::Subject as Holder;
use uuid::Uuid;

use super::client_authentication::identified;
use super::error::TokenError;
use super::{PresentedToken, answer};
use crate::Issuer;
use crate::edge::address::client_address;
use crate::edge::body;
use crate::edge::refusals::OAuthRefusal;
use auth_domain::audit::{Act, Action, Reason, Subject};
use auth_domain::refresh::RefreshToken;

/// Revokes a token and ends its session.
///
/// An invalid token is answered `200` as well: it can't be used either way.
#[utoipa::path(
    post, path = "/oauth2/revoke", tag = "OAuth", operation_id = "revokeToken",
    request_body(content = PresentedToken, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The token is not good any more, or never was."),
        (status = 400, description = "`invalid_request`, `unsupported_token_type` (a service's token) or `invalid_grant` (another client's).", body = OAuthError),
        OAuthRefusal,
    )
)]
pub(crate) async fn revoke(
    request: HttpRequest,
    payload: web::Payload,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, TokenError> {
    let form: PresentedToken = body::read(&request, payload, body::FORM).await?;
    let client_id = identified(&request, &issuer, form.client_id, form.client_secret).await?;
    if form.token.is_empty() {
        return Err(TokenError::InvalidRequest("token is missing"));
    }
    if let Some((sid, public_id, holder)) = session_of(&issuer, &form.token).await? {
        let from = client_address(&request);
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
    Ok(answer(StatusCode::OK).finish())
}

/// Returns the session of a token, its user and its client. `None` if the token is not this
/// issuer's or has expired. A used refresh token works, too: its holder wants to end the session.
async fn session_of(
    issuer: &Issuer,
    token: &str,
) -> Result<Option<(Uuid, Uuid, String)>, TokenError> {
    if let Some(token) = RefreshToken::parse(token) {
        let family = token.family();
        let known = issuer.ask(move |store| store.find_refresh_tokens(&family)).await?;
        return Ok(known.map(|known| (known.sid, known.public_id, known.client_id)));
    }
    match crate::edge::legacy::verify(token, issuer, issuer.tokens.every_audience()) {
        Ok(token) => match token.subject {
            Holder::User { sid, public_id, .. } => Ok(Some((sid, public_id, token.client_id))),
            Holder::Service => Err(TokenError::UnsupportedTokenType),
        },
        Err(_) => Ok(None),
    }
}
