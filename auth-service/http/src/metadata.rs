//! `GET /.well-known/oauth-authorization-server`: what this issuer offers (RFC 8414). It lists
//! only what there is.

use actix_web::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL};
use actix_web::{HttpResponse, web};
use serde::Serialize;
use signet_contract::jwks::JWKS_PATH;
use signet_contract::scope::{DIRECTORY_READ, EVENTS_READ};
use utoipa::ToSchema;

use super::Issuer;

/// Where the metadata is, for an issuer without a path.
pub(super) const METADATA_PATH: &str = "/.well-known/oauth-authorization-server";

/// `Authorization: Basic` (RFC 6749 §2.3.1).
const BASIC: &str = "client_secret_basic";

/// Id and secret in the form.
const POST: &str = "client_secret_post";

/// What this issuer offers.
#[derive(Serialize, ToSchema)]
pub(super) struct Metadata {
    /// The `iss` of every token.
    issuer: String,
    /// Where services get tokens.
    token_endpoint: String,
    /// Where tokens are given up (RFC 7009).
    revocation_endpoint: String,
    /// Where clients ask about access tokens (RFC 7662).
    introspection_endpoint: String,
    /// Where the keys are.
    jwks_uri: String,
    /// Where a person reads on.
    service_documentation: String,
    /// Empty: nothing is authorised in a browser.
    response_types_supported: [&'static str; 0],
    /// How tokens are got.
    grant_types_supported: [&'static str; 2],
    /// How they authenticate; `none` is for the tokens of a log-in.
    token_endpoint_auth_methods_supported: [&'static str; 3],
    /// The same for giving tokens up.
    revocation_endpoint_auth_methods_supported: [&'static str; 3],
    /// How clients that ask authenticate.
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
    /// Scopes of the issuer's own routes.
    scopes_supported: [&'static str; 2],
}

/// What this issuer offers.
#[utoipa::path(
    get, path = "/.well-known/oauth-authorization-server", tag = "Discovery",
    operation_id = "getMetadata",
    responses((status = 200, description = "The metadata.", body = Metadata))
)]
pub(super) async fn metadata(issuer: web::Data<Issuer>) -> HttpResponse {
    let name = &issuer.tokens.issuer;
    let base = name.trim_end_matches('/');
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .json(Metadata {
            issuer: name.clone(),
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
            scopes_supported: [DIRECTORY_READ, EVENTS_READ],
        })
}

/// Where an issuer with a path has its metadata, too: the path behind the well-known one
/// (RFC 8414 §3.1). `None` for an issuer without.
pub(super) fn path_behind(issuer: &str) -> Option<String> {
    let (_, rest) = issuer.split_once("://")?;
    let path = &rest[rest.find('/')?..].trim_end_matches('/');
    // A brace would be read as a pattern by the router.
    (!path.is_empty() && !path.contains(['{', '}'])).then(|| format!("{METADATA_PATH}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_s_path_goes_behind_the_well_known_one() {
        for (issuer, path) in [
            ("http://localhost:8001", None),
            ("https://example.org/", None),
            ("https://example.org/a/b", Some("/.well-known/oauth-authorization-server/a/b")),
            ("https://example.org/a/", Some("/.well-known/oauth-authorization-server/a")),
            ("https://example.org/{x}", None),
        ] {
            assert_eq!(path_behind(issuer).as_deref(), path, "{issuer}");
        }
    }
}
