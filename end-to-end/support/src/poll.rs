//! Waiting for a condition: it is tried again and again until it holds or a deadline passes.

use std::time::{Duration, Instant};

/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(10);

/// Calls `condition` until it returns a value, at most for `limit`. The last try begins after the
/// limit, since on a stalled machine a single try can take all the time.
///
/// # Panics
///
/// Panics once the limit has passed; `what` names the condition.
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

/// Asserts that `condition` holds at every try during `time`. This shows that something does not
/// happen.
pub fn throughout(what: &str, time: Duration, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while began.elapsed() < time {
        assert!(condition(), "after {:?} no longer so: {what}", began.elapsed());
        pause();
    }
}

/// Pauses between two tries.
#[expect(clippy::disallowed_methods, reason = "the one pause between two looks at a condition")]
pub(crate) fn pause() {
    std::thread::sleep(PAUSE);
}
