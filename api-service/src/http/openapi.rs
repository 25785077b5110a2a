//! The API description, generated from the handlers.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{protected_resource, users};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Signet api-service",
        description = "The user directory, for those who hold an access token of its issuer.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    paths(users::list, users::me, users::one, protected_resource::metadata),
    servers((url = ".", description = "The service that sent this description.")),
    modifiers(&Schemes),
    tags(
        (name = "users", description = "The user directory"),
        (name = "metadata", description = "What clients find out by themselves"),
    )
)]
struct Description;

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let bearer =
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("at+jwt").build();
        let older = ApiKey::Header(ApiKeyValue::new(signet_contract::bearer::ACCESS_TOKEN_HEADER));
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        components.add_security_scheme("x_access_token", SecurityScheme::ApiKey(older));
    }
}

/// Returns the JSON text of the document, the same at each call.
///
/// # Errors
///
/// Never in a build that passed its tests: the document is fixed.
pub fn document() -> Result<String, serde_json::Error> {
    Description::openapi().to_pretty_json()
}
