//! The API description, made from the handlers' doc comments and attributes.

use serde_json::json;
use signet_service::api_description::{Common, bearer};
use utoipa::openapi::security::{
    ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes, SecurityScheme,
};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{Modify, OpenApi};

use crate::admin::{self, audit, clients, keys, users};
use crate::api::{login, logout, password, sessions, signup};
use crate::guards::{directory, feed};
use crate::oauth::{self, jwks, metadata};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Signet auth-service",
        description = "The issuer: accounts, log-ins, access tokens and the keys that verify them.",
    ),
    paths(
        signup::sign_up,
        login::log_in,
        logout::log_out,
        logout::log_out_everywhere,
        password::change,
        sessions::list,
        sessions::end,
        oauth::issue,
        oauth::revoke,
        oauth::introspect,
        jwks::key_set,
        metadata::metadata,
        feed::read,
        directory::list,
        audit::list,
        admin::guards::list,
        keys::list,
        keys::rotate,
        keys::revoke,
        keys::revoke_all,
        users::list,
        users::create,
        users::delete,
        users::disable,
        users::enable,
        users::log_out,
        users::set_roles,
        users::set_password,
        admin::sessions::list,
        admin::sessions::revoke,
        clients::list,
        clients::add,
        clients::rotate_secret,
        clients::remove,
    ),
    modifiers(&Security, &OneList, &Common),
)]
struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scopes = Scopes::from_iter([
            ("directory:read", "Read the user directory"),
            ("events:read", "Follow the change feed"),
            ("introspect", "See the state of every token"),
        ]);
        let flow = Flow::ClientCredentials(ClientCredentials::new("oauth2/token", scopes));
        let secret = HttpBuilder::new().scheme(HttpAuthScheme::Basic);
        let secret = secret.description(Some("The id and the secret of a client."));
        let components = document.components.get_or_insert_default();
        for (name, scheme) in [
            ("client", SecurityScheme::OAuth2(OAuth2::new([flow]))),
            ("client_secret", SecurityScheme::Http(secret.build())),
            ("session", bearer("A user's access token.")),
            ("admin", bearer("An operator's access token, issued for the issuer itself.")),
        ] {
            components.add_security_scheme(name, scheme);
        }
    }
}

/// Describes that a client is registered with `scope` or with `scopes`, and so for audiences.
struct OneList;

impl Modify for OneList {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        if let Some(RefOr::T(Schema::Object(form))) = components.schemas.get_mut("ClientForm") {
            let both = [("scope", "scopes"), ("audience", "audiences")].map(|(text, list)| {
                json!({
                    "required": [text, list],
                    "properties": {
                        text: {"type": "string", "minLength": 1},
                        list: {"type": "array", "minItems": 1},
                    },
                })
            });
            // The library has no `not` of JSON Schema.
            let not = ("not", json!({"anyOf": both}));
            form.extensions = Some([not].into_iter().collect());
        }
    }
}

/// The document as the service serves it. Making it from the handlers takes some megabytes.
pub const TEXT: &str = include_str!("../../../docs/openapi/auth-service.json");

/// Makes the OpenAPI document, version 3.1, from the handlers.
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}
