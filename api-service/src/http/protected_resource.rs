//! `GET /.well-known/oauth-protected-resource`: the issuers of tokens for this service, and the way
//! to send a token (RFC 9728 §2).

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, WWW_AUTHENTICATE};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;

/// The path that RFC 9728 §3 defines.
pub(super) const PATH: &str = "/.well-known/oauth-protected-resource";

/// The metadata of this service for OAuth clients.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProtectedResource)]
pub(super) struct Metadata {
    /// The public address of this service.
    resource: String,
    /// The issuers of valid tokens.
    authorization_servers: Vec<String>,
    /// Always `header`: a token in a query or a body is ignored.
    bearer_methods_supported: Vec<String>,
}

/// Returns the metadata of this service for OAuth clients.
#[utoipa::path(
    get,
    path = "/.well-known/oauth-protected-resource",
    operation_id = "read_protected_resource_metadata",
    tag = "metadata",
    responses((status = 200, description = "The metadata", body = Metadata))
)]
pub(super) async fn metadata(api: web::Data<Api>) -> HttpResponse {
    HttpResponse::Ok().json(Metadata {
        resource: api.public_url.clone(),
        authorization_servers: vec![api.issuer.clone()],
        bearer_methods_supported: vec!["header".into()],
    })
}

/// Adds the address of the metadata to the challenge of each `401` (RFC 9728 §5.1).
pub(super) async fn name_metadata(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    if response.status() == StatusCode::UNAUTHORIZED
        && let Some(api) = response.request().app_data::<web::Data<Api>>().cloned()
        && let Some(challenge) = response.headers_mut().get_mut(WWW_AUTHENTICATE)
    {
        let before = String::from_utf8_lossy(challenge.as_bytes());
        let folder = api.public_url.trim_end_matches('/');
        let metadata = format!("resource_metadata=\"{folder}{PATH}\"");
        let separator = if before.contains('=') { ", " } else { " " };
        if let Ok(named) = HeaderValue::from_str(&format!("{before}{separator}{metadata}")) {
            *challenge = named;
        }
    }
    Ok(response)
}
