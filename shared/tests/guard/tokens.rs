//! Keys, and the tokens that they sign.

use std::sync::OnceLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use shared::contract::claims::{ACCESS_TOKEN_TYPE, Claims, FIRST_PARTY};
use shared::verifier::thumbprint;
use time::OffsetDateTime;
use uuid::Uuid;

/// The audience of every guard here.
pub(crate) const AUDIENCE: &str = "api-service";

/// A key of the issuer.
pub(crate) struct Key {
    pair: KeyPair,
    pub(crate) kid: String,
    pub(crate) jwk: Value,
}

impl Key {
    fn generate() -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key pair");
        let public = pair.public_key();
        let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let n = encoded(public.modulus().big_endian_without_leading_zero());
        let e = encoded(public.exponent().big_endian_without_leading_zero());
        let kid = thumbprint(&n, &e);
        let jwk = json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": n, "e": e});
        Self { pair, kid, jwk }
    }

    fn sign(&self, claims: &Claims) -> String {
        let header = json!({"alg": "RS256", "typ": ACCESS_TOKEN_TYPE, "kid": self.kid});
        let claims = serde_json::to_string(claims).expect("JSON");
        let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let message = format!("{}.{}", encoded(&header.to_string()), encoded(&claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature)
            .expect("a signature");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Two keys, made once per process.
pub(crate) fn keys() -> &'static [Key; 2] {
    static KEYS: OnceLock<[Key; 2]> = OnceLock::new();
    KEYS.get_or_init(|| [Key::generate(), Key::generate()])
}

/// Who a token is for; the rest of it is always good.
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

    /// The token of the guard's own client, for the issuer's routes.
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
