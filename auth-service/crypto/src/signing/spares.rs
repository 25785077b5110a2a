//! The next key pair, made ahead of need: a file in the folder of the keys without a record yet. So
//! no rotation and no revocation waits for a pair, and a crash loses nothing.

use std::collections::HashSet;

use super::generation::generate;
use super::key_files::{FileError, KeyFiles};
use super::private_key::PrivateKey;
use super::signer::SigningError;
use crate::signing::KeyBits;
use auth_domain::keys::Key;

/// The reason for which there is no pair.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    /// The folder of the keys can't be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// No key pair could be made.
    #[error("a key pair could not be made")]
    Generation(#[from] SigningError),
}

/// Finds and makes spare pairs.
#[derive(Debug, Clone)]
pub struct Spares {
    files: KeyFiles,
    bits: KeyBits,
}

impl Spares {
    /// Creates the spare pairs of this size, in the folder of the keys.
    pub fn new(files: KeyFiles, bits: KeyBits) -> Self {
        Self { files, bits }
    }

    /// Returns a spare pair; makes one only if there is none.
    pub fn take(&self, known: &[Key]) -> Result<PrivateKey, PairError> {
        match self.find(known)? {
            Some(spare) => Ok(spare),
            None => self.make(),
        }
    }

    /// Makes a spare pair if there is none; returns true if it did.
    pub fn ensure(&self, known: &[Key]) -> Result<bool, PairError> {
        if self.find(known)?.is_some() {
            return Ok(false);
        }
        self.make().map(|_| true)
    }

    fn find(&self, known: &[Key]) -> Result<Option<PrivateKey>, PairError> {
        let known: HashSet<&str> = known.iter().map(|key| key.kid.as_str()).collect();
        let unknown = self.files.list()?.into_iter().filter(|kid| !known.contains(kid.as_str()));
        // A file that is damaged, of another size or open to others is not a spare. It is left
        // alone.
        let mut fit = unknown
            .filter_map(|kid| self.files.read(&kid).ok())
            .filter(|spare| spare.bits() == self.bits as usize);
        Ok(fit.next())
    }

    fn make(&self) -> Result<PrivateKey, PairError> {
        let spare = generate(self.bits)?;
        self.files.keep(&spare)?;
        Ok(spare)
    }
}
