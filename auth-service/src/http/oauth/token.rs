//! `POST /oauth2/token`: tokens that services get for themselves (RFC 6749 §4.4).

use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, PRAGMA};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use shared::contract::problem::OAuthError;
use utoipa::ToSchema;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::client_authentication::presented;
use super::error::TokenError;
use crate::domain::service_tokens::{authentic, granted_scope};
use crate::http::address::client_address;
use crate::http::body::{self, Fields, WrongType};
use crate::http::{Issuer, failure};

/// What a service sends.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the body is read field by field")]
pub(in crate::http) struct TokenForm {
    /// Always `client_credentials`.
    grant_type: String,
    /// The scopes wanted, separated by blanks; all that the client has if left out.
    scope: Option<String>,
    /// Whom the token is meant for, if not for the issuer.
    audience: Option<String>,
    /// The client, if it does not authenticate in the header.
    client_id: Option<String>,
    /// Its secret, likewise.
    #[schema(format = "password")]
    client_secret: Option<String>,
}

/// What a service gets (RFC 6749 §5.1).
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct TokenAnswer {
    /// The access token (RFC 9068).
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// The token's life in seconds.
    expires_in: i64,
    /// The scopes granted, separated by blanks; absent if the client has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

/// Issues a token to a service.
///
/// The client authenticates with `Authorization: Basic` or in the form, not both.
#[utoipa::path(
    post, path = "/oauth2/token", tag = "OAuth", operation_id = "issueToken",
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The access token.", body = TokenAnswer),
        (status = 400, description = "`invalid_request`, `unsupported_grant_type`, `invalid_scope` or `invalid_target`.", body = OAuthError),
        (status = 401, description = "`invalid_client`.", body = OAuthError),
        (status = 413, description = "The body is larger than 16 KiB.", body = OAuthError),
        (status = 415, description = "The body is not a url-encoded form.", body = OAuthError),
        (status = 503, description = "The database can't be read.", body = OAuthError, headers(("Retry-After" = u32))),
    )
)]
pub(in crate::http) async fn issue(
    request: HttpRequest,
    payload: web::Payload,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, TokenError> {
    let mut form = body::form_only(&request, payload).await?;
    match take(&mut form, "grant_type")?.as_str() {
        "" => return Err(TokenError::InvalidRequest("grant_type is missing")),
        "client_credentials" => {}
        _ => return Err(TokenError::UnsupportedGrantType),
    }
    let client_id = take(&mut form, "client_id")?;
    let client_secret = take(&mut form, "client_secret")?;
    let presented = presented(request.headers(), &client_id, client_secret)?;

    let wanted = presented.client_id.clone();
    let (pos, client) = issuer
        .ask(move |store| {
            // The position first: a removal that the second reading does not see comes after it.
            let pos = store.position()?;
            Ok((pos, store.find_client(&wanted)?))
        })
        .await?;
    let good = authentic(client.as_ref(), &presented.secret);
    let Some(client) = client.filter(|_| good) else {
        let from = client_address(&request, &issuer.options.trusted_proxies);
        tracing::info!(client_id = ?presented.client_id, ?from, "client refused");
        return Err(TokenError::InvalidClient);
    };

    let scope = take(&mut form, "scope")?;
    let scope = granted_scope(&client, given(&scope)).map_err(|_| TokenError::InvalidScope)?;
    let audience = take(&mut form, "audience")?;
    let audience = issuer.tokens.service_audience(given(&audience));
    let audience = audience.map_err(|_| TokenError::InvalidTarget)?;

    let now = issuer.clock.now();
    let claims = issuer.tokens.of_service(&client, &scope, audience, Uuid::new_v4(), pos, now);
    let granted = claims.scope.clone();
    let keys = Arc::clone(&issuer.keys);
    let token = issuer.ask(move |_| Ok(keys.sign(&claims))).await?;
    let access_token = token.map_err(failure::of_signing)?;
    issuer.metrics.service_token();
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((PRAGMA, "no-cache"))
        .json(TokenAnswer {
            access_token,
            token_type: "Bearer",
            expires_in: issuer.tokens.life.whole_seconds(),
            scope: granted,
        }))
}

fn take(form: &mut Fields, name: &'static str) -> Result<Zeroizing<String>, TokenError> {
    form.take(name).map_err(|WrongType(_)| TokenError::InvalidRequest("a parameter is no text"))
}

/// An empty parameter counts as none (RFC 6749 §3.2).
fn given(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
