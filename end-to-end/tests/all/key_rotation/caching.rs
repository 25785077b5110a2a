//! What caches are told of the key set.

use std::time::{Duration, Instant};

use end_to_end::drill::pacer::Pacer;
use end_to_end::pair::Pair;

use super::LIMIT;

const MAX_AGE: u64 = 10;

/// The schedule publishes the next key two `max-age`s before 40 s are over.
#[test]
fn nobody_is_told_to_keep_the_set_beyond_a_publication_that_is_scheduled() {
    let mut pair = Pair::prepare();
    pair.set("AUTH_KEY_ROTATION_EVERY", "40s");
    pair.set("AUTH_JWKS_MAX_AGE", &format!("{MAX_AGE}s"));
    pair.auth.start();
    let began = Instant::now();
    let mut pacer = Pacer::every(Duration::from_millis(100));
    let mut told = Vec::new();
    let changed = loop {
        pacer.wait();
        let asked = Instant::now();
        let answer = pair.auth.get("/.well-known/jwks.json").send().expect(200);
        let max_age = answer
            .header("cache-control")
            .split(", ")
            .find_map(|one| one.strip_prefix("max-age=")?.parse().ok())
            .expect("a max-age");
        assert!(max_age <= MAX_AGE, "{max_age}");
        if answer.json()["keys"].as_array().is_some_and(|keys| keys.len() == 2) {
            assert_eq!(max_age, MAX_AGE, "nothing else is scheduled");
            break Instant::now();
        }
        told.push((asked, Duration::from_secs(max_age)));
        assert!(began.elapsed() < LIMIT, "the next key is never published");
    };
    for (asked, max_age) in &told {
        let kept = *asked + *max_age;
        assert!(kept <= changed, "kept {:?} beyond the change", kept - changed);
    }
    let shortened = told.iter().filter(|(_, max_age)| max_age.as_secs() < MAX_AGE).count();
    assert!(shortened > 0, "the time before the change was looked at");
}
