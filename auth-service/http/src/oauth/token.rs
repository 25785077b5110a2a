//! `POST /oauth2/token`: tokens for client credentials or a refresh token (RFC 6749 §3.2).

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use signet_contract::problem::OAuthError;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::error::TokenError;
use super::{answer, client_credentials, refresh};
use crate::Issuer;
use crate::edge::body;
use crate::edge::refusals::OAuthRefusal;

/// The fields of a token request.
#[derive(Deserialize, ToSchema)]
pub(crate) struct TokenForm {
    /// `client_credentials` or `refresh_token`.
    #[serde(default)]
    #[schema(required)]
    grant_type: String,
    /// The token to exchange, for `refresh_token`. It is good once.
    #[schema(value_type = Option<String>)]
    pub(super) refresh_token: Option<Zeroizing<String>>,
    /// The requested scopes, separated by spaces; all that the client has if left out. A session of
    /// a log-in has none.
    pub(super) scope: Option<String>,
    /// The audience of the token. If left out: the issuer, or the audience of the session.
    pub(super) audience: Option<String>,
    /// The id of a client that does not authenticate in the header; left out for a log-in's tokens.
    pub(super) client_id: Option<String>,
    /// The secret of a client that does not authenticate in the header.
    #[schema(value_type = Option<String>, format = "password")]
    pub(super) client_secret: Option<Zeroizing<String>>,
}

/// The answer to a token request (RFC 6749 §5.1).
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenAnswer {
    /// The access token (RFC 9068).
    pub(super) access_token: String,
    /// Always `Bearer`.
    pub(super) token_type: &'static str,
    /// The token's life in seconds.
    pub(super) expires_in: i64,
    /// The granted scopes, separated by spaces; absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scope: Option<String>,
    /// The next refresh token; absent for a service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refresh_token: Option<String>,
    /// The refresh token's life in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refresh_expires_in: Option<i64>,
}

/// Issues a token.
///
/// A client authenticates with `Authorization: Basic` or in the form, not both. The refresh token
/// of a log-in needs neither.
#[utoipa::path(
    post, path = "/oauth2/token", tag = "OAuth", operation_id = "issueToken",
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The access token.", body = TokenAnswer),
        (status = 400, description = "`invalid_request`, `invalid_grant`, `unsupported_grant_type`, `invalid_scope` or `invalid_target`.", body = OAuthError),
        OAuthRefusal,
    )
)]
pub(crate) async fn issue(
    request: HttpRequest,
    payload: web::Payload,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, TokenError> {
    let form: TokenForm = body::read(&request, payload, body::FORM).await?;
    let tokens = match form.grant_type.as_str() {
        "" => return Err(TokenError::InvalidRequest("grant_type is missing")),
        "client_credentials" => client_credentials::grant(&request, &issuer, form).await?,
        "refresh_token" => refresh::grant(&request, &issuer, form).await?,
        _ => return Err(TokenError::UnsupportedGrantType),
    };
    Ok(answer(StatusCode::OK).json(tokens))
}
