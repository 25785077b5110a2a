//! A process that has a provider of its own keeps it, and its verdicts are the same.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use jsonwebtoken::crypto::CryptoProvider;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use signet_verifier::Reason;

use crate::minting::{encode, judge, signed_part, signer, user_claims};

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
    // nextest runs each test in a process of its own.
    OTHER.install_default().expect("the first provider");
    let token = signer().token(&user_claims());
    judge(&token).expect("a good token");
    let mut signature = signer().sign(signed_part(&token));
    signature[100] ^= 1;
    let changed = format!("{}.{}", signed_part(&token), encode(signature));
    assert_eq!(judge(&changed), Err(Reason::Key));
    assert_eq!(CALLS.load(Ordering::Relaxed), 2);
}
