//! Keys, and tokens signed with them.

use std::sync::OnceLock;

use getrandom::SysRng;
use jsonwebtoken::encode;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};
use signet_contract::claims::{Claims, FIRST_PARTY};
use signet_verifier::{PublicKey, SigningKey, access_token_header};
use time::OffsetDateTime;
use uuid::Uuid;

/// The audience of every guard here.
pub(crate) const AUDIENCE: &str = "api-service";

/// A key of the issuer.
pub(crate) struct Key {
    signing: SigningKey,
    pub(crate) kid: String,
    pub(crate) jwk: Value,
}

impl Key {
    fn generate() -> Self {
        let key = rsa::PrivateKey::new(&mut SysRng, 2048).expect("a key pair");
        let public = PublicKey::from_components(&key.n_bytes(), &key.e_bytes()).expect("a key");
        let pkcs1 = key.to_pkcs1_der().expect("DER");
        let signing = SigningKey::from_pkcs1(pkcs1.as_bytes()).expect("a key pair");
        Self { signing, kid: public.kid().into(), jwk: json!(public.to_jwk()) }
    }

    fn sign(&self, claims: &Claims) -> String {
        encode(&access_token_header(&self.kid), claims, &self.signing.encoding).expect("a token")
    }
}

/// Returns two keys, created once per process.
pub(crate) fn keys() -> &'static [Key; 2] {
    static KEYS: OnceLock<[Key; 2]> = OnceLock::new();
    KEYS.get_or_init(|| [Key::generate(), Key::generate()])
}

/// The variable part of a token; all other claims are valid.
pub(crate) struct Token<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) now: OffsetDateTime,
    pub(crate) key: &'a Key,
    pub(crate) pos: u64,
}

impl Token<'_> {
    pub(crate) fn user(&self, user: Uuid, sid: Uuid, roles: &[&str]) -> String {
        self.key.sign(&Claims {
            sub: user.to_string(),
            public_id: Some(user),
            sid: Some(sid),
            client_id: FIRST_PARTY.into(),
            roles: Some(roles.iter().map(ToString::to_string).collect()),
            ..self.service_claims("")
        })
    }

    pub(crate) fn service(&self, client: &str) -> String {
        self.key.sign(&self.service_claims(client))
    }

    pub(crate) fn service_with_scope(&self, client: &str, scope: &str) -> String {
        self.key.sign(&Claims { scope: Some(scope.into()), ..self.service_claims(client) })
    }

    /// Returns the token of the guard's own client, for the issuer's routes.
    pub(crate) fn own(&self, client: &str, life: i64) -> String {
        let claims = self.service_claims(client);
        self.key.sign(&Claims { aud: self.issuer.into(), exp: claims.iat + life, ..claims })
    }

    fn service_claims(&self, client: &str) -> Claims {
        let issued = self.now.unix_timestamp();
        Claims {
            iss: self.issuer.into(),
            sub: client.into(),
            public_id: None,
            aud: AUDIENCE.into(),
            iat: issued,
            exp: issued + 1_800,
            jti: Uuid::new_v4(),
            sid: None,
            client_id: client.into(),
            scope: None,
            roles: None,
            pos: self.pos,
        }
    }
}
