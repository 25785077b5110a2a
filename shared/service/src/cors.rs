//! Calls from pages in a browser (CORS). Tokens travel in headers, never in cookies, so no answer
//! allows credentials.
//!
//! Tracing libraries add headers of their own to each call, so a page may send any header.

use actix_cors::Cors;
use actix_web::body::MessageBody;
use actix_web::dev::{HttpServiceFactory, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header::{ETAG, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Condition, Next, from_fn};
use actix_web::{Error, Resource, ResponseError};

use super::problem_response::ProblemError;
use super::request_context::REQUEST_ID;

/// The time that a browser may keep the answer to a preflight, in seconds.
const PREFLIGHT_AGE: usize = 600;

/// The pages that may call a resource.
#[derive(Debug, Clone, Copy)]
pub enum Pages<'a> {
    /// Pages of these origins. Without any, the resource stays as it is.
    Of(&'a [String]),
    /// Every page. The resource itself sends `Access-Control-Allow-Origin: *`: a cache may give its
    /// answer to a page, also if no page asked for it.
    Every,
}

/// Lets `pages` call `resource` with `methods`, and read each answer, also a refusal.
pub fn allow<T, B>(
    pages: Pages<'_>,
    methods: &[Method],
    resource: Resource<T>,
) -> impl HttpServiceFactory + use<T, B>
where
    T: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    let cors = Cors::default()
        .allowed_methods(methods.iter().cloned())
        .allow_any_header()
        .expose_headers([ETAG, RETRY_AFTER, WWW_AUTHENTICATE, REQUEST_ID])
        .max_age(PREFLIGHT_AGE);
    let (cors, called) = match pages {
        Pages::Every => (cors.allow_any_origin().send_wildcard().disable_vary_header(), true),
        Pages::Of(origins) => (
            origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin)),
            !origins.is_empty(),
        ),
    };
    resource.wrap(Condition::new(called, cors)).wrap(from_fn(refuse_as_a_problem))
}

/// Turns the answer to a refused preflight into a problem, as every other error is.
async fn refuse_as_a_problem(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let response = next.call(request).await?;
    let preflight = response.request().method() == Method::OPTIONS;
    if !preflight || response.status() != StatusCode::BAD_REQUEST {
        return Ok(response.map_into_left_body());
    }
    let why = "Pages of this origin may not call here, or not with this method.";
    let answer = ProblemError::new(StatusCode::BAD_REQUEST, why).error_response();
    Ok(response.into_response(answer).map_into_right_body())
}
