//! A registered client: a service that authenticates with a secret and gets tokens for itself
//! (RFC 6749 §4.4).

use crate::http::Answer;
use crate::service::Service;

/// A client and its secret.
#[derive(Debug, Clone)]
pub struct Client {
    /// The client's id.
    pub id: String,
    /// Its secret.
    pub secret: String,
}

impl Client {
    /// The guard's own client, as `init` registered it.
    pub fn of_the_guard(auth: &Service) -> Self {
        let file = auth.path("keys/clients/api-service.secret");
        let secret = std::fs::read_to_string(file).expect("a secret");
        Self { id: "api-service".into(), secret: secret.trim().to_owned() }
    }

    /// Registers a client by command, the only place that shows its secret. It may get tokens for
    /// api-service.
    pub fn registered(auth: &Service, id: &str, scopes: &[&str]) -> Self {
        let scopes = scopes.join(" ");
        let add = ["clients", "add", id, "--scope", &scopes, "--allow-audience", "api-service"];
        let added = auth.command(&add).done();
        Self { id: id.to_owned(), secret: added.out.trim().to_owned() }
    }

    /// Sends `POST /oauth2/token` with these parameters beside the grant.
    pub fn try_token(&self, auth: &Service, parameters: &[(&str, &str)]) -> Answer {
        let mut form = vec![("grant_type", "client_credentials")];
        form.extend_from_slice(parameters);
        auth.post("/oauth2/token").basic(&self.id, &self.secret).form(&form).send()
    }

    /// A token for the issuer's own routes, with every scope that was granted.
    pub fn token(&self, auth: &Service) -> String {
        self.token_with(auth, &[])
    }

    /// A token with these parameters.
    pub fn token_with(&self, auth: &Service, parameters: &[(&str, &str)]) -> String {
        let body = self.try_token(auth, parameters).expect(200).json();
        body["access_token"].as_str().unwrap_or_else(|| panic!("no token: {body}")).to_owned()
    }
}
