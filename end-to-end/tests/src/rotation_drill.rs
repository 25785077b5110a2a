//! A short run of the rotation drill. Counts must be exact; bounds in seconds are multiplied by
//! five, since other tests keep the machine busy.

use std::time::Duration;

use drills::chance::Chance;
use drills::foreign;
use drills::operator::Way;
use drills::rotation::outcome::Outcome;
use drills::rotation::{Plan, run};

fn drilled(way: Way) -> Outcome {
    let seed = Chance::fresh_seed();
    let plan =
        Plan { rounds: 3, revocations: 1, rate: 60, fresh: 6, slack: 5, ..Plan::fast(way, seed) };
    run(&plan, &|_| ())
}

/// Asserts that every guard refused the revoked key permanently.
fn every_guard_refused_the_revoked_key(outcome: &Outcome) {
    assert_eq!(outcome.revocations.len(), 1);
    for revocation in &outcome.revocations {
        assert_eq!(revocation.at_guards.len(), 3);
        for at_guard in &revocation.at_guards {
            assert!(at_guard.refused, "a guard never refused");
            assert_eq!(at_guard.taken_again, 0, "taken again after a refusal");
            assert!(at_guard.late <= outcome.plan.bound(), "{:?}", at_guard.late);
        }
        assert!(!revocation.still_published);
    }
    assert_eq!(outcome.counts.void_taken, 0, "{:?}", outcome.counts.examples);
}

/// Asserts that the rotations had no effect on clients.
fn no_client_was_refused(outcome: &Outcome) {
    let seed = outcome.plan.seed;
    assert_eq!(outcome.rounds, 3, "seed {seed}");
    assert!(outcome.counts.taken >= 100, "{}", outcome.counts.taken);
    assert_eq!(outcome.counts.refused, 0, "seed {seed}: {:?}", outcome.counts.examples);
    assert_eq!(outcome.active, 1, "keys that sign");
    assert!(outcome.timeline.keys.len() > outcome.rounds, "each rotation brings a key of its own");
}

#[test]
fn planned_rotations_refuse_no_good_token_and_keep_the_lead() {
    let outcome = drilled(Way::Planned);
    no_client_was_refused(&outcome);
    every_guard_refused_the_revoked_key(&outcome);
    assert_eq!(outcome.timeline.without_lead(outcome.plan.max_age * 2), 0);
    assert_eq!(outcome.timeline.unconfirmed(), 0, "keys that signed before a guard held them");
    // A guard repeats a lost acknowledgement after 25 s.
    let all = outcome.until_signed.iter().chain(&outcome.until_ripe);
    let slowest = all.max().expect("rotations");
    assert!(*slowest < Duration::from_secs(20), "waited for who holds the key: {slowest:?}");
}

#[test]
fn immediate_rotations_and_a_revocation_refuse_no_good_token() {
    let outcome = drilled(Way::Immediate);
    no_client_was_refused(&outcome);
    every_guard_refused_the_revoked_key(&outcome);
}

#[test]
fn jose_takes_new_tokens_after_a_revocation() {
    // jose fetches the key set at its start, and not again within 30 s: the standby key is in it.
    let plan = foreign::Plan {
        rounds: 1,
        max_age: Duration::from_secs(1),
        afterwards: Duration::from_secs(3),
    };
    let outcome = foreign::run(&plan, &|_| ());
    assert_eq!(outcome.refused, Vec::<String>::new());
    assert!(outcome.taken > 0, "{outcome:?}");
}
