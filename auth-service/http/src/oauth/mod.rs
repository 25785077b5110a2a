//! The OAuth routes: tokens (RFC 6749), revocation (RFC 7009), introspection (RFC 7662).

mod client_authentication;
mod client_credentials;
mod error;
mod introspect;
pub(crate) mod jwks;
pub(crate) mod metadata;
mod refresh;
mod revoke;
mod token;

use actix_web::HttpResponseBuilder;
use actix_web::http::StatusCode;
use actix_web::http::header::PRAGMA;
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::edge::answer::uncached;

pub(super) use introspect::{__path_introspect, introspect};
pub(super) use revoke::{__path_revoke, revoke};
pub(super) use token::{__path_issue, issue};

/// A token to revoke or to introspect.
#[derive(Deserialize, ToSchema)]
struct PresentedToken {
    /// The token.
    #[serde(default)]
    #[schema(required, value_type = String)]
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

/// Returns the parameter, if it is there and not empty (RFC 6749 §3.2).
fn given(parameter: Option<&String>) -> Option<&str> {
    parameter.map(String::as_str).filter(|text| !text.is_empty())
}

/// Begins an answer that caches must not store (RFC 6749 §5.1).
fn answer(status: StatusCode) -> HttpResponseBuilder {
    let mut answer = uncached(status);
    answer.insert_header((PRAGMA, "no-cache"));
    answer
}
