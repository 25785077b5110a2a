//! Many log-ins at once: hashing waits in a bounded queue, and the rest of the service does not.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use end_to_end::pair::Pair;
use end_to_end::user::User;

#[test]
fn many_log_ins_at_once_are_served_or_put_off_in_bounded_memory() {
    let mut pair = Pair::prepare();
    pair.auth.start();
    let user = User::signed_up(&pair.auth, "Ada");
    user.log_in(&pair.auth);
    let ended = AtomicBool::new(false);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let probe = scope.spawn(|| {
            let mut slowest = Duration::ZERO;
            while !ended.load(Ordering::SeqCst) {
                let began = Instant::now();
                pair.auth.health("live").expect("an answer").expect(200);
                slowest = slowest.max(began.elapsed());
            }
            slowest
        });
        let clients: Vec<_> = (0..300)
            .map(|_| {
                scope.spawn(|| {
                    let answer = user.try_login(&pair.auth);
                    let status = answer.status;
                    if status != 201 {
                        answer.problem(503);
                    }
                    status
                })
            })
            .collect();
        let statuses = clients.into_iter().map(|one| one.join().expect("an answer")).collect();
        ended.store(true, Ordering::SeqCst);
        let slowest = probe.join().expect("the probe");
        assert!(slowest < Duration::from_secs(2), "/health/live took {slowest:?}");
        statuses
    });
    let served = statuses.iter().filter(|status| **status == 201).count();
    assert!(served >= 2, "{served} of {}", statuses.len());
    let peak = pair.auth.process().peak_memory_kib();
    assert!(peak < 150 * 1_024, "{peak} KiB at most");
    user.try_login(&pair.auth).expect(201);
}
