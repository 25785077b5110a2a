//! The claims of a user's access token.

use signet_contract::claims::{Claims, FIRST_PARTY};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::clients::Client;
use super::sessions::Session;

/// The settings that every token of this issuer shares.
#[derive(Debug, Clone)]
pub struct TokenPolicy {
    /// `iss`, to the letter.
    pub issuer: String,
    /// The audiences beside the issuer. The first is the default of users.
    pub audiences: Vec<String>,
    /// `exp` minus `iat`.
    pub life: Duration,
}

/// The caller asked for an audience that this issuer does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an audience of this issuer")]
pub struct UnknownAudience;

impl TokenPolicy {
    /// Returns the audience of a user's token: the one asked for, or the first of the list.
    pub fn user_audience(&self, asked: Option<&str>) -> Result<String, UnknownAudience> {
        self.known_audience(asked.unwrap_or(self.audiences.first().unwrap_or(&self.issuer)))
    }

    /// Returns the audience of a service's token: the issuer, or one of the client's audiences that
    /// it asks for.
    pub fn service_audience(
        &self,
        client: &Client,
        asked: Option<&str>,
    ) -> Result<String, UnknownAudience> {
        let audience = self.known_audience(asked.unwrap_or(&self.issuer))?;
        let allowed = audience == self.issuer || client.audiences.contains(&audience);
        if allowed { Ok(audience) } else { Err(UnknownAudience) }
    }

    /// Returns every audience that a token of this issuer can have.
    pub fn every_audience(&self) -> Vec<String> {
        self.audiences.iter().chain([&self.issuer]).cloned().collect()
    }

    fn known_audience(&self, audience: &str) -> Result<String, UnknownAudience> {
        let known = self.audiences.iter().chain([&self.issuer]).find(|known| *known == audience);
        known.cloned().ok_or(UnknownAudience)
    }

    /// Returns the claims of a token of `session` with the id `jti`, issued `now`.
    pub fn of_session(
        &self,
        session: &Session,
        audience: String,
        jti: Uuid,
        now: OffsetDateTime,
    ) -> Claims {
        Claims {
            iss: self.issuer.clone(),
            sub: session.public_id.to_string(),
            public_id: Some(session.public_id),
            aud: audience,
            iat: now.unix_timestamp(),
            exp: now.unix_timestamp() + self.life.whole_seconds(),
            jti,
            sid: Some(session.sid),
            client_id: FIRST_PARTY.into(),
            scope: None,
            roles: Some(session.roles.clone()),
            pos: session.pos,
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn policy() -> TokenPolicy {
        TokenPolicy {
            issuer: "https://login.example.org".into(),
            audiences: vec!["api-service".into(), "billing".into()],
            life: Duration::minutes(30),
        }
    }

    #[test]
    fn audience_of_a_user_is_a_known_one() {
        let policy = policy();
        assert_eq!(policy.user_audience(None).as_deref(), Ok("api-service"));
        for known in ["billing", "api-service", "https://login.example.org"] {
            assert_eq!(policy.user_audience(Some(known)).as_deref(), Ok(known));
        }
        for unknown in ["", "Billing", "bill", "https://login.example.org/"] {
            assert_eq!(policy.user_audience(Some(unknown)), Err(UnknownAudience), "{unknown}");
        }
    }

    #[test]
    fn audience_of_a_service_is_the_issuer_or_one_of_its_client() {
        let policy = policy();
        let none = Client::new("reports", Vec::new(), [0; 32], OffsetDateTime::UNIX_EPOCH);
        // The operator has removed `archive` from the settings.
        let audiences = vec!["billing".into(), "archive".into()];
        let some = Client { audiences, ..none.clone() };
        for client in [&none, &some] {
            for asked in [None, Some("https://login.example.org")] {
                let audience = policy.service_audience(client, asked);
                assert_eq!(audience.as_deref(), Ok("https://login.example.org"));
            }
            for other in ["", "api-service", "archive"] {
                assert_eq!(policy.service_audience(client, Some(other)), Err(UnknownAudience));
            }
        }
        assert_eq!(policy.service_audience(&none, Some("billing")), Err(UnknownAudience));
        assert_eq!(policy.service_audience(&some, Some("billing")).as_deref(), Ok("billing"));
    }

    #[test]
    fn token_of_a_user_has_the_id_twice_and_the_set_life() {
        let session = Session {
            sid: Uuid::from_u128(1),
            public_id: Uuid::from_u128(2),
            roles: vec!["user".into()],
            pos: 3,
        };
        let now = datetime!(2026-01-02 03:04:05.9 UTC);
        let claims = policy().of_session(&session, "billing".into(), Uuid::from_u128(4), now);
        assert_eq!(claims.sub, Uuid::from_u128(2).to_string());
        assert_eq!(claims.public_id, Some(Uuid::from_u128(2)));
        assert_eq!((claims.iat, claims.exp), (1_767_323_045, 1_767_324_845));
        assert_eq!((claims.sid, claims.scope, claims.pos), (Some(Uuid::from_u128(1)), None, 3));
        assert_eq!(claims.client_id, "first-party");
    }
}
