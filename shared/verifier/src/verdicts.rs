//! Tokens already verified: the second request with the same token costs a hash, not a signature.
//!
//! Only good tokens are kept, so that nobody without one can push others out. What is kept is
//! keyed by SHA-256 of the whole token: that one token gets another's answer would take a
//! collision.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest;
use lru::LruCache;
use time::OffsetDateTime;

use super::{AccessToken, Profile, Reason};

/// Locks are held for a look-up only; with this many of them two cores rarely meet at one.
const SHARDS: usize = 16;

type Shard = Mutex<LruCache<TokenHash, Arc<AccessToken>>>;

/// SHA-256 of a whole token, in the spelling in which it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of this token.
    pub fn of(token: &str) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
        Self(hash)
    }
}

/// A bounded cache of verified tokens; the least recently used goes first.
///
/// A hit says that the signature was good. The caller still checks, at every hit, that the key
/// ([`AccessToken::kid`]) is held and that nothing was revoked.
pub struct Verdicts {
    shards: Box<[Shard]>,
}

impl Verdicts {
    /// A cache of at most about `capacity` tokens (rounded up to a multiple of 16).
    pub fn new(capacity: NonZeroUsize) -> Self {
        let each = NonZeroUsize::MIN.saturating_add(capacity.get().div_ceil(SHARDS) - 1);
        Self { shards: (0..SHARDS).map(|_| Mutex::new(LruCache::sparse(each))).collect() }
    }

    /// The verified token, if it is kept, and whether it is of this time. One whose time is over
    /// is forgotten.
    pub fn get(
        &self,
        hash: &TokenHash,
        profile: &Profile,
        now: OffsetDateTime,
    ) -> Option<Result<Arc<AccessToken>, Reason>> {
        let mut shard = self.lock(hash);
        let token = Arc::clone(shard.get(hash)?);
        if let Err(reason) = token.check_times(profile, now) {
            if reason == Reason::Expired {
                shard.pop(hash);
            }
            return Some(Err(reason));
        }
        Some(Ok(token))
    }

    /// Keeps a token that was just verified. `hash` must be that of its own text.
    pub fn insert(&self, hash: TokenHash, token: Arc<AccessToken>) {
        self.lock(&hash).put(hash, token);
    }

    /// Forgets all tokens.
    pub fn clear(&self) {
        for shard in &self.shards {
            shard.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    /// How many tokens are kept.
    pub fn len(&self) -> usize {
        let count = |shard: &Shard| shard.lock().unwrap_or_else(PoisonError::into_inner).len();
        self.shards.iter().map(count).sum()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(
        &self,
        hash: &TokenHash,
    ) -> std::sync::MutexGuard<'_, LruCache<TokenHash, Arc<AccessToken>>> {
        let shard = &self.shards[usize::from(hash.0[0]) % SHARDS];
        // Nothing that runs under the lock can leave the map half changed.
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Verdicts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Verdicts").field("len", &self.len()).finish_non_exhaustive()
    }
}
