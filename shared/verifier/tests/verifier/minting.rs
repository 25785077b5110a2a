//! Creates good tokens, and bad ones by changing a good one.

use std::sync::OnceLock;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use num_bigint::BigUint;
use rsa::pkcs8::DecodePrivateKey;
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use rsa::{BoxedUint, PrivateKey};
use serde_json::{Value, json};
use signet_verifier::{AccessToken, Profile, PublicKey, Reason, inspect};
use time::{Duration, OffsetDateTime};

/// The time of all tests, unless they change it: 100 s after the issue of the good tokens.
pub(crate) const NOW: i64 = ISSUED + 100;

/// The time at which the good tokens were issued.
pub(crate) const ISSUED: i64 = 1_700_000_000;

/// The time at which the good tokens expire.
pub(crate) const EXPIRES: i64 = ISSUED + 1_800;

/// A key pair with its numbers.
pub(crate) struct Signer {
    pair: KeyPair,
    pub(crate) numbers: PrivateKey,
    pub(crate) modulus: BigUint,
    pub(crate) public: PublicKey,
}

/// Returns the key that the tested verifier holds. Generated once per process.
pub(crate) fn signer() -> &'static Signer {
    static SIGNER: OnceLock<Signer> = OnceLock::new();
    SIGNER.get_or_init(|| Signer::generate(KeySize::Rsa2048))
}

/// Returns a key of the same size that the tested verifier does not hold.
pub(crate) fn stranger() -> &'static Signer {
    static STRANGER: OnceLock<Signer> = OnceLock::new();
    STRANGER.get_or_init(|| Signer::generate(KeySize::Rsa2048))
}

impl Signer {
    pub(crate) fn generate(size: KeySize) -> Self {
        let pair = KeyPair::generate(size).expect("a key pair");
        let der: Pkcs8V1Der<'_> = pair.as_der().expect("PKCS#8");
        let numbers = PrivateKey::from_pkcs8_der(der.as_ref()).expect("an RSA key");
        let public = PublicKey::from_components(&numbers.n_bytes(), &numbers.e_bytes());
        let modulus = number(numbers.n());
        Self { pair, numbers, modulus, public: public.expect("an allowed key") }
    }

    /// Returns the key pair in the form of a key file.
    pub(crate) fn pkcs8(&self) -> Pkcs8V1Der<'static> {
        self.pair.as_der().expect("PKCS#8")
    }

    pub(crate) fn kid(&self) -> &str {
        self.public.kid()
    }

    /// Returns the key in its published form.
    pub(crate) fn jwk(&self) -> Value {
        serde_json::to_value(self.public.to_jwk()).expect("JSON")
    }

    /// Returns the length of the modulus in bytes.
    pub(crate) fn modulus_bytes(&self) -> usize {
        self.numbers.size()
    }

    /// Returns a good signature.
    pub(crate) fn sign(&self, message: &str) -> Vec<u8> {
        let mut signature = vec![0; self.modulus_bytes()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature)
            .expect("a signature");
        signature
    }

    /// Applies the private operation to any encoded message below the modulus (RFC 8017 §5.2.1,
    /// with the Chinese remainder theorem). The result is as long as the modulus.
    pub(crate) fn sign_encoded(&self, encoded: &[u8]) -> Vec<u8> {
        let message = BigUint::from_bytes_be(encoded);
        assert!(message < self.modulus, "an encoded message past the modulus can't be signed");
        let [p, q] = [0, 1].map(|prime| number(&self.numbers.primes()[prime]));
        let d = number(self.numbers.d());
        let one = BigUint::from(1_u8);
        let s_p = message.modpow(&(&d % (&p - &one)), &p);
        let s_q = message.modpow(&(&d % (&q - &one)), &q);
        let q_inverse = q.modpow(&(&p - BigUint::from(2_u8)), &p);
        let h = ((&s_p + &p - (&s_q % &p)) * q_inverse) % &p;
        padded(&(s_q + h * q), self.modulus_bytes())
    }

    /// Returns a token of these JSON texts with a good signature.
    pub(crate) fn token_of(&self, header: &str, claims: &str) -> String {
        self.token_of_parts(&encode(header), &encode(claims))
    }

    /// Returns a token of these encoded parts with a good signature.
    pub(crate) fn token_of_parts(&self, header: &str, claims: &str) -> String {
        let message = format!("{header}.{claims}");
        let signature = encode(self.sign(&message));
        format!("{message}.{signature}")
    }

    /// Returns a token of these claims with a good header and signature.
    pub(crate) fn token(&self, claims: &Value) -> String {
        self.token_of(&self.header().to_string(), &claims.to_string())
    }

    pub(crate) fn header(&self) -> Value {
        json!({"alg": "RS256", "typ": "at+jwt", "kid": self.kid()})
    }
}

pub(crate) fn number(boxed: &BoxedUint) -> BigUint {
    BigUint::from_bytes_be(&boxed.to_be_bytes())
}

/// Returns the number, big-endian, at least `length` bytes long.
pub(crate) fn padded(number: &BigUint, length: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    let mut padded = vec![0; length.saturating_sub(bytes.len())];
    padded.extend(bytes);
    padded
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Returns the first two parts of a token.
pub(crate) fn signed_part(token: &str) -> &str {
    token.rsplit_once('.').expect("a token").0
}

/// Returns good claims of a user.
pub(crate) fn user_claims() -> Value {
    json!({
        "iss": "http://localhost:8001",
        "sub": "67e55044-10b1-426f-9247-bb680e5fe0c8",
        "public_id": "67e55044-10b1-426f-9247-bb680e5fe0c8",
        "aud": "api-service",
        "iat": ISSUED,
        "exp": EXPIRES,
        "jti": "0b9b3c9a-54a5-4a64-a8bb-0b1a7bdf5f3a",
        "sid": "b4f2b1c8-66e1-4b43-9f4c-3c1d0c1b3a55",
        "client_id": "first-party",
        "roles": ["user"],
        "pos": 1_700_000_000_000_000_u64,
    })
}

/// Returns good claims of a service.
pub(crate) fn service_claims() -> Value {
    json!({
        "iss": "http://localhost:8001",
        "sub": "reporting",
        "aud": "api-service",
        "iat": ISSUED,
        "exp": EXPIRES,
        "jti": "0b9b3c9a-54a5-4a64-a8bb-0b1a7bdf5f3a",
        "client_id": "reporting",
        "scope": "directory:read events:read",
        "pos": 0,
    })
}

/// Returns the object with one member changed, or added at the end.
pub(crate) fn with(object: &Value, name: &str, value: Value) -> Value {
    let mut changed = object.clone();
    changed[name] = value;
    changed
}

/// Returns the object without one of its members.
pub(crate) fn without(object: &Value, name: &str) -> Value {
    let mut members = object.as_object().expect("an object").clone();
    assert!(members.shift_remove(name).is_some(), "there is no {name}");
    Value::Object(members)
}

pub(crate) fn profile() -> Profile {
    Profile {
        issuer: "http://localhost:8001".into(),
        audiences: vec!["api-service".into()],
        leeway: Duration::seconds(10),
        max_life: Duration::hours(24),
    }
}

pub(crate) fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).expect("a time")
}

/// Checks a token at [`NOW`], as a guard with [`signer`]'s key does.
pub(crate) fn judge(token: &str) -> Result<AccessToken, Reason> {
    judge_at(token, at(NOW))
}

/// Checks a token at another time.
pub(crate) fn judge_at(token: &str, now: OffsetDateTime) -> Result<AccessToken, Reason> {
    let unverified = inspect(token, &profile(), now)?;
    if unverified.kid() != signer().kid() {
        return Err(Reason::Key);
    }
    unverified.verify(&signer().public)
}

/// Fails unless every token is refused for this reason.
pub(crate) fn assert_refused<D: std::fmt::Debug>(
    tokens: impl IntoIterator<Item = (D, String)>,
    reason: Reason,
) {
    let mut count = 0;
    for (what, token) in tokens {
        assert_eq!(judge(&token).err(), Some(reason), "{what:?}");
        count += 1;
    }
    assert!(count > 0, "an empty table proves nothing");
}

/// Fails unless every token is accepted. Used for the controls.
pub(crate) fn assert_taken<D: std::fmt::Debug>(tokens: impl IntoIterator<Item = (D, String)>) {
    let mut count = 0;
    for (what, token) in tokens {
        assert_eq!(judge(&token).err(), None, "{what:?}");
        count += 1;
    }
    assert!(count > 0, "an empty table proves nothing");
}
