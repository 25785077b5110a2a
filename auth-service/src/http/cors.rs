//! Which pages may call from a browser (`AUTH_CORS_ORIGINS`). Tokens travel in headers, never in
//! cookies, so no answer allows credentials.

use actix_cors::Cors;
use actix_web::http::Method;
use actix_web::http::header::{
    AUTHORIZATION, CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE,
};
use shared::contract::bearer::ACCESS_TOKEN_HEADER;

/// How long a browser may keep the answer to a preflight, in seconds.
const PREFLIGHT_AGE: usize = 600;

/// The middleware for routes that pages of `origins` may call.
pub(super) fn allow(origins: &[String], method: Method) -> Cors {
    let cors = Cors::default()
        .allowed_methods([method])
        .allowed_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            HeaderName::from_static(ACCESS_TOKEN_HEADER),
        ])
        .expose_headers([WWW_AUTHENTICATE, RETRY_AFTER])
        .max_age(PREFLIGHT_AGE);
    origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}
