//! The OAuth routes: tokens (RFC 6749), revocation (RFC 7009), introspection (RFC 7662).

mod client_auth;
mod error;
pub(crate) mod jwks;
pub(crate) mod metadata;
mod presented_token;
mod token;

use actix_web::HttpResponseBuilder;
use actix_web::http::StatusCode;
use actix_web::http::header::PRAGMA;

use crate::edge::answer::uncached;

pub(super) use presented_token::{__path_introspect, __path_revoke, introspect, revoke};
pub(super) use token::{__path_issue, issue};

/// Begins an answer that caches must not store (RFC 6749 §5.1).
fn answer(status: StatusCode) -> HttpResponseBuilder {
    let mut answer = uncached(status);
    answer.insert_header((PRAGMA, "no-cache"));
    answer
}
