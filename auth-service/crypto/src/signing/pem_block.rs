//! The blocks of a PEM file (RFC 7468): their labels and contents.
//!
//! Lines may be of any length, and text around a block is ignored, as `openssl` does. Unlike a
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
    /// Returns the blocks of `text` in order, such as certificates beside a key.
    ///
    /// # Errors
    ///
    /// [`KeyFault::Damaged`] if a block has no end.
    pub(super) fn all(text: &'t str) -> Result<Vec<Self>, KeyFault> {
        let mut blocks = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find(BEGIN) {
            let block = &rest[start + BEGIN.len()..];
            let (label, body) = block.split_once(DASHES).ok_or(KeyFault::Damaged)?;
            let end = format!("-----END {label}-----");
            let (lines, after) = body.split_once(end.as_str()).ok_or(KeyFault::Damaged)?;
            blocks.push(Self { label, lines });
            rest = after;
        }
        Ok(blocks)
    }

    /// Returns true for a private key in any form.
    pub(super) fn is_private_key(&self) -> bool {
        self.label.ends_with("PRIVATE KEY")
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
