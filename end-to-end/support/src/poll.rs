//! Waiting for a condition: asked again and again until it holds or a deadline passes.

use std::time::{Duration, Instant};

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(10);

/// Asks `condition` until it gives a value, at most for `limit`. The last look begins after that: one
/// look may have taken all the time, on a machine that stood still meanwhile.
///
/// # Panics
///
/// When the limit has passed; `what` says what never came.
pub fn wait_for<T>(what: &str, limit: Duration, mut condition: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        let last = began.elapsed() >= limit;
        if let Some(value) = condition() {
            return value;
        }
        assert!(!last, "waited {limit:?} in vain: {what}");
        pause();
    }
}

/// The same for a condition without a value.
pub fn until(what: &str, limit: Duration, mut condition: impl FnMut() -> bool) {
    wait_for(what, limit, || condition().then_some(()));
}

/// Asks that `condition` holds at every look for as long as `time` lasts: the way to show that
/// something does not happen.
pub fn throughout(what: &str, time: Duration, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while began.elapsed() < time {
        assert!(condition(), "after {:?} no longer so: {what}", began.elapsed());
        pause();
    }
}

/// The pause between two looks.
#[expect(clippy::disallowed_methods, reason = "the one pause between two looks at a condition")]
pub(crate) fn pause() {
    std::thread::sleep(PAUSE);
}
