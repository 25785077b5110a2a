//! Access tokens as the guard judges them. Each test changes one thing of a good token, signed
//! with the issuer's own active key, and shows the good one beside it.

mod claims;
mod encoding;
mod header;
mod keys;
mod presentation;
mod signature;
mod structure;
mod times;
mod verdicts;

use end_to_end::forge::Forge;
use end_to_end::pair::{Pair, good_claims};
use serde_json::Value;

/// A running pair whose active key the test holds.
struct Bench {
    pair: Pair,
    forge: &'static Forge,
    /// The claims of a good token.
    claims: Value,
}

impl Bench {
    fn start() -> Self {
        let pair = Pair::start_forged(&[]);
        let claims = good_claims(&pair);
        let bench = Self { pair, forge: Forge::known(), claims };
        bench.accepts_the_good_one();
        bench
    }

    /// The control of every test: what the changed tokens were made of is good.
    #[track_caller]
    fn accepts_the_good_one(&self) {
        self.pair.accepts("the unchanged token", &self.forge.mint(&self.claims));
    }

    /// A token with this header and the good claims.
    fn with_header(&self, header: impl AsRef<[u8]>) -> String {
        self.forge.sign(header, self.claims.to_string())
    }

    /// A token with the good header and these claims.
    fn with_claims(&self, claims: impl AsRef<[u8]>) -> String {
        self.forge.sign(self.forge.header().to_string(), claims)
    }

    #[track_caller]
    fn accepts(&self, why: &str, token: &str) {
        self.pair.accepts(why, token);
    }

    #[track_caller]
    fn refuses(&self, why: &str, token: &str) {
        self.pair.refuses(why, token);
    }

    #[track_caller]
    fn refuses_as(&self, word: &str, why: &str, token: &str) {
        self.pair.refuses_as(word, why, token);
    }
}
