//! Many log-ins at once: hashing waits in a bounded queue, and all other requests do not wait.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use serde_json::json;
use support::connection::exchange;
use support::pair::Pair;
use support::user::User;

/// The time limit for the last log-in of the queue, on one slow core beside other tests.
const PATIENCE: Duration = Duration::from_mins(2);

/// A log-in as bytes. The 300 log-ins share no HTTP client, since an overloaded one opens
/// connections and leaves them silent until the server closes them.
fn log_in(user: &User) -> Vec<u8> {
    let body = json!({"email": user.email, "password": user.password}).to_string();
    let length = body.len();
    format!(
        "POST /login HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

#[test]
fn many_log_ins_at_once_are_served_or_put_off_in_bounded_memory() {
    let mut pair = Pair::prepare();
    pair.auth.start();
    let user = User::signed_up(&pair.auth, "Ada");
    user.log_in(&pair.auth);
    let ended = AtomicBool::new(false);
    let request = log_in(&user);
    let statuses: Vec<Option<u16>> = std::thread::scope(|scope| {
        let probe = scope.spawn(|| {
            let mut slowest = Duration::ZERO;
            while !ended.load(Ordering::SeqCst) {
                let began = Instant::now();
                pair.auth.health("live").expect("an answer").expect(200);
                slowest = slowest.max(began.elapsed());
            }
            slowest
        });
        let began = Instant::now();
        let clients: Vec<_> = (0..300)
            .map(|_| {
                scope.spawn(|| {
                    let answer = exchange(pair.auth.address(), &request, PATIENCE);
                    let status = answer.statuses().first().copied();
                    let put_off = answer.text.contains("retry-after: ");
                    assert!(status == Some(201) || status == Some(503) && put_off, "{answer:?}");
                    status
                })
            })
            .collect();
        let statuses: Vec<_> = clients.into_iter().map(ScopedJoinHandle::join).collect();
        // This must be set in any case: otherwise the probe runs on and hides the failure.
        ended.store(true, Ordering::SeqCst);
        let all = began.elapsed();
        let slowest = probe.join().expect("the probe");
        // Behind the queue it would take as long as the log-ins, on any machine.
        let most = (all / 2).max(Duration::from_secs(2));
        assert!(slowest < most, "/health/live took {slowest:?}, all log-ins {all:?}");
        statuses.into_iter().map(|status| status.expect("an answer")).collect()
    });
    let served = statuses.iter().filter(|status| **status == Some(201)).count();
    assert!(served >= 2, "{served} of {}", statuses.len());
    // Hashing takes 19 MiB for each core, besides threads and connections. Taken for each client,
    // it would be 5,700 MiB.
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    let peak = pair.auth.process().peak_memory_kib();
    assert!(peak < (100 + 24 * cores) * 1_024, "{peak} KiB at most on {cores} cores");
    user.try_login(&pair.auth).expect(201);
}
