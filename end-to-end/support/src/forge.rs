//! A signing key that the tests hold. Imported into the issuer, it signs any token, so a test can
//! change one thing of a good token and nothing else.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use getrandom::SysRng;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, PrivateKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::token::encode;

/// A key pair that signs any input.
#[derive(Debug)]
pub struct Forge {
    key: PrivateKey,
    /// The key's RFC 7638 thumbprint.
    pub kid: String,
}

impl Forge {
    /// This test process's imported key. It is made once, since a key pair costs most of a second.
    pub fn known() -> &'static Self {
        static KNOWN: OnceLock<Forge> = OnceLock::new();
        KNOWN.get_or_init(|| Self::generate(2_048))
    }

    /// A fresh pair.
    pub fn generate(bits: usize) -> Self {
        let key = PrivateKey::new(&mut SysRng, bits).expect("a key pair");
        let kid = thumbprint(&encode(key.n_bytes()), &encode(key.e_bytes()));
        Self { key, kid }
    }

    /// The header of an access token of this key.
    pub fn header(&self) -> Value {
        json!({"alg": "RS256", "typ": "at+jwt", "kid": self.kid})
    }

    /// A good token with these claims.
    pub fn mint(&self, claims: &Value) -> String {
        self.sign(self.header().to_string(), claims.to_string())
    }

    /// A signed token with this header and these claims, byte for byte.
    pub fn sign(&self, header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
        self.seal(&format!("{}.{}", encode(header), encode(claims)))
    }

    /// `signing_input` with its signature.
    pub fn seal(&self, signing_input: &str) -> String {
        format!("{signing_input}.{}", encode(self.signature(signing_input.as_bytes())))
    }

    /// An RS256 signature (RFC 8017 §8.2.1).
    pub fn signature(&self, message: &[u8]) -> Vec<u8> {
        let digest = Sha256::digest(message);
        self.key.sign(Pkcs1v15Sign::new::<Sha256>(), &digest).expect("a signature")
    }

    /// The public key as a JWK.
    pub fn jwk(&self) -> Value {
        json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid,
            "n": encode(self.key.n_bytes()), "e": encode(self.key.e_bytes())})
    }

    /// The private key as PEM (PKCS#1), the input of a minting library.
    pub fn private_pem(&self) -> String {
        self.key.to_pkcs1_pem(LineEnding::LF).expect("PEM").to_string()
    }

    /// The public key as PEM (`SubjectPublicKeyInfo`, RFC 7468 §13).
    pub fn public_pem(&self) -> String {
        self.key.as_public_key().to_public_key_pem(LineEnding::LF).expect("PEM")
    }

    /// Writes the private key as `ssh-keygen -m PEM` does (PKCS#1), readable by the owner alone.
    pub fn write_to(&self, folder: &Path) -> PathBuf {
        let path = folder.join(format!("{}.pem", self.kid));
        write_private(&path, &self.private_pem());
        path
    }

    /// The secret lines of the private key's text, in both forms. None may appear in a log. The
    /// first lines hold the modulus, which is public, and the last one may be any short word.
    pub fn private_lines(&self) -> Vec<String> {
        let one = self.key.to_pkcs1_pem(LineEnding::LF).expect("PEM");
        let eight = self.key.to_pkcs8_pem(LineEnding::LF).expect("PEM");
        let secret = |pem: &str| -> Vec<String> {
            pem.lines().skip(8).filter(|line| line.len() == 64).map(Into::into).collect()
        };
        [secret(&one), secret(&eight)].concat()
    }
}

/// The thumbprint of an RSA key (RFC 7638 §3.2).
pub fn thumbprint(n: &str, e: &str) -> String {
    encode(Sha256::digest(format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#)))
}

/// Writes a file that only its owner may read.
pub fn write_private(path: &Path, text: &str) {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::File::options();
    let mut file =
        options.write(true).create(true).truncate(true).mode(0o600).open(path).expect("a file");
    file.write_all(text.as_bytes()).expect("written");
}
