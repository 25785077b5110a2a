//! The key set as it is served: built once for each change, not for each request.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use signet_contract::jwks::{KeySet, PublicJwk};
use signet_verifier::PublicKey;
use time::{Duration, OffsetDateTime};

use auth_domain::keys::{Key, KeyPolicy, next_to_leave};

/// The published key set.
#[derive(Debug, Clone)]
pub struct PublishedSet {
    /// The body of the answer.
    pub json: Arc<[u8]>,
    /// The strong `ETag` (RFC 9110 §8.8.3), quotes included.
    pub etag: String,
    /// The keys, for the issuer's own verifier.
    pub keys: Vec<PublicKey>,
    max_age: Duration,
    /// The time at which a key leaves the set by itself.
    shrinks_at: Option<OffsetDateTime>,
}

impl PublishedSet {
    /// Returns the set of those `keys` that are published, oldest first.
    pub(super) fn of(keys: &[Key], policy: &KeyPolicy) -> Self {
        let published = keys.iter().filter(|key| key.state.published());
        let jwk = |key: &Key| PublicJwk::rs256(key.kid.clone(), key.n.clone(), key.e.clone());
        let set = KeySet { keys: published.map(jwk).collect() };
        let json = serde_json::to_vec(&set).unwrap_or_default();
        let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(Sha256::digest(&json)));
        let own = set.keys.iter().filter_map(|jwk| {
            let jwk = serde_json::to_value(jwk).ok()?;
            PublicKey::from_jwk(&jwk).ok()
        });
        Self {
            json: json.into(),
            etag,
            keys: own.collect(),
            max_age: policy.jwks_max_age,
            shrinks_at: next_to_leave(keys, policy),
        }
    }

    /// Returns the key with this thumbprint.
    pub fn key(&self, kid: &str) -> Option<&PublicKey> {
        self.keys.iter().find(|key| key.kid() == kid)
    }

    /// Returns the `max-age` at `now`, in seconds: it ends when a key leaves the set.
    pub fn max_age(&self, now: OffsetDateTime) -> u64 {
        let until = self.shrinks_at.map_or(self.max_age, |at| self.max_age.min(at - now));
        until.whole_seconds().max(0).unsigned_abs()
    }
}
