//! The cryptography provider of `jsonwebtoken`, with keys that are parsed once.
//!
//! `jsonwebtoken` gives the bytes of a key to its provider for every token, and its own provider
//! parses them each time. That doubles the time of a signature. This provider looks up the parsed
//! key by these bytes while the key has an owner. Other keys and algorithms go to the provider of
//! `jsonwebtoken` on aws-lc-rs.
//!
//! A process has one provider. The first key that is parsed here installs this one, so a build with
//! both backends of `jsonwebtoken` does not panic at its first token. An earlier provider of the
//! process stays: tokens then take longer, and the results are the same.

use std::sync::{Arc, LazyLock, PoisonError, RwLock, Weak};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaPublicKeyComponents,
};
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier};
use jsonwebtoken::signature::{Error, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, EncodingKey};

static PROVIDER: LazyLock<CryptoProvider> = LazyLock::new(|| CryptoProvider {
    signer_factory: |algorithm, key| match find_pair(key.as_bytes()) {
        Some(pair) if *algorithm == Algorithm::RS256 => Ok(Box::new(Rs256(pair))),
        _ => (DEFAULT_PROVIDER.signer_factory)(algorithm, key),
    },
    verifier_factory: |algorithm, key| match (algorithm, key.kind()) {
        (Algorithm::RS256, DecodingKeyKind::RsaModulusExponent { n, e }) => {
            match PUBLIC_KEYS.find(|known| known.0 == *n && known.1 == *e) {
                Some(key) => Ok(Box::new(Rs256(key))),
                None => (DEFAULT_PROVIDER.verifier_factory)(algorithm, key),
            }
        }
        _ => (DEFAULT_PROVIDER.verifier_factory)(algorithm, key),
    },
    ..DEFAULT_PROVIDER.clone()
});

/// Key pairs by SHA-256 of their DER, so that the table contains no private bytes.
static PAIRS: Parsed<Vec<u8>, KeyPair> = Parsed::new();

/// Public keys by modulus and exponent.
static PUBLIC_KEYS: Parsed<(Vec<u8>, Vec<u8>), ParsedPublicKey> = Parsed::new();

/// A private key for signing with `jsonwebtoken`, parsed once.
pub struct SigningKey {
    /// The key in the form of `jsonwebtoken`.
    pub encoding: EncodingKey,
    /// The key in the form of aws-lc-rs. The provider finds it while an owner holds it.
    pub pair: Arc<KeyPair>,
}

impl SigningKey {
    /// Parses a key in PKCS#1 DER.
    pub fn from_pkcs1(der: &[u8]) -> Result<Self, KeyRejected> {
        let pair = PAIRS.keep(fingerprint(der), KeyPair::from_der(der)?);
        Ok(Self { encoding: EncodingKey::from_rsa_der(der), pair })
    }
}

/// A public key for verifying with `jsonwebtoken`, parsed once.
pub(super) struct VerifyingKey {
    decoding: DecodingKey,
    _parsed: Arc<ParsedPublicKey>,
}

impl VerifyingKey {
    /// Parses the key with this modulus and exponent.
    pub(super) fn from_components(n: &[u8], e: &[u8]) -> Result<Self, Unspecified> {
        let key = RsaPublicKeyComponents { n, e };
        let parsed = key.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)?;
        let parsed = PUBLIC_KEYS.keep((n.to_vec(), e.to_vec()), parsed);
        Ok(Self { decoding: DecodingKey::from_rsa_raw_components(n, e), _parsed: parsed })
    }

    /// Returns true if `signature` is this key's RS256 signature of `message`.
    ///
    /// `jsonwebtoken::decode` would parse header and claims again, less strictly than
    /// [`inspect`](super::inspect). That takes a sixth of the time of a verification.
    pub(super) fn signed(&self, message: &str, signature: &Vec<u8>) -> bool {
        let provider = CryptoProvider::try_get_default().unwrap_or(&PROVIDER);
        (provider.verifier_factory)(&Algorithm::RS256, &self.decoding)
            .is_ok_and(|verifier| verifier.verify(message.as_bytes(), signature).is_ok())
    }
}

fn find_pair(der: &[u8]) -> Option<Arc<KeyPair>> {
    let wanted = fingerprint(der);
    PAIRS.find(|known| *known == wanted)
}

fn fingerprint(der: &[u8]) -> Vec<u8> {
    digest(&SHA256, der).as_ref().to_vec()
}

/// Parsed keys, each with an owner elsewhere. They are so few that a search is faster than a hash of
/// their bytes.
struct Parsed<I, K>(RwLock<Vec<(I, Weak<K>)>>);

impl<I: Eq, K> Parsed<I, K> {
    const fn new() -> Self {
        Self(RwLock::new(Vec::new()))
    }

    /// Returns the stored key, or stores this one.
    fn keep(&self, id: I, key: K) -> Arc<K> {
        // An error means that the process already has a provider.
        let _ = PROVIDER.install_default();
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let known = keys.iter().find(|(known, _)| *known == id);
        if let Some(held) = known.and_then(|(_, key)| key.upgrade()) {
            return held;
        }
        keys.retain(|(_, key)| key.strong_count() > 0);
        let key = Arc::new(key);
        keys.push((id, Arc::downgrade(&key)));
        key
    }

    fn find(&self, is_it: impl Fn(&I) -> bool) -> Option<Arc<K>> {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        keys.iter().find(|(id, _)| is_it(id))?.1.upgrade()
    }
}

/// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3) and a parsed key.
struct Rs256<K>(Arc<K>);

impl Signer<Vec<u8>> for Rs256<KeyPair> {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        let signed = self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature);
        signed.map_or_else(|_| Err(Error::new()), |()| Ok(signature))
    }
}

impl JwtSigner for Rs256<KeyPair> {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

impl Verifier<Vec<u8>> for Rs256<ParsedPublicKey> {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), Error> {
        self.0.verify_sig(message, signature).map_err(|_| Error::new())
    }
}

impl JwtVerifier for Rs256<ParsedPublicKey> {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{Header, Validation, decode, encode};
    use rsa::pkcs1::EncodeRsaPrivateKey;
    use rsa::traits::PublicKeyParts;
    use serde_json::{Value, json};

    use super::*;

    /// A private key in PKCS#1 DER, its modulus and its exponent.
    fn key() -> (Vec<u8>, Vec<u8>, Vec<u8>) {
        let key = rsa::PrivateKey::new(&mut getrandom::SysRng, 2048).expect("a key pair");
        let pkcs1 = key.to_pkcs1_der().expect("DER").as_bytes().to_vec();
        (pkcs1, key.n_bytes().into_vec(), key.e_bytes().into_vec())
    }

    fn decoded(token: &str, key: &DecodingKey, algorithm: Algorithm) -> Option<Value> {
        let mut validation = Validation::new(algorithm);
        validation.required_spec_claims.clear();
        decode(token, key, &validation).ok().map(|data| data.claims)
    }

    #[test]
    fn first_key_installs_the_provider() {
        // Without a provider, a build with both backends panics at its first token.
        let _key = SigningKey::from_pkcs1(&key().0).expect("a key");
        let installed = CryptoProvider::try_get_default().expect("a provider");
        assert!(std::ptr::eq(installed, &raw const *PROVIDER));
    }

    #[test]
    fn parsed_key_lives_as_long_as_its_owners() {
        let (der, n, e) = key();
        let signing = SigningKey::from_pkcs1(&der).expect("a key");
        let again = SigningKey::from_pkcs1(&der).expect("a key");
        assert!(Arc::ptr_eq(&signing.pair, &again.pair));
        drop(signing);
        assert!(find_pair(&der).is_some());
        drop(again);
        assert!(find_pair(&der).is_none());

        let verifying = VerifyingKey::from_components(&n, &e).expect("a key");
        let held = || PUBLIC_KEYS.find(|known| known.0 == n && known.1 == e).is_some();
        assert!(held());
        drop(verifying);
        assert!(!held());
    }

    #[test]
    fn tokens_are_the_same_with_and_without_a_parsed_key() {
        // Another test of the process may have installed it.
        let _ = PROVIDER.install_default();
        let (der, n, e) = key();
        let (header, claims) = (Header::new(Algorithm::RS256), json!({"sub": "x"}));
        let (encoding, decoding) =
            (EncodingKey::from_rsa_der(&der), DecodingKey::from_rsa_raw_components(&n, &e));
        let without = encode(&header, &claims, &encoding).expect("a token");
        assert_eq!(decoded(&without, &decoding, Algorithm::RS256), Some(claims.clone()));

        let signing = SigningKey::from_pkcs1(&der).expect("a key");
        let _verifying = VerifyingKey::from_components(&n, &e).expect("a key");
        assert_eq!(encode(&header, &claims, &signing.encoding).expect("a token"), without);
        assert_eq!(decoded(&without, &decoding, Algorithm::RS256), Some(claims));

        let other = encode(&header, &json!({"sub": "y"}), &signing.encoding).expect("a token");
        let [other, without] = [&other, &without].map(|token| token.rsplit_once('.'));
        let mixed = format!("{}.{}", other.expect("a token").0, without.expect("a token").1);
        assert_eq!(decoded(&mixed, &decoding, Algorithm::RS256), None);
    }

    #[test]
    fn parsed_key_signs_and_verifies_rs256_alone() {
        let (der, n, e) = key();
        let signing = SigningKey::from_pkcs1(&der).expect("a key");
        let verifying = VerifyingKey::from_components(&n, &e).expect("a key");
        let claims = json!({"sub": "x"});
        let rs384 = encode(&Header::new(Algorithm::RS384), &claims, &signing.encoding);
        let rs384 = rs384.expect("a token");
        assert!(decoded(&rs384, &verifying.decoding, Algorithm::RS384).is_some());
        let (message, signature) = rs384.rsplit_once('.').expect("a token");
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
        assert!(!verifying.signed(message, &signature));

        let secret = EncodingKey::from_secret(b"secret").expect("a secret");
        let hs256 = encode(&Header::new(Algorithm::HS256), &claims, &secret).expect("a token");
        let secret = DecodingKey::from_secret(b"secret").expect("a secret");
        assert!(decoded(&hs256, &secret, Algorithm::HS256).is_some());
    }
}
