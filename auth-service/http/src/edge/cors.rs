//! The origins of pages that may call from a browser (`AUTH_CORS_ORIGINS`). Tokens travel in
//! headers, never in cookies, so no answer allows credentials.

use actix_cors::Cors;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    AUTHORIZATION, CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError};
use signet_contract::bearer::ACCESS_TOKEN_HEADER;
use signet_service::problem_response::ProblemError;

/// The time that a browser may keep the answer to a preflight, in seconds.
const PREFLIGHT_AGE: usize = 600;

/// The middleware for routes that pages of `origins` may call.
pub(crate) fn allow(origins: &[String], method: Method) -> Cors {
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

/// Wraps [`allow`]: a refused preflight gets a problem answer, as every other error does.
pub(crate) async fn refuse_as_a_problem(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let response = next.call(request).await?;
    let preflight = response.request().method() == Method::OPTIONS;
    if !preflight || response.status() != StatusCode::BAD_REQUEST {
        return Ok(response.map_into_left_body());
    }
    let why = "Pages of this origin may not call here, or not with this method or these headers.";
    let answer = ProblemError::new(StatusCode::BAD_REQUEST, why).error_response();
    Ok(response.into_response(answer).map_into_right_body())
}
