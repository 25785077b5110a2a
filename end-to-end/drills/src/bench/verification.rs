//! The cost of a token that the guard sees for the first time, on one core.

use std::cell::RefCell;
use std::hint::black_box;
use std::time::Instant;

use aws_lc_rs::signature::ParsedPublicKey;
use signet_guard::testing::TestIssuer;

use super::Plan;
use super::comparison::{Goal, Row};
use super::limits::Signer;

/// The row of tokens that a guard sees for the first time, on one core.
pub fn new_tokens(plan: &Plan<'_>, count: usize) -> Row {
    let issuer = TestIssuer::new("https://login.example.org");
    let guard = issuer.guard(&["orders"]);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let rounds = plan.rounds.max(1) + 1;
    // The guard keeps verdicts, so each round has tokens of its own.
    let tokens = |_| (0..count).map(|_| issuer.user().token()).collect::<Vec<_>>();
    let fresh = RefCell::new((0..rounds).map(tokens).collect::<Vec<_>>());

    let signer = Signer::new(2_048);
    let key = signer.public_key();
    let texts = signed_texts(&issuer, count, &signer);

    plan.compare(
        "A token that is new to the guard, one core",
        "aws-lc-rs with a parsed key",
        Goal::Ratio(0.85),
        || {
            let tokens = fresh.borrow_mut().pop().expect("tokens for every round");
            let began = Instant::now();
            runtime.block_on(async {
                for token in &tokens {
                    black_box(guard.admit(token).await).expect("a good token");
                }
            });
            tokens.len() as f64 / began.elapsed().as_secs_f64()
        },
        || verifications(&key, &texts),
    )
}

/// Signed parts of tokens with signatures.
fn signed_texts(issuer: &TestIssuer, count: usize, signer: &Signer) -> Vec<(String, Vec<u8>)> {
    let sign = |_| {
        let token = issuer.user().token();
        let (text, _) = token.rsplit_once('.').expect("a token");
        (text.to_owned(), signer.sign(text.as_bytes()))
    };
    (0..count).map(sign).collect()
}

/// The verifications per second on one core.
fn verifications(key: &ParsedPublicKey, signed: &[(String, Vec<u8>)]) -> f64 {
    let began = Instant::now();
    for (text, signature) in signed {
        key.verify_sig(text.as_bytes(), signature).expect("a good signature");
    }
    signed.len() as f64 / began.elapsed().as_secs_f64()
}
