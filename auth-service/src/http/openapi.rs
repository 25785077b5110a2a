//! The API description, from the handlers' own words.

use utoipa::openapi::security::{ClientCredentials, Flow, OAuth2, Scopes, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{directory, feed, jwks, login, metadata, oauth, signup};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Signet auth-service",
        description = "The issuer: accounts, log-ins, access tokens and the keys that verify them.",
    ),
    paths(
        signup::sign_up,
        login::log_in,
        oauth::issue,
        jwks::key_set,
        metadata::metadata,
        feed::read,
        directory::list,
    ),
    components(schemas(
        signup::SignUpForm, login::LoginForm, login::LoginAnswer, oauth::TokenForm,
        oauth::TokenAnswer, metadata::Metadata,
    )),
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
        let flow = Flow::ClientCredentials(ClientCredentials::new("/oauth2/token", scopes));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("client", SecurityScheme::OAuth2(OAuth2::new([flow])));
    }
}

/// The document, of version 3.1.
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}
