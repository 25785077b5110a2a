//! One block of a PEM file (RFC 7468): its label and its content.
//!
//! Lines may be of any length, and text around the block is ignored, as `openssl` does. Unlike a
//! strict reader, this one distinguishes the faults of a file.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs8::SecretDocument;
use zeroize::Zeroizing;

use super::key_fault::KeyFault;

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";

/// A complete block.
pub(super) struct PemBlock<'t> {
    pub(super) label: &'t str,
    /// The lines between, header lines included.
    lines: &'t str,
}

impl<'t> PemBlock<'t> {
    /// Returns the first block of `text`, apart from the curve's parameters that `openssl ecparam`
    /// writes before a key.
    pub(super) fn first(text: &'t str) -> Result<Self, KeyFault> {
        let mut rest = text;
        loop {
            let start = rest.find(BEGIN).ok_or(KeyFault::NotAKey)? + BEGIN.len();
            let (label, body) = rest[start..].split_once(DASHES).ok_or(KeyFault::Damaged)?;
            let end = format!("-----END {label}-----");
            let (lines, after) = body.split_once(end.as_str()).ok_or(KeyFault::Damaged)?;
            if label != "EC PARAMETERS" {
                return Ok(Self { label, lines });
            }
            rest = after;
        }
    }

    /// Returns true if the block is encrypted in the way of old OpenSSL (RFC 1421 §4.6.1.1).
    pub(super) fn has_encryption_header(&self) -> bool {
        self.lines.contains("Proc-Type:") || self.lines.contains("DEK-Info:")
    }

    /// Returns the DER document that the block holds.
    pub(super) fn document(&self) -> Result<SecretDocument, KeyFault> {
        let digits: Zeroizing<String> =
            Zeroizing::new(self.lines.chars().filter(|c| !c.is_ascii_whitespace()).collect());
        let bytes = STANDARD.decode(digits.as_bytes()).map(Zeroizing::new);
        let bytes = bytes.map_err(|_| KeyFault::Damaged)?;
        SecretDocument::try_from(bytes.as_slice()).map_err(|_| KeyFault::Damaged)
    }
}
