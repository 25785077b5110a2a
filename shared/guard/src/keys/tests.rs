//! Tests of the key cache with a scripted issuer, in paused time: no real waits, and every fetch is
//! counted.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use time::macros::datetime;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::fetch::{Ask, FetchError, Fetched, KeySource};
use super::{KeyCache, NotFound, Owner};
use crate::pace::Pace;
use crate::stop::Stop;
use crate::store::GuardStore;
use crate::{FileStore, MAX_STALENESS};
use signet_contract::clock::ManualClock;
use signet_verifier::PublicKey;

/// A key that verifies nothing: any odd number of the right length is enough.
fn key(name: u8) -> PublicKey {
    let mut modulus = [name | 1; 256];
    modulus[0] = 0x80;
    modulus[1] = name;
    let jwk = json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode(modulus), "e": "AQAB"});
    PublicKey::from_jwk(&jwk).expect("a key")
}

/// The issuer's keys and delay, and the requests that it received.
#[derive(Default)]
struct Issuer {
    keys: Mutex<Vec<PublicKey>>,
    down: AtomicBool,
    delay: Mutex<Duration>,
    asked: Mutex<Vec<(Instant, Ask)>>,
}

impl Issuer {
    fn serve(&self, keys: &[&PublicKey]) {
        *self.keys.lock().expect("whole") = keys.iter().copied().cloned().collect();
    }

    fn asked(&self) -> Vec<(Instant, Ask)> {
        self.asked.lock().expect("whole").clone()
    }
}

struct Source(Arc<Issuer>);

impl KeySource for Source {
    async fn fetch(&self, ask: Ask) -> Result<Fetched, FetchError> {
        // The set is the one at the time of the request, even if the answer takes long.
        let keys = self.0.keys.lock().expect("whole").clone();
        let delay = *self.0.delay.lock().expect("whole");
        self.0.asked.lock().expect("whole").push((Instant::now(), ask));
        sleep(delay).await;
        if self.0.down.load(Ordering::SeqCst) {
            return Err(FetchError::new("down"));
        }
        let (text, etag, max_age) = (String::new(), None, Duration::from_secs(60));
        Ok(Fetched::Set { keys, text, etag, max_age })
    }
}

/// A cache with a running owner, and its issuer.
struct Setup {
    issuer: Arc<Issuer>,
    cache: Arc<KeyCache>,
    _folder: tempfile::TempDir,
    _stop: watch::Sender<bool>,
}

async fn setup(keys: &[&PublicKey]) -> Setup {
    let issuer = Arc::new(Issuer::default());
    issuer.serve(keys);
    let folder = tempfile::tempdir().expect("a folder");
    let store: Arc<dyn GuardStore> =
        Arc::new(FileStore::open(folder.path().join("state")).expect("a store"));
    let clock = Arc::new(ManualClock::at(datetime!(2026-01-02 03:04:05 UTC)));
    let cache = Arc::new(KeyCache::new(Vec::new(), None, []));
    let source = Source(Arc::clone(&issuer));
    let stop = watch::Sender::new(false);
    let pace = Pace::of(MAX_STALENESS);
    let owner = Owner::new(Arc::clone(&cache), source, store, clock, None, pace);
    tokio::spawn(owner.run(Stop::of(&stop)));
    let mut changes = cache.changes();
    changes.wait_for(|count| *count > 0).await.expect("the first fetch");
    Setup { issuer, cache, _folder: folder, _stop: stop }
}

impl Setup {
    fn unknown_fetches(&self) -> u64 {
        self.cache.counts().0[1].1
    }

    fn polls(&self) -> u64 {
        self.cache.counts().0[0].1
    }

    fn find(&self, kid: &str) -> tokio::task::JoinHandle<Result<PublicKey, NotFound>> {
        let (cache, kid) = (Arc::clone(&self.cache), kid.to_owned());
        tokio::spawn(async move { cache.find(&kid).await })
    }
}

#[tokio::test(start_paused = true)]
async fn the_set_is_polled_at_about_half_its_max_age() {
    let setup = setup(&[&key(1)]).await;
    sleep(Duration::from_secs(10 * 60)).await;
    assert!((20..=26).contains(&setup.polls()), "{}", setup.polls());
    let asked = setup.issuer.asked();
    assert!(asked.iter().all(|(_, ask)| !ask.past_caches));
    let pauses: std::collections::BTreeSet<_> =
        asked.windows(2).map(|two| two[1].0 - two[0].0).collect();
    assert!(pauses.len() > 5, "with jitter: {pauses:?}");
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_unknown_kids_cause_few_fetches_and_delay_no_new_key() {
    let (old, new) = (key(1), key(2));
    let setup = setup(&[&old]).await;
    *setup.issuer.delay.lock().expect("whole") = Duration::from_millis(20);
    let began = Instant::now();
    let mut asked = Vec::new();
    for number in 0..10_000 {
        asked.push(setup.find(&format!("made-up-{number}")));
        sleep(Duration::from_millis(1)).await;
        assert!(setup.cache.find(old.kid()).await.is_ok());
        if number == 5_000 {
            setup.issuer.serve(&[&old, &new]);
            setup.cache.announce(new.kid());
            let found = timeout(Duration::from_millis(500), setup.find(new.kid())).await;
            assert!(found.expect("in time").expect("no panic").is_ok());
        }
    }
    for answer in asked {
        let refused = answer.await.expect("no panic").expect_err("no such key");
        assert!(matches!(refused, NotFound::Unknown | NotFound::Unavailable(1..)), "{refused:?}");
    }
    let span = began.elapsed().as_secs_f64();
    let most = 2.0 + span / 2.0;
    assert!(f64::from(u32::try_from(setup.unknown_fetches()).expect("few")) <= most);
    assert!(setup.unknown_fetches() >= 4, "they are looked for, too");
    assert!(setup.polls() <= 2);
}

#[tokio::test(start_paused = true)]
async fn unknown_kid_needs_a_fetch_begun_after_the_request() {
    let (old, new) = (key(1), key(2));
    let setup = setup(&[&old]).await;
    *setup.issuer.delay.lock().expect("whole") = Duration::from_millis(500);
    // Its fetch was sent before the new key existed, and is still running.
    let earlier = setup.find("made-up");
    sleep(Duration::from_millis(100)).await;
    setup.issuer.serve(&[&old, &new]);
    let found = setup.find(new.kid()).await.expect("no panic");
    assert!(found.is_ok(), "{found:?}");
    assert_eq!(earlier.await.expect("no panic").expect_err("made up"), NotFound::Unknown);
    let past_caches = setup.issuer.asked().iter().filter(|(_, ask)| ask.past_caches).count();
    assert_eq!(past_caches, 2);
}

#[tokio::test(start_paused = true)]
async fn unknown_kid_is_not_fetched_again_for_five_seconds() {
    let setup = setup(&[&key(1)]).await;
    let mut fetches = Vec::new();
    for _ in 0..60 {
        assert_eq!(setup.cache.find("made-up").await.expect_err("made up"), NotFound::Unknown);
        fetches.push(setup.unknown_fetches());
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!((fetches[0], fetches[49], fetches[59]), (1, 1, 2));
}

#[tokio::test(start_paused = true)]
async fn announcement_clears_the_negative_cache() {
    let (old, new) = (key(1), key(2));
    let setup = setup(&[&old]).await;
    assert_eq!(setup.cache.find(new.kid()).await.expect_err("not yet"), NotFound::Unknown);
    setup.issuer.serve(&[&old, &new]);
    setup.cache.announce(new.kid());
    assert!(setup.cache.find(new.kid()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn announced_key_is_fetched_until_every_issuer_instance_has_it() {
    let (old, new) = (key(1), key(2));
    let setup = setup(&[&old]).await;
    setup.cache.announce(new.kid());
    sleep(Duration::from_millis(300)).await;
    assert!(!setup.cache.holds(new.kid()));
    setup.issuer.serve(&[&old, &new]);
    sleep(Duration::from_secs(1)).await;
    assert!(setup.cache.holds(new.kid()));
    assert_eq!(setup.unknown_fetches(), 0, "not counted");
}

#[tokio::test(start_paused = true)]
async fn token_near_the_announcement_of_its_key_causes_no_extra_fetch() {
    for token_first in [true, false] {
        let (old, new) = (key(1), key(2));
        let setup = setup(&[&old]).await;
        *setup.issuer.delay.lock().expect("whole") = Duration::from_millis(20);
        setup.issuer.serve(&[&old, &new]);
        let before = setup.issuer.asked().len();
        let waiting = if token_first {
            let waiting = setup.find(new.kid());
            sleep(Duration::from_millis(5)).await;
            setup.cache.announce(new.kid());
            waiting
        } else {
            setup.cache.announce(new.kid());
            sleep(Duration::from_millis(5)).await;
            setup.find(new.kid())
        };
        assert!(waiting.await.expect("no panic").is_ok());
        sleep(Duration::from_secs(5)).await;
        assert_eq!(setup.issuer.asked().len() - before, 1, "token first: {token_first}");
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_request_with_a_fetched_key_causes_no_fetch() {
    let (old, new) = (key(1), key(2));
    let setup = setup(&[&old]).await;
    *setup.issuer.delay.lock().expect("whole") = Duration::from_millis(20);
    setup.issuer.serve(&[&old, &new]);
    let before = setup.issuer.asked().len();
    setup.cache.announce(new.kid());
    sleep(Duration::from_millis(5)).await;
    // It waits, and is polled again only long after the end of the fetch.
    let mut waiting = Box::pin(setup.cache.find(new.kid()));
    timeout(Duration::from_millis(5), &mut waiting).await.expect_err("the fetch takes longer");
    sleep(Duration::from_millis(40)).await;
    assert!(setup.cache.holds(new.kid()) && setup.cache.anyone_waits());
    assert!(waiting.await.is_ok());
    sleep(Duration::from_secs(5)).await;
    assert_eq!(setup.issuer.asked().len() - before, 1);
}

#[tokio::test(start_paused = true)]
async fn announced_key_does_not_wait_for_a_hanging_fetch() {
    let (old, new) = (key(1), key(2));
    let setup = setup(&[&old]).await;
    *setup.issuer.delay.lock().expect("whole") = Duration::from_secs(9);
    let _hangs = setup.find("made-up");
    sleep(Duration::from_millis(5)).await;
    *setup.issuer.delay.lock().expect("whole") = Duration::from_millis(20);
    setup.issuer.serve(&[&old, &new]);
    setup.cache.announce(new.kid());
    let found = timeout(Duration::from_millis(300), setup.find(new.kid())).await;
    assert!(found.expect("in time").expect("no panic").is_ok());
}

#[tokio::test(start_paused = true)]
async fn announcement_of_a_retired_key_ends() {
    let setup = setup(&[&key(1)]).await;
    setup.cache.announce("gone");
    sleep(Duration::from_secs(25)).await;
    let announced = setup.cache.counts().0[2].1;
    assert!((2..=6).contains(&announced), "{announced}");
}

#[tokio::test(start_paused = true)]
async fn requests_do_not_speed_up_retries_of_a_failing_issuer() {
    let old = key(1);
    let mut begun = Vec::new();
    for flood in [false, true] {
        let setup = setup(&[&old]).await;
        setup.issuer.down.store(true, Ordering::SeqCst);
        setup.cache.refresh();
        sleep(Duration::from_millis(1)).await;
        let before = setup.issuer.asked().len();
        for number in 0..6_000 {
            if flood {
                let kid = format!("made-up-{number}");
                let refused = setup.cache.find(&kid).await.expect_err("made up");
                assert!(matches!(refused, NotFound::Unavailable(1..)), "{refused:?}");
            }
            sleep(Duration::from_millis(10)).await;
        }
        assert!(setup.cache.find(old.kid()).await.is_ok(), "the last good set stays");
        assert_eq!(setup.unknown_fetches(), 0);
        begun.push(setup.issuer.asked().len() - before);
    }
    // A minute of random pauses below half a second, one, two, … thirty.
    assert!(begun.iter().all(|count| (4..=20).contains(count)), "{begun:?}");
}

#[tokio::test(start_paused = true)]
async fn waiting_requests_are_limited_apart_from_announced_keys() {
    let (old, new) = (key(1), key(2));
    let setup = setup(&[&old]).await;
    *setup.issuer.delay.lock().expect("whole") = Duration::from_secs(60);
    let asked: Vec<_> = (0..1_500).map(|n| setup.find(&format!("made-up-{n}"))).collect();
    sleep(Duration::from_millis(1)).await;
    let turned_away = asked.iter().filter(|answer| answer.is_finished()).count();
    assert_eq!(turned_away, 500);
    *setup.issuer.delay.lock().expect("whole") = Duration::from_millis(100);
    setup.issuer.serve(&[&old, &new]);
    setup.cache.announce(new.kid());
    assert!(setup.cache.find(new.kid()).await.is_ok(), "although a fetch hangs and all wait");
    let before = Instant::now();
    for answer in asked {
        let refused = answer.await.expect("no panic").expect_err("made up");
        assert!(matches!(refused, NotFound::Unknown | NotFound::Unavailable(_)));
    }
    assert!(before.elapsed() <= Duration::from_secs(2));
    assert!(!setup.cache.anyone_waits());
}

#[tokio::test(start_paused = true)]
async fn request_is_answered_within_two_seconds_without_the_issuer() {
    let setup = setup(&[&key(1)]).await;
    *setup.issuer.delay.lock().expect("whole") = Duration::from_secs(3_600);
    let came = Instant::now();
    let refused = setup.cache.find("made-up").await.expect_err("made up");
    assert_eq!(refused, NotFound::Unavailable(1));
    assert_eq!(came.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_left_the_set_is_dropped_with_the_next_fetch() {
    let (old, new) = (key(1), key(2));
    let setup = setup(&[&old, &new]).await;
    setup.issuer.serve(&[&new]);
    sleep(Duration::from_secs(31)).await;
    assert_eq!(setup.cache.kids(), [new.kid()]);
}

#[tokio::test(start_paused = true)]
async fn revoked_key_is_removed_at_once_and_never_added_again() {
    let (good, stolen) = (key(1), key(2));
    let setup = setup(&[&good, &stolen]).await;
    setup.cache.revoke(stolen.kid());
    assert_eq!(setup.cache.kids(), [good.kid()]);
    setup.cache.announce(stolen.kid());
    sleep(Duration::from_secs(2 * 60)).await;
    assert_eq!(setup.cache.kids(), [good.kid()], "an old copy of the set still has it");
    assert_eq!(setup.cache.find(stolen.kid()).await.expect_err("revoked"), NotFound::Revoked);
    setup.issuer.serve(&[&stolen]);
    sleep(Duration::from_secs(2 * 60)).await;
    assert_eq!(setup.cache.kids(), [good.kid()], "nor does it empty the cache");
}
