//! An issuer's key in the tests' hands.

use std::sync::OnceLock;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use shared::contract::claims::Claims;
use shared::contract::jwks::{KeySet, PublicJwk};
use shared::verifier::thumbprint;

/// A key pair of this process, made once: a pair costs a noticeable time.
pub(crate) struct Signer {
    pair: KeyPair,
    jwk: PublicJwk,
}

impl Signer {
    pub(crate) fn known() -> &'static Self {
        static KNOWN: OnceLock<Signer> = OnceLock::new();
        KNOWN.get_or_init(|| {
            let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key pair");
            let public = pair.public_key();
            let part = |bytes: &[u8]| {
                let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
                URL_SAFE_NO_PAD.encode(&bytes[zeros..])
            };
            let n = part(public.modulus().big_endian_without_leading_zero());
            let e = part(public.exponent().big_endian_without_leading_zero());
            // The key is a key in other programs' eyes too.
            drop(public.as_der().expect("SPKI"));
            Self { pair, jwk: PublicJwk::rs256(thumbprint(&n, &e), n, e) }
        })
    }

    /// The key set that holds this key.
    pub(crate) fn key_set(&self) -> String {
        serde_json::to_string(&KeySet { keys: vec![self.jwk.clone()] }).expect("JSON")
    }

    /// A token with these claims.
    pub(crate) fn sign(&self, claims: &Claims) -> String {
        let header = json!({"alg": "RS256", "typ": "at+jwt", "kid": self.jwk.kid});
        let claims = serde_json::to_string(claims).expect("JSON");
        let input = [header.to_string(), claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input.as_bytes(), &mut signature)
            .expect("a signature");
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
