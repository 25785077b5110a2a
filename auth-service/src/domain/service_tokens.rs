//! Tokens that a client gets for itself (RFC 6749 §4.4): whether it is the client, and what it is
//! granted.

use shared::contract::claims::Claims;
use subtle::ConstantTimeEq;
use time::OffsetDateTime;
use uuid::Uuid;

use super::clients::{Client, secret_hash};
use super::tokens::TokenPolicy;

/// A scope was asked for that the client does not have, or the list is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client has no such scope")]
pub struct InvalidScope;

/// Whether `secret` is the client's. Where there is no such client, the same work is done.
pub fn authentic(client: Option<&Client>, secret: &str) -> bool {
    let presented = secret_hash(secret);
    let expected = client.map_or([0; 32], |client| client.secret_hash);
    bool::from(presented.ct_eq(&expected)) && client.is_some()
}

/// The scopes granted: all that the client has, or those of them that it asks for (RFC 6749 §3.3).
pub fn granted_scope(client: &Client, asked: Option<&str>) -> Result<String, InvalidScope> {
    let Some(asked) = asked else { return Ok(client.scopes.join(" ")) };
    let mut granted: Vec<&str> = Vec::new();
    for scope in asked.split(' ') {
        if !client.scopes.iter().any(|held| held == scope) {
            return Err(InvalidScope);
        }
        if !granted.contains(&scope) {
            granted.push(scope);
        }
    }
    Ok(granted.join(" "))
}

impl TokenPolicy {
    /// The claims of a token of `client` with the id `jti`, issued `now` at feed position `pos`.
    pub fn of_service(
        &self,
        client: &Client,
        scope: &str,
        audience: String,
        jti: Uuid,
        pos: u64,
        now: OffsetDateTime,
    ) -> Claims {
        Claims {
            iss: self.issuer.clone(),
            sub: client.client_id.clone(),
            public_id: None,
            aud: audience,
            iat: now.unix_timestamp(),
            exp: now.unix_timestamp() + self.life.whole_seconds(),
            jti,
            sid: None,
            client_id: client.client_id.clone(),
            scope: Some(scope).filter(|scope| !scope.is_empty()).map(str::to_owned),
            roles: None,
            pos,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Client {
        Client {
            client_id: "reports".into(),
            scopes: vec!["events:read".into(), "directory:read".into()],
            secret_hash: super::secret_hash("the secret"),
            created_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn only_the_client_s_own_secret_is_authentic() {
        assert!(authentic(Some(&client()), "the secret"));
        for wrong in ["", "the secret ", "The secret", "the secre"] {
            assert!(!authentic(Some(&client()), wrong), "{wrong:?}");
        }
        assert!(!authentic(None, "the secret"));
    }

    #[test]
    fn a_client_is_granted_what_it_has_and_asks_for() {
        let client = client();
        for (asked, granted) in [
            (None, Ok("events:read directory:read")),
            (Some("directory:read"), Ok("directory:read")),
            (Some("directory:read events:read directory:read"), Ok("directory:read events:read")),
            (Some("events:read admin"), Err(InvalidScope)),
            (Some("events:read  directory:read"), Err(InvalidScope)),
            (Some("EVENTS:READ"), Err(InvalidScope)),
            (Some(" "), Err(InvalidScope)),
        ] {
            assert_eq!(granted_scope(&client, asked), granted.map(str::to_owned), "{asked:?}");
        }
    }
}
