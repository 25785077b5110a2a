//! `GET /.well-known/oauth-protected-resource`: the issuers of tokens for this service, and the way
//! to send a token (RFC 9728 §2).

use actix_web::{HttpResponse, web};
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
