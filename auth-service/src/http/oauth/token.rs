//! `POST /oauth2/token`: tokens for what a client can show (RFC 6749 §3.2).

use actix_web::http::header::{CACHE_CONTROL, PRAGMA};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use shared::contract::problem::OAuthError;
use utoipa::ToSchema;

use super::error::TokenError;
use super::form::take;
use super::{client_credentials, refresh};
use crate::http::{Issuer, body};

/// What is sent for a token.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the body is read field by field")]
pub(in crate::http) struct TokenForm {
    /// `client_credentials` or `refresh_token`.
    grant_type: String,
    /// The token to exchange, for `refresh_token`. It is good once.
    refresh_token: Option<String>,
    /// The scopes wanted, separated by blanks; all that the client has if left out. A session of a
    /// log-in has none.
    scope: Option<String>,
    /// Whom the token is meant for, if not for the issuer, or for whom the session's tokens are.
    audience: Option<String>,
    /// The client, if it does not authenticate in the header. Left out for tokens of a log-in.
    client_id: Option<String>,
    /// Its secret, likewise.
    #[schema(format = "password")]
    client_secret: Option<String>,
}

/// What is got (RFC 6749 §5.1).
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct TokenAnswer {
    /// The access token (RFC 9068).
    pub(super) access_token: String,
    /// Always `Bearer`.
    pub(super) token_type: &'static str,
    /// The token's life in seconds.
    pub(super) expires_in: i64,
    /// The scopes granted, separated by blanks; absent if there are none.
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
        (status = 401, description = "`invalid_client`.", body = OAuthError),
        (status = 413, description = "The body is larger than 16 KiB.", body = OAuthError),
        (status = 415, description = "The body is not a url-encoded form.", body = OAuthError),
        (status = 503, description = "The database can't be asked.", body = OAuthError, headers(("Retry-After" = u32))),
    )
)]
pub(in crate::http) async fn issue(
    request: HttpRequest,
    payload: web::Payload,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, TokenError> {
    let mut form = body::form_only(&request, payload).await?;
    let answer = match take(&mut form, "grant_type")?.as_str() {
        "" => return Err(TokenError::InvalidRequest("grant_type is missing")),
        "client_credentials" => client_credentials::grant(&request, &issuer, form).await?,
        "refresh_token" => refresh::grant(&request, &issuer, form).await?,
        _ => return Err(TokenError::UnsupportedGrantType),
    };
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((PRAGMA, "no-cache"))
        .json(answer))
}
