//! The tokens that are good now, fresh and old ones, and the void tokens of revoked keys.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::chance::Chance;
use super::holder::Minted;

/// A token leaves the pool this long before its end, so that a presented token is good.
const BEFORE_THE_END: Duration = Duration::from_secs(2);

/// The number of tokens of revoked keys that are kept and presented again.
const VOID_KEPT: usize = 200;

/// A token in the pool.
#[derive(Debug, Clone)]
pub struct Token {
    /// The token.
    pub text: Arc<str>,
    /// The key that signed it.
    pub kid: Arc<str>,
    /// The time of the answer that held it.
    pub came: Instant,
    good_until: Instant,
}

/// The pool.
#[derive(Debug)]
pub struct Pool {
    life: Duration,
    tokens: Mutex<Tokens>,
}

#[derive(Debug, Default)]
struct Tokens {
    good: VecDeque<Token>,
    void: VecDeque<Token>,
    /// The times at which the revocation calls were sent.
    revoked: HashMap<Arc<str>, Instant>,
}

impl Pool {
    /// An empty pool for tokens of this life.
    pub fn new(life: Duration) -> Self {
        Self { life, tokens: Mutex::default() }
    }

    fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a token.
    pub fn add(&self, minted: &Minted) {
        let good_until = minted.asked + self.life.saturating_sub(BEFORE_THE_END);
        let (text, kid) = (minted.text.as_str().into(), minted.kid.as_str().into());
        let token = Token { text, kid, came: minted.came, good_until };
        let mut tokens = self.tokens();
        if tokens.revoked.contains_key(&token.kid) {
            tokens.void.push_back(token);
        } else {
            tokens.good.push_back(token);
        }
    }

    /// Picks a token: a void one at times, else as often one of the newest as one of any age.
    pub fn pick(&self, chance: &mut Chance) -> Option<Token> {
        let mut tokens = self.tokens();
        let now = Instant::now();
        while tokens.good.front().is_some_and(|token| token.good_until <= now) {
            tokens.good.pop_front();
        }
        if !tokens.void.is_empty() && chance.once_in(10) {
            let void = chance.below(tokens.void.len());
            return tokens.void.get(void).cloned();
        }
        let count = tokens.good.len();
        let from = if chance.once_in(2) { count.saturating_sub(5) } else { 0 };
        if count == 0 { None } else { tokens.good.get(from + chance.below(count - from)).cloned() }
    }

    /// The newest token.
    pub fn newest(&self) -> Option<Token> {
        self.tokens().good.back().cloned()
    }

    /// Marks this key as revoked from `at` on, the time at which the call is sent.
    pub fn revoke(&self, kid: &str, at: Instant) {
        let mut tokens = self.tokens();
        tokens.revoked.insert(kid.into(), at);
        let (void, good) = tokens.good.drain(..).partition(|token| &*token.kid == kid);
        tokens.good = good;
        let void: VecDeque<Token> = void;
        tokens.void.extend(void);
        let surplus = tokens.void.len().saturating_sub(VOID_KEPT);
        tokens.void.drain(..surplus);
    }

    /// The time at which the revocation call for this key was sent.
    pub fn revoked_at(&self, kid: &str) -> Option<Instant> {
        self.tokens().revoked.get(kid).copied()
    }
}
