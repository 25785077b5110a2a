//! `POST /oauth2/revoke` (RFC 7009) and `POST /oauth2/introspect` (RFC 7662): routes to which a
//! client presents a token.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use signet_contract::problem::OAuthError;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::answer;
use super::client_auth::{ClientAuth, ClientFields, ClientForm};
use super::error::OAuthProblem;
use crate::edge::refusals::OAuthRefusal;
use auth_app::AppState;
use auth_app::oauth::{IntrospectionAnswer, TokenRevocation};

/// A token to revoke or to introspect.
#[derive(Deserialize, ToSchema)]
#[schema(max_properties = 32)]
pub(crate) struct PresentedToken {
    /// The token.
    #[serde(default)]
    #[schema(required, value_type = String, min_length = 1)]
    token: Zeroizing<String>,
    /// `access_token` or `refresh_token`; the issuer detects the type itself.
    #[expect(dead_code, reason = "RFC 7009 §2.1 lets the issuer ignore it")]
    token_type_hint: Option<String>,
    /// The id of a client that does not authenticate in the header. Left out to revoke a token of
    /// a log-in.
    client_id: Option<String>,
    /// The secret of a client that does not authenticate in the header.
    #[schema(value_type = Option<String>, format = "password")]
    client_secret: Option<Zeroizing<String>>,
}

impl ClientForm for PresentedToken {
    type Rest = Zeroizing<String>;

    fn split(self) -> Result<(ClientFields, Self::Rest), OAuthProblem> {
        let Self { token, client_id, client_secret, .. } = self;
        Ok((ClientFields { client_id, client_secret }, token))
    }
}

/// Revokes a token and ends its session.
///
/// An invalid token is answered `200` as well: it can't be used either way.
#[utoipa::path(
    post, path = "/oauth2/revoke", tag = "OAuth", operation_id = "revokeToken",
    security(("client_secret" = []), ()),
    request_body(content = PresentedToken, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The token is not good any more, or never was."),
        (status = 400, description = "`invalid_request`, `unsupported_token_type` (a service's token) or `invalid_grant` (another client's).", body = OAuthError),
        OAuthRefusal,
    )
)]
pub(crate) async fn revoke(
    request: ClientAuth<PresentedToken>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, OAuthProblem> {
    let ClientAuth(caller, token) = request;
    match app.revoke_token(&caller, &token).await? {
        TokenRevocation::Done => Ok(answer(StatusCode::OK).finish()),
        TokenRevocation::Unsupported => Err(OAuthProblem::UnsupportedTokenType),
    }
}

/// Returns the state of a token.
///
/// A client sees its own tokens and access tokens for its audiences, or with the scope `introspect`
/// all tokens. For another token, and for one that has expired, was revoked or is unknown, the answer
/// is only `{"active":false}`.
#[utoipa::path(
    post, path = "/oauth2/introspect", tag = "OAuth", operation_id = "introspectToken",
    security(("client_secret" = []), ()),
    request_body(content = PresentedToken, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "What there is to tell.", body = IntrospectionAnswer),
        (status = 400, description = "`invalid_request`.", body = OAuthError),
        OAuthRefusal,
    )
)]
pub(crate) async fn introspect(
    request: ClientAuth<PresentedToken>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, OAuthProblem> {
    let ClientAuth(caller, token) = request;
    Ok(answer(StatusCode::OK).json(app.introspect_token(&caller, &token).await?))
}
