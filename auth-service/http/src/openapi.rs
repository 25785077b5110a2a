//! The API description, made from the handlers' doc comments and attributes.

use signet_contract::bearer::ACCESS_TOKEN_HEADER;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes,
    SecurityScheme,
};
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
    servers((url = ".", description = "The service that sent this description.")),
    modifiers(&Security),
)]
struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scopes = Scopes::from_iter([
            ("directory:read", "Read the user directory"),
            ("events:read", "Follow the change feed"),
        ]);
        let bearer = |whose: &str| {
            let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("at+jwt");
            SecurityScheme::Http(scheme.description(Some(whose)).build())
        };
        let older = ApiKey::Header(ApiKeyValue::new(ACCESS_TOKEN_HEADER));
        let flow = Flow::ClientCredentials(ClientCredentials::new("oauth2/token", scopes));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("client", SecurityScheme::OAuth2(OAuth2::new([flow])));
        components.add_security_scheme("session", bearer("A user's access token."));
        components.add_security_scheme("session_header", SecurityScheme::ApiKey(older));
        let admin = bearer("An operator's access token, issued for the issuer itself.");
        components.add_security_scheme("admin", admin);
    }
}

/// Returns the OpenAPI document, version 3.1.
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}
