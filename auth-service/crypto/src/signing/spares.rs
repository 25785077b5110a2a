//! The next key pair, made ahead of need: a file in the folder of the keys without a record yet. So
//! no rotation and no revocation waits for a pair, and a crash loses nothing.

use std::collections::HashSet;

use super::generation::generate;
use super::key_files::KeyFiles;
use super::private_key::PrivateKey;
use super::rotator::RotationError;
use crate::signing::KeyBits;
use auth_domain::keys::Key;

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
    pub fn take(&self, known: &[Key]) -> Result<PrivateKey, RotationError> {
        match self.find(known)? {
            Some(spare) => Ok(spare),
            None => self.make(),
        }
    }

    /// Makes a spare pair if there is none; returns true if it did.
    pub fn ensure(&self, known: &[Key]) -> Result<bool, RotationError> {
        if self.find(known)?.is_some() {
            return Ok(false);
        }
        self.make().map(|_| true)
    }

    fn find(&self, known: &[Key]) -> Result<Option<PrivateKey>, RotationError> {
        let known: HashSet<&str> = known.iter().map(|key| key.kid.as_str()).collect();
        let unknown = self.files.list()?.into_iter().filter(|kid| !known.contains(kid.as_str()));
        // A file that is damaged, of another size or open to others is not a spare. It is left
        // alone.
        let mut fit = unknown
            .filter_map(|kid| self.files.read(&kid).ok())
            .filter(|spare| spare.bits() == self.bits as usize);
        Ok(fit.next())
    }

    fn make(&self) -> Result<PrivateKey, RotationError> {
        let spare = generate(self.bits)?;
        self.files.keep(&spare)?;
        Ok(spare)
    }
}
