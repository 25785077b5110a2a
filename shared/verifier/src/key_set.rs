//! A fetched key set (RFC 7517 §5), read key by key. A bad key never affects a good one.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::json::Document;
use super::jwk::{JwkError, PublicKey};

/// The longest accepted key set, in bytes.
pub const MAX_KEY_SET_BYTES: usize = 128 * 1024;

/// The largest number of keys in a set, good and bad.
pub const MAX_KEY_SET_KEYS: usize = 100;

/// The result of reading a key set.
#[derive(Debug, Clone)]
pub struct ParsedKeySet {
    /// The usable keys, in the order of the set. There is at least one, and no `kid` twice.
    pub keys: Vec<PublicKey>,
    /// The unusable keys. A [`JwkError::Private`] here should be logged as an error.
    pub dropped: Vec<DroppedKey>,
}

/// A key that is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DroppedKey {
    /// The index of the key in the set, from 0. Its `kid` is not kept, as it can be any text.
    pub index: usize,
    /// The reason.
    pub error: JwkError,
}

/// The reason for which an answer is not a key set. The caller keeps the last good one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// The answer is longer than [`MAX_KEY_SET_BYTES`].
    #[error("the key set is longer than {MAX_KEY_SET_BYTES} bytes")]
    TooLong,
    /// It is not JSON, or not an object with exactly one array `keys`.
    #[error("the answer is not a JSON object with one array `keys`")]
    NotAKeySet,
    /// It has more keys than [`MAX_KEY_SET_KEYS`].
    #[error("the key set lists more than {MAX_KEY_SET_KEYS} keys")]
    TooManyKeys,
    /// It has no key, or no usable key.
    #[error("the key set holds no usable key")]
    NoUsableKey {
        /// The unusable keys.
        dropped: Vec<DroppedKey>,
    },
}

/// The outermost object. serde refuses a second `keys`, but accepts an array for the object.
#[derive(Deserialize)]
struct Listed {
    keys: Vec<Document>,
}

/// Reads a key set. Keys that share a `kid` are all dropped, even if one of them has another error:
/// the `kid` does not identify a single key.
pub fn parse_key_set(bytes: &[u8]) -> Result<ParsedKeySet, KeySetError> {
    if bytes.len() > MAX_KEY_SET_BYTES {
        return Err(KeySetError::TooLong);
    }
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(KeySetError::NotAKeySet);
    }
    let listed: Listed = serde_json::from_slice(bytes).map_err(|_| KeySetError::NotAKeySet)?;
    if listed.keys.len() > MAX_KEY_SET_KEYS {
        return Err(KeySetError::TooManyKeys);
    }

    let judged: Vec<(Option<String>, Result<PublicKey, JwkError>)> =
        listed.keys.iter().map(judge).collect();
    let mut times_given: HashMap<&str, usize> = HashMap::new();
    for (kid, _) in &judged {
        if let Some(kid) = kid {
            *times_given.entry(kid).or_default() += 1;
        }
    }
    let shared: Vec<bool> = judged
        .iter()
        .map(|(kid, _)| kid.as_deref().is_some_and(|kid| times_given.get(kid) > Some(&1)))
        .collect();

    let mut set = ParsedKeySet { keys: Vec::new(), dropped: Vec::new() };
    for (index, ((_, key), shared)) in judged.into_iter().zip(shared).enumerate() {
        match key {
            Ok(_) if shared => set.dropped.push(DroppedKey { index, error: JwkError::SharedKid }),
            Ok(key) => set.keys.push(key),
            Err(error) => set.dropped.push(DroppedKey { index, error }),
        }
    }
    if set.keys.is_empty() {
        return Err(KeySetError::NoUsableKey { dropped: set.dropped });
    }
    Ok(set)
}

/// Returns the given or computed `kid` of a key, and the key itself.
fn judge(document: &Document) -> (Option<String>, Result<PublicKey, JwkError>) {
    let given = document.value.get("kid").and_then(Value::as_str).map(str::to_owned);
    let key = match PublicKey::from_jwk(&document.value) {
        Err(JwkError::Private) => Err(JwkError::Private),
        _ if document.ambiguous => Err(JwkError::Ambiguous),
        key => key,
    };
    let computed = || key.as_ref().ok().map(|key| key.kid().to_owned());
    (given.or_else(computed), key)
}
