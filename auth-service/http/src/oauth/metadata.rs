//! `GET /.well-known/oauth-authorization-server`: the metadata of this issuer (RFC 8414). It lists
//! only endpoints and methods that exist.

use actix_web::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL};
use actix_web::{HttpResponse, web};
use serde::Serialize;
use signet_contract::jwks::JWKS_PATH;
use signet_contract::scope::{DIRECTORY_READ, EVENTS_READ, INTROSPECT};
use utoipa::ToSchema;

use auth_app::AppState;

/// The path of the metadata (RFC 8414 §3).
pub(crate) const PATH: &str = "/.well-known/oauth-authorization-server";

/// `Authorization: Basic` (RFC 6749 §2.3.1).
const BASIC: &str = "client_secret_basic";

/// Id and secret in the form.
const POST: &str = "client_secret_post";

/// The metadata of this issuer.
#[derive(Serialize, ToSchema)]
pub(crate) struct Metadata {
    /// The `iss` of every token.
    issuer: String,
    /// The URL at which services get tokens.
    token_endpoint: String,
    /// The URL at which tokens are revoked (RFC 7009).
    revocation_endpoint: String,
    /// The URL at which clients introspect tokens (RFC 7662).
    introspection_endpoint: String,
    /// The URL of the key set.
    jwks_uri: String,
    /// The URL of the documentation.
    service_documentation: String,
    /// Empty: no grant is authorised in a browser.
    response_types_supported: [&'static str; 0],
    /// The grants of the token endpoint.
    grant_types_supported: [&'static str; 2],
    /// The client authentication methods; `none` is for the tokens of a log-in.
    token_endpoint_auth_methods_supported: [&'static str; 3],
    /// The same for token revocation.
    revocation_endpoint_auth_methods_supported: [&'static str; 3],
    /// The client authentication methods for introspection.
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
    /// Scopes of the issuer's own routes.
    scopes_supported: [&'static str; 3],
}

/// The metadata of this issuer.
#[utoipa::path(
    get, path = "/.well-known/oauth-authorization-server", tag = "Discovery",
    operation_id = "getMetadata",
    responses((status = 200, description = "The metadata.", body = Metadata))
)]
pub(crate) async fn metadata(app: web::Data<AppState>) -> HttpResponse {
    let issuer = &app.tokens.issuer;
    let base = issuer.trim_end_matches('/');
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .json(Metadata {
            issuer: issuer.clone(),
            token_endpoint: format!("{base}/oauth2/token"),
            revocation_endpoint: format!("{base}/oauth2/revoke"),
            introspection_endpoint: format!("{base}/oauth2/introspect"),
            jwks_uri: format!("{base}{JWKS_PATH}"),
            service_documentation: format!("{base}/docs"),
            response_types_supported: [],
            grant_types_supported: ["client_credentials", "refresh_token"],
            token_endpoint_auth_methods_supported: [BASIC, POST, "none"],
            revocation_endpoint_auth_methods_supported: [BASIC, POST, "none"],
            introspection_endpoint_auth_methods_supported: [BASIC, POST],
            scopes_supported: [DIRECTORY_READ, EVENTS_READ, INTROSPECT],
        })
}
