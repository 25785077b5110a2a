//! `GET /.well-known/oauth-protected-resource`: who issues the tokens that are good here, and how
//! to send one (RFC 9728 §2).

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;

/// Where RFC 9728 §3 puts it.
pub(super) const PATH: &str = "/.well-known/oauth-protected-resource";

/// This service, for OAuth clients.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProtectedResource)]
pub(super) struct Metadata {
    /// This service's public address.
    resource: String,
    /// The issuers whose tokens are good here.
    authorization_servers: Vec<String>,
    /// Always `header`: a token in a query or a body is not looked at.
    bearer_methods_supported: Vec<String>,
}

/// Who issues the tokens that are good here.
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
