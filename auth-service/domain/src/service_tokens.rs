//! Tokens that a client gets for itself (RFC 6749 §4.4): the check of its secret, and the scopes
//! that it is granted.

use signet_contract::claims::Claims;
use subtle::ConstantTimeEq;
use time::OffsetDateTime;
use uuid::Uuid;

use super::clients::{Client, secret_hash};
use super::tokens::TokenPolicy;

/// The client asked for a scope that it does not have, or the list is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client has no such scope")]
pub struct InvalidScope;

/// Returns true if `secret` is good for the client `now`. Does the same work if there is no such
/// client, or it has only one secret.
pub fn authentic(client: Option<&Client>, secret: &str, now: OffsetDateTime) -> bool {
    let presented = secret_hash(secret);
    let current = client.map_or([0; 32], |client| client.secret_hash);
    let previous = client.and_then(|client| client.good_previous(now));
    let previous = previous.map_or(current, |previous| previous.hash);
    let matches = presented.ct_eq(&current) | presented.ct_eq(&previous);
    bool::from(matches) && client.is_some()
}

/// Returns the granted scopes: all of the client's, or those that it asks for (RFC 6749 §3.3).
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
    /// Returns the claims of a token of `client` with the id `jti`, issued `now` at position `pos`.
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
    use crate::clients::PreviousSecret;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn client() -> Client {
        let scopes = vec!["events:read".into(), "directory:read".into()];
        Client::new("reports", scopes, secret_hash("the secret"), NOW)
    }

    #[test]
    fn only_the_secret_of_the_client_is_authentic() {
        assert!(authentic(Some(&client()), "the secret", NOW));
        for wrong in ["", "the secret ", "The secret", "the secre"] {
            assert!(!authentic(Some(&client()), wrong, NOW), "{wrong:?}");
        }
        assert!(!authentic(None, "the secret", NOW));
    }

    #[test]
    fn previous_secret_is_good_until_its_end() {
        let until = NOW + time::Duration::HOUR;
        let previous = Some(PreviousSecret { hash: secret_hash("the old one"), until });
        let client = Client { previous, ..client() };
        let good = |secret, at| authentic(Some(&client), secret, at);
        let before = until - time::Duration::MICROSECOND;
        assert!(good("the old one", NOW) && good("the old one", before));
        assert!(!good("the old one", until));
        assert!(good("the secret", NOW) && good("the secret", until));
        assert!(!good("another", NOW));
    }

    #[test]
    fn client_is_granted_its_requested_scopes() {
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
