//! The cache of verified tokens never returns the result of another token or of another time.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::json;
use signet_verifier::{AccessToken, Reason, TokenHash, Verdicts};

use crate::minting::{
    EXPIRES, ISSUED, NOW, at, judge, profile, signed_part, signer, user_claims, with,
};

fn cache(capacity: usize) -> Verdicts {
    Verdicts::new(NonZeroUsize::new(capacity).expect("a capacity"))
}

fn numbered(number: usize) -> (TokenHash, Arc<AccessToken>) {
    let text = signer().token(&with(&user_claims(), "pos", json!(number)));
    (TokenHash::of(&text), Arc::new(judge(&text).expect("a good token")))
}

#[test]
fn cache_hit_returns_the_verified_token() {
    let (cache, (hash, token)) = (cache(16), numbered(1));
    assert!(cache.get(&hash, &profile(), at(NOW)).is_none() && cache.is_empty());
    cache.insert(hash, Arc::clone(&token));
    let hit = cache.get(&hash, &profile(), at(NOW)).expect("a hit").expect("of this time");
    assert!(Arc::ptr_eq(&hit, &token));
}

#[test]
fn token_with_a_shared_part_or_id_is_no_hit() {
    let cache = cache(16);
    let kept = signer().token(&user_claims());
    cache.insert(TokenHash::of(&kept), Arc::new(judge(&kept).expect("a good token")));
    let forged = with(&user_claims(), "roles", json!(["user", "admin"]));
    let signature = kept.rsplit_once('.').expect("a token").1;
    for other in [
        signer().token(&forged),
        format!("{}.{signature}", signed_part(&signer().token(&forged))),
        format!("{}.", signed_part(&kept)),
        format!("{kept}="),
        format!("{kept} "),
        kept[..kept.len() - 1].to_owned(),
        kept.to_uppercase(),
        String::new(),
    ] {
        assert!(cache.get(&TokenHash::of(&other), &profile(), at(NOW)).is_none(), "{other}");
    }
    assert!(cache.get(&TokenHash::of(&kept), &profile(), at(NOW)).is_some());
}

#[test]
fn a_kept_token_expires_like_any_other_and_is_forgotten() {
    let (cache, (hash, token)) = (cache(16), numbered(1));
    cache.insert(hash, token);
    let get = |seconds| cache.get(&hash, &profile(), at(seconds)).map(|hit| hit.map(drop));
    assert_eq!(get(EXPIRES + 9), Some(Ok(())));
    assert_eq!(get(ISSUED - 11), Some(Err(Reason::Future)));
    assert_eq!(get(NOW), Some(Ok(())), "a clock set back and forth loses nothing");
    assert_eq!(get(EXPIRES + 10), Some(Err(Reason::Expired)));
    assert_eq!(get(NOW), None);
}

#[test]
fn cleared_cache_has_no_hit() {
    let (cache, one, two) = (cache(64), numbered(1), numbered(2));
    let held = |hash| cache.get(hash, &profile(), at(NOW)).is_some();
    cache.insert(one.0, one.1);
    cache.insert(two.0, two.1);
    assert!(held(&one.0) && held(&two.0));
    cache.clear();
    assert!(!held(&one.0) && !held(&two.0) && cache.is_empty());
}

#[test]
fn cache_is_bounded_and_drops_unused_tokens() {
    let cache = cache(32);
    let (favourite, token) = numbered(0);
    cache.insert(favourite, token);
    for number in 1..400 {
        let (hash, token) = numbered(number);
        cache.insert(hash, token);
        assert!(cache.get(&favourite, &profile(), at(NOW)).is_some(), "after {number}");
        assert!(cache.len() <= 32);
    }
    assert!(cache.len() > 16);
}

#[test]
fn many_threads_never_see_another_tokens_answer() {
    let cache = cache(64);
    let tokens: Vec<_> = (0..128).map(numbered).collect();
    let hits = AtomicUsize::new(0);
    thread::scope(|scope| {
        for thread in 0..4 {
            let (cache, tokens, hits) = (&cache, &tokens, &hits);
            scope.spawn(move || {
                for round in 0..20_000 {
                    let (hash, token) = &tokens[(round * (thread * 2 + 1) + thread) % tokens.len()];
                    match cache.get(hash, &profile(), at(NOW)) {
                        Some(hit) => {
                            assert_eq!(hit.expect("of this time").pos, token.pos);
                            hits.fetch_add(1, Ordering::Relaxed);
                        }
                        None => cache.insert(*hash, Arc::clone(token)),
                    }
                }
            });
        }
    });
    assert!(hits.load(Ordering::Relaxed) > 0, "a cache that never hits proves nothing");
}
