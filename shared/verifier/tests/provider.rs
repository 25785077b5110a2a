//! A process that has a provider of its own keeps it, and its verdicts are the same.
//!
//! The provider is one for the process, so this test is a program of its own.
#![expect(clippy::expect_used, reason = "a helper that fails shall end its test")]

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use jsonwebtoken::crypto::CryptoProvider;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use signet_verifier::Reason;

#[path = "verifier/minting.rs"]
#[expect(dead_code, reason = "the tables of the other tests use the rest")]
mod minting;

use minting::{encode, judge, signed_part, signer, user_claims};

static CALLS: AtomicU32 = AtomicU32::new(0);

static OTHER: LazyLock<CryptoProvider> = LazyLock::new(|| CryptoProvider {
    verifier_factory: |algorithm, key| {
        CALLS.fetch_add(1, Ordering::Relaxed);
        (DEFAULT_PROVIDER.verifier_factory)(algorithm, key)
    },
    ..DEFAULT_PROVIDER.clone()
});

#[test]
fn provider_of_the_process_is_used_with_the_same_verdicts() {
    OTHER.install_default().expect("the first provider");
    let token = signer().token(&user_claims());
    judge(&token).expect("a good token");
    let mut signature = signer().sign(signed_part(&token));
    signature[100] ^= 1;
    let changed = format!("{}.{}", signed_part(&token), encode(signature));
    assert_eq!(judge(&changed), Err(Reason::Key));
    assert_eq!(CALLS.load(Ordering::Relaxed), 2);
}
