//! A short run of the rotation drill. Counts are asked for as they are; bounds in seconds at five
//! times themselves, since other tests keep the machine busy.

use end_to_end::drill::chance::Chance;
use end_to_end::drill::operator::Way;
use end_to_end::drill::rotation::outcome::Outcome;
use end_to_end::drill::rotation::{Plan, run};

fn drilled(way: Way) -> Outcome {
    let seed = Chance::fresh_seed();
    println!("seed {seed}");
    let plan = Plan {
        way,
        rounds: 3,
        revocations: 1,
        guards: 3,
        rate: 60,
        fresh: 6,
        postgres: false,
        seed,
        slack: 5,
    };
    let outcome = run(&plan, &|_| ());
    println!("{outcome}");
    outcome
}

/// Asks that clients noticed nothing of the rotations.
fn nobody_noticed(outcome: &Outcome) {
    assert_eq!(outcome.rounds, 3);
    assert!(outcome.counts.taken >= 100, "{}", outcome.counts.taken);
    assert_eq!(outcome.counts.refused, 0, "good tokens refused: {:?}", outcome.counts.examples);
    assert_eq!(outcome.active, 1, "keys that sign");
    assert!(outcome.timeline.keys.len() > outcome.rounds, "each rotation brings a key of its own");
}

#[test]
fn planned_rotations_under_load_cost_no_good_token_and_wait_for_the_guards() {
    let outcome = drilled(Way::Planned);
    nobody_noticed(&outcome);
    assert_eq!(outcome.timeline.without_lead(outcome.plan.max_age() * 2), 0);
    assert_eq!(outcome.timeline.unconfirmed(), 0, "keys that signed before a guard held them");
}

#[test]
fn immediate_rotations_under_load_cost_no_good_token() {
    nobody_noticed(&drilled(Way::Immediate));
}
