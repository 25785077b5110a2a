//! One private key, checked: it is always an RSA key that is fit for RS256.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::BoxedUint;
use rsa::pkcs1::{DecodeRsaPrivateKey, RsaPrivateKeyRef, der::Decode};
use rsa::pkcs8::{EncodePublicKey, LineEnding, PrivateKeyInfoRef, SecretDocument};
use signet_contract::jwks::PublicJwk;
use signet_files::text::{self, TextError};
use signet_verifier::{PublicKey, SigningKey};
use zeroize::Zeroizing;

use super::key_fault::KeyFault;
use super::pem_block::PemBlock;

const PKCS1: &str = "RSA PRIVATE KEY";
const PKCS8: &str = "PRIVATE KEY";

/// A size in bytes that no key of 4096 bits reaches.
pub(super) const LARGEST_FILE: usize = 64 * 1024;

/// A private key that may sign. Its `Debug` shows only the public half.
pub struct PrivateKey {
    pem: Zeroizing<String>,
    public: PublicKey,
    signing: SigningKey,
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey").field("kid", &self.kid()).finish_non_exhaustive()
    }
}

impl PrivateKey {
    /// Reads the one private key in a PEM file: PKCS#1 or PKCS#8, not encrypted. Certificates, public
    /// keys and text may stand around it.
    pub fn from_pem(file: &[u8]) -> Result<Self, KeyFault> {
        if is_pkcs12(file) {
            return Err(KeyFault::Pkcs12);
        }
        if file.len() > LARGEST_FILE {
            return Err(KeyFault::TooLarge);
        }
        // Every DER key begins with 0x30.
        if file.first() == Some(&0x30) {
            return Err(KeyFault::Binary);
        }
        let text = text::decode(file).map_err(|fault| match fault {
            TextError::Utf16 => KeyFault::Utf16,
            TextError::NotUtf8 => KeyFault::Binary,
        })?;
        if text.trim_start().starts_with("ssh-") || text.trim_start().starts_with("ecdsa-") {
            return Err(KeyFault::Public);
        }
        let blocks = PemBlock::all(text)?;
        let mut private = blocks.iter().filter(|block| block.is_private_key());
        match (private.next(), private.next()) {
            (Some(block), None) => Self::from_block(block),
            (Some(_), Some(_)) => Err(KeyFault::SeveralKeys),
            (None, _) => Err(blocks.iter().find_map(public_fault).unwrap_or(KeyFault::NotAKey)),
        }
    }

    fn from_block(block: &PemBlock<'_>) -> Result<Self, KeyFault> {
        match block.label {
            PKCS1 if block.has_encryption_header() => Err(KeyFault::Encrypted),
            PKCS1 => {
                let document = block.document()?;
                Self::checked(PKCS1, &document, document.as_bytes())
            }
            PKCS8 => Self::from_pkcs8(&block.document()?),
            "ENCRYPTED PRIVATE KEY" => Err(KeyFault::Encrypted),
            "OPENSSH PRIVATE KEY" => Err(KeyFault::OpenSsh),
            "EC PRIVATE KEY" => Err(KeyFault::OtherKind("EC")),
            "DSA PRIVATE KEY" => Err(KeyFault::OtherKind("DSA")),
            _ => Err(KeyFault::NotAKey),
        }
    }

    /// Reads the key in a PKCS#8 document, such as a new one.
    pub(super) fn from_pkcs8(document: &SecretDocument) -> Result<Self, KeyFault> {
        let info: PrivateKeyInfoRef<'_> = document.decode_msg().map_err(|_| KeyFault::Damaged)?;
        match info.algorithm.oid.to_string().as_str() {
            "1.2.840.113549.1.1.1" => {}
            "1.2.840.113549.1.1.10" => return Err(KeyFault::OtherKind("RSA for PSS alone")),
            "1.2.840.10045.2.1" => return Err(KeyFault::OtherKind("EC")),
            "1.3.101.112" => return Err(KeyFault::OtherKind("Ed25519")),
            _ => return Err(KeyFault::OtherKind("not RSA")),
        }
        Self::checked(PKCS8, document, info.private_key.as_bytes())
    }

    /// Checks the numbers of an RSA private key (RFC 8017 §A.1.2). Each possible fault has its own
    /// error.
    fn checked(
        label: &'static str,
        document: &SecretDocument,
        pkcs1: &[u8],
    ) -> Result<Self, KeyFault> {
        let numbers = RsaPrivateKeyRef::from_der(pkcs1).map_err(|_| KeyFault::Damaged)?;
        if numbers.other_prime_infos.is_some() {
            return Err(KeyFault::ManyPrimes);
        }
        let (n, e) = (numbers.modulus.as_bytes(), numbers.public_exponent.as_bytes());
        let bits = n.first().map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize);
        match bits {
            0..2048 => return Err(KeyFault::TooShort(bits)),
            2048..=4096 => {}
            _ => return Err(KeyFault::TooLong(bits)),
        }
        let public = PublicKey::from_components(n, e).map_err(|_| KeyFault::Exponent)?;
        // This checks the primes and the private exponent; aws-lc-rs checks the rest.
        rsa::PrivateKey::from_pkcs1_der(pkcs1).map_err(|_| KeyFault::Inconsistent)?;
        let signing = SigningKey::from_pkcs1(pkcs1).map_err(|_| KeyFault::Inconsistent)?;
        let pem = document.to_pem(label, LineEnding::LF).map_err(|_| KeyFault::Damaged)?;
        Ok(Self { pem, public, signing })
    }

    /// Returns the RFC 7638 thumbprint.
    pub fn kid(&self) -> &str {
        self.public.kid()
    }

    /// Returns the key as it is published.
    pub fn public(&self) -> PublicJwk {
        self.public.to_jwk()
    }

    /// Returns the size of its modulus in bits.
    pub fn bits(&self) -> usize {
        self.signing.pair.public_modulus_len() * 8
    }

    /// Returns the key as a PEM file, in the form in which it was read.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    pub(super) fn into_signing(self) -> SigningKey {
        self.signing
    }
}

/// Returns the fault of a block that holds only a public key.
fn public_fault(block: &PemBlock<'_>) -> Option<KeyFault> {
    match block.label {
        "PUBLIC KEY" | "RSA PUBLIC KEY" | "SSH2 PUBLIC KEY" => Some(KeyFault::Public),
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => Some(KeyFault::Certificate),
        _ => None,
    }
}

/// Returns true for a PKCS#12 file (RFC 7292 §4): a DER or BER SEQUENCE of version 3 and another
/// SEQUENCE. A private key has version 0 or 1.
fn is_pkcs12(file: &[u8]) -> bool {
    let [0x30, length, rest @ ..] = file else { return false };
    let more = if *length > 0x80 { usize::from(length & 0x7f) } else { 0 };
    rest.get(more..).is_some_and(|content| content.starts_with(&[0x02, 0x01, 0x03, 0x30]))
}

/// Returns the public key of this modulus and exponent (base64url) as PEM (RFC 5280 §4.1
/// `SubjectPublicKeyInfo`), as `openssl rsa -pubout` prints it; `None` if they are no key.
pub fn public_pem(n: &str, e: &str) -> Option<String> {
    let number = |text: &str| {
        URL_SAFE_NO_PAD.decode(text).ok().map(|bytes| BoxedUint::from_be_slice_vartime(&bytes))
    };
    let key = rsa::PublicKey::new(number(n)?, number(e)?).ok()?;
    key.to_public_key_pem(LineEnding::LF).ok()
}
