//! A public key as `openssl rsa -pubout` prints it: `SubjectPublicKeyInfo` in PEM (RFC 5280 §4.1).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::BoxedUint;
use rsa::pkcs8::{EncodePublicKey, LineEnding};

/// Returns the key of this modulus and exponent (base64url) as PEM; `None` if they are no key.
pub fn public_pem(n: &str, e: &str) -> Option<String> {
    let number = |text: &str| {
        URL_SAFE_NO_PAD.decode(text).ok().map(|bytes| BoxedUint::from_be_slice_vartime(&bytes))
    };
    let key = rsa::PublicKey::new(number(n)?, number(e)?).ok()?;
    key.to_public_key_pem(LineEnding::LF).ok()
}
