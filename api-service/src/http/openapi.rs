//! The API description, generated from the handlers.

use signet_service::api_description::{Common, bearer};
use utoipa::{Modify, OpenApi};

use super::{forward_auth, protected_resource, users};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Signet api-service",
        description = "The user directory, for those who hold an access token of its issuer.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    paths(users::list, users::me, users::one, forward_auth::verify, protected_resource::metadata),
    modifiers(&Schemes, &Common),
    tags(
        (name = "users", description = "The user directory"),
        (name = "forward authentication", description = "For proxies before other services"),
        (name = "metadata", description = "What clients find out by themselves"),
    )
)]
struct Description;

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("bearer", bearer("A user's access token."));
    }
}

/// The document as the service serves it.
pub const OPENAPI: &str = include_str!("../../../docs/openapi/api-service.json");

/// Makes the JSON text of the document from the handlers, the same at each call.
///
/// # Errors
///
/// Never in a build that passed its tests: the document is fixed.
pub fn document() -> Result<String, serde_json::Error> {
    Description::openapi().to_pretty_json()
}
