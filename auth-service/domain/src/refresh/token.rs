//! The refresh token itself: 512 random bits, of which only hashes are stored.
//!
//! The first half stays the same within a session and identifies it; the second half changes at
//! each use. A known first half with an old second half is a token that was used before. So one row
//! for each session detects every used token of it, after any number of refreshes.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Bytes of each half.
const HALF: usize = 32;

/// A refresh token, as the client holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken(Zeroizing<[u8; 2 * HALF]>);

/// No random numbers, or no cryptography: a fault of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a refresh token could not be made")]
pub struct RefreshTokenError;

impl RefreshToken {
    /// Makes the first token of a session.
    pub fn fresh() -> Result<Self, RefreshTokenError> {
        let mut bytes = Zeroizing::new([0; 2 * HALF]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| RefreshTokenError)?;
        Ok(Self(bytes))
    }

    /// Makes the token that follows this one.
    pub fn successor(&self) -> Result<Self, RefreshTokenError> {
        let mut next = self.clone();
        getrandom::fill(&mut next.0[HALF..]).map_err(|_| RefreshTokenError)?;
        Ok(next)
    }

    /// Parses a token; returns `None` if the text is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        let mut token = Zeroizing::new([0; 2 * HALF]);
        if bytes.len() != token.len() {
            return None;
        }
        token.copy_from_slice(&bytes);
        Some(Self(token))
    }

    /// Returns the text that the client is sent.
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0.as_slice()))
    }

    /// Returns the hash that finds the session.
    pub fn family(&self) -> [u8; 32] {
        Sha256::digest(&self.0[..HALF]).into()
    }

    /// Returns the hash of the whole token, as it is stored.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_slice()).into()
    }

    /// Seals a successor, so that this token alone can open it.
    pub fn seal(&self, successor: &Self) -> Result<Vec<u8>, RefreshTokenError> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| RefreshTokenError)?;
        let mut text = Zeroizing::new(successor.0[HALF..].to_vec());
        let tag = self
            .sealing_key()?
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::empty(),
                text.as_mut_slice(),
            )
            .map_err(|_| RefreshTokenError)?;
        Ok([&nonce[..], text.as_slice(), tag.as_ref()].concat())
    }

    /// Opens the result of [`Self::seal`]; returns `None` if another token sealed it.
    pub fn unseal(&self, sealed: &[u8]) -> Option<Self> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut rest = Zeroizing::new(rest.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let key = self.sealing_key().ok()?;
        let opened = key.open_in_place(nonce, Aad::empty(), rest.as_mut_slice()).ok()?;
        let mut successor = self.clone();
        if opened.len() != HALF {
            return None;
        }
        successor.0[HALF..].copy_from_slice(opened);
        Some(successor)
    }

    fn sealing_key(&self) -> Result<LessSafeKey, RefreshTokenError> {
        let secret = Salt::new(HKDF_SHA256, b"signet").extract(self.0.as_slice());
        let key = secret.expand(&[b"refresh token successor"], &AES_256_GCM);
        key.map(|key| LessSafeKey::new(UnboundKey::from(key))).map_err(|_| RefreshTokenError)
    }
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RefreshToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_is_parsed_as_written_and_has_512_random_bits() {
        let (one, other) = (RefreshToken::fresh().unwrap(), RefreshToken::fresh().unwrap());
        assert_ne!(one, other);
        assert_ne!(one.family(), other.family());
        assert_eq!(RefreshToken::parse(&one.text()), Some(one.clone()));
        assert_eq!(one.text().len(), 86);
        assert_eq!(format!("{one:?}"), "RefreshToken(..)");
        let text = one.text().to_string();
        for bad in ["", "x", &text[1..], &format!("{text}="), &format!("{text}A"), &text[..64]] {
            assert_eq!(RefreshToken::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn successor_has_the_same_family_and_another_hash() {
        let one = RefreshToken::fresh().unwrap();
        let next = one.successor().unwrap();
        assert_eq!(next.family(), one.family());
        assert_ne!(next.hash(), one.hash());
        assert_ne!(next, one.successor().unwrap());
    }

    #[test]
    fn sealed_successor_opens_only_with_its_token() {
        let one = RefreshToken::fresh().unwrap();
        let next = one.successor().unwrap();
        let sealed = one.seal(&next).unwrap();
        assert_eq!(one.unseal(&sealed), Some(next.clone()));
        assert_eq!(next.unseal(&sealed), None);
        let hidden = &next.0[HALF..];
        assert!(!sealed.windows(HALF).any(|window| window == hidden));
        for end in [0, NONCE_LEN, sealed.len() - 1] {
            assert_eq!(one.unseal(&sealed[..end]), None);
        }
    }
}
