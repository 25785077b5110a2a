//! A cache of verified tokens: the second request with a token costs a hash, not a signature.
//!
//! Only good tokens are cached, so a client without one can't evict others. The key is the SHA-256
//! of the whole token: only a collision could return the result of another token.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest;
use lru::LruCache;
use time::OffsetDateTime;

use super::{AccessToken, Profile, Reason};

/// A lock is held for a look-up only. With 16 locks, two cores rarely wait for the same one.
const SHARDS: usize = 16;

type Shard = Mutex<LruCache<TokenHash, Arc<AccessToken>>>;

/// The SHA-256 of a whole token, in the received spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Returns the hash of this token.
    pub fn of(token: &str) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
        Self(hash)
    }
}

/// A bounded cache of verified tokens. It evicts the least recently used token first.
///
/// A hit means that the signature was good. At every hit the caller still checks that the key
/// ([`AccessToken::kid`]) is held and that nothing was revoked.
pub struct Verdicts {
    shards: Box<[Shard]>,
}

impl Verdicts {
    /// Creates a cache of at most about `capacity` tokens (rounded up to a multiple of 16).
    pub fn new(capacity: NonZeroUsize) -> Self {
        let each = NonZeroUsize::MIN.saturating_add(capacity.get().div_ceil(SHARDS) - 1);
        Self { shards: (0..SHARDS).map(|_| Mutex::new(LruCache::sparse(each))).collect() }
    }

    /// Returns the cached token if its times are valid, the reason if they are not, or `None` if it
    /// is not cached. An expired token is removed.
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

    /// Adds a token that was just verified. `hash` must be the hash of that token.
    pub fn insert(&self, hash: TokenHash, token: Arc<AccessToken>) {
        self.lock(&hash).put(hash, token);
    }

    /// Removes all tokens.
    pub fn clear(&self) {
        for shard in &self.shards {
            shard.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    /// Returns the number of cached tokens.
    pub fn len(&self) -> usize {
        let count = |shard: &Shard| shard.lock().unwrap_or_else(PoisonError::into_inner).len();
        self.shards.iter().map(count).sum()
    }

    /// Returns true if the cache is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(
        &self,
        hash: &TokenHash,
    ) -> std::sync::MutexGuard<'_, LruCache<TokenHash, Arc<AccessToken>>> {
        let shard = &self.shards[usize::from(hash.0[0]) % SHARDS];
        // No code under the lock can leave the map half changed.
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Verdicts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Verdicts").field("len", &self.len()).finish_non_exhaustive()
    }
}
