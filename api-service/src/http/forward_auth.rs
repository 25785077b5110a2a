//! `/verify`: a proxy asks if it may pass a request on to a service that knows nothing of tokens.

use std::sync::Arc;
use std::time::Duration;

use actix_web::guard::fn_guard;
use actix_web::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use actix_web::{HttpRequest, HttpResponse, Resource, ResponseError as _, web};
use signet_contract::bearer::{Reason, TokenRefused};
use signet_contract::problem::Problem;
use signet_guard::forward_auth::{FIELDS, Refused};
use signet_guard::verifier::Refusal;
use signet_service::line_limit::LineLimit;
use signet_service::problem_response::ProblemError;
use signet_service::well_known::BEHIND;

use super::Api;

/// The path with the rules in its query.
const PATH: &str = "/verify";

/// The interval of the lines about a bad rule: strangers can send the header of a rule.
const LINE_INTERVAL: Duration = Duration::from_hours(1);

/// Creates the limit of these lines.
pub fn line_limit() -> Arc<LineLimit> {
    Arc::new(LineLimit::every(LINE_INTERVAL))
}

/// Returns the route, which takes any method. Some proxies add the client's path and query to it.
pub(super) fn resource() -> Resource {
    // The path as it came: the router also takes `/%76erify`, and the rules would be lost.
    let asked = fn_guard(|context| {
        let below = context.head().uri.path().strip_prefix(PATH);
        below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
    });
    web::resource([PATH.to_owned(), format!("{PATH}{BEHIND}")])
        .guard(asked)
        .default_service(web::to(verify))
}

/// Asks if a proxy may pass a request on. Takes any method, at this path and below it.
///
/// The rules come from the query, but only at exactly this path, and from the headers. The request's
/// content is not read.
#[utoipa::path(
    get,
    path = "/verify",
    operation_id = "verify_request",
    tag = "forward authentication",
    params(
        ("role" = Option<Vec<String>>, Query, description = "Roles, all of which must be granted"),
        ("scope" = Option<Vec<String>>, Query, description = "Scopes, all of which must be granted"),
        ("audience" = Option<Vec<String>>, Query,
            description = "Audiences of `API_AUDIENCE`, one of which the token must have"),
        ("X-Require-Role" = Option<String>, Header, description = "As `role`, separated by commas"),
        ("X-Require-Scope" = Option<String>, Header,
            description = "As `scope`, separated by spaces or commas"),
        ("X-Require-Audience" = Option<String>, Header,
            description = "As `audience`, separated by commas, and required beside it"),
    ),
    responses(
        (status = 200, description = "The request may pass. Values are in printable ASCII: other \
            bytes, and `%`, are percent-encoded. A value that is not known is empty", headers(
            ("X-Auth-Subject" = String, description = "The user's id, or the client id of a service"),
            ("X-Auth-Client" = String, description = "The client id"),
            ("X-Auth-Audience" = String, description = "The token's audiences here"),
            ("X-Auth-Scope" = String, description = "Scopes, separated by spaces"),
            ("X-Auth-Roles" = String, description = "Roles, separated by commas"),
            ("X-Auth-Name" = String, description = "The user's name"),
            ("X-Auth-Email" = String, description = "The user's address"))),
        (status = 401, description = "The token is missing or not good", body = TokenRefused,
            headers(("WWW-Authenticate" = String, description = "`Bearer`, with the reason of the \
                refusal (RFC 6750)."))),
        (status = 403, description = "The token is good, but a rule does not hold", body = Problem,
            content_type = "application/problem+json",
            headers(("WWW-Authenticate" = String, description = "`Bearer \
                error=\"insufficient_scope\"` (RFC 6750)."))),
        (status = 503, description = "Can't be answered now; try again", body = Problem,
            content_type = "application/problem+json", headers(("Retry-After" = u32))),
    ),
    security(("bearer" = []), ("x_access_token" = []))
)]
pub(super) async fn verify(request: HttpRequest, api: web::Data<Api>) -> HttpResponse {
    let mut response = match judge(&request, &api).await {
        Ok(values) => {
            let mut response = HttpResponse::Ok();
            for field in FIELDS.into_iter().zip(values) {
                response.insert_header(field);
            }
            response.finish()
        }
        Err(Denied::Refused(refusal)) => refusal.error_response(),
        Err(Denied::Failed(problem)) => problem.error_response(),
    };
    if announces_content(&request) {
        response.head_mut().set_connection_type(actix_web::http::ConnectionType::Close);
    }
    response
}

enum Denied {
    Refused(Refusal),
    Failed(ProblemError),
}

/// Returns the values of the header fields.
async fn judge(request: &HttpRequest, api: &Api) -> Result<[String; FIELDS.len()], Denied> {
    // Below the path, the query is the client's.
    let query = if request.uri().path() == PATH { request.query_string() } else { "" };
    let judged = api.guard.forward_auth(query, request.headers()).await;
    let passed = judged.map_err(|refused| {
        if let Refused::Rule(rule) = &refused
            && let Some(requests) = api.bad_rules.count()
        {
            tracing::error!(
                requests,
                "/verify answers 403: {rule}; check the proxy's configuration"
            );
        }
        tracing::debug!(path = PATH, "refused: {}", refused.refusal());
        Denied::Refused(refused.refusal())
    })?;
    let Some(public_id) = passed.caller().user() else { return Ok(passed.values("", "")) };
    let found = api.directory.find(public_id);
    let found = found.map_err(|error| Denied::Failed(super::users::problem(error)))?;
    // The user may be deleted after the guard's check.
    let user = found.ok_or(Denied::Refused(Refusal::Invalid(Reason::Revoked)))?;
    Ok(passed.values(&user.name, &user.email))
}

/// Returns true if the client sends content. It is not waited for, so the connection ends.
fn announces_content(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let length = headers.get(CONTENT_LENGTH).map(|length| length.as_bytes().trim_ascii());
    headers.contains_key(TRANSFER_ENCODING)
        || length.is_some_and(|length| !length.iter().all(|digit| *digit == b'0'))
}
