//! A short run of the logout drill. Counts must be exact; bounds in seconds are multiplied by five,
//! since other tests keep the machine busy.

use std::time::Duration;

use drills::chance::Chance;
use drills::logout::{Plan, run};

#[test]
fn logout_reaches_every_guard_after_each_fault() {
    let plan = Plan {
        logouts: 10,
        troubled: 10,
        pace: 10,
        guards: 3,
        rate: 40,
        postgres: false,
        seed: Chance::fresh_seed(),
        slack: 5,
    };
    let phases = run(&plan, &|_| ());
    assert_eq!(phases.len(), 4, "none, killed, cut off, without its replica");
    for phase in phases {
        let told = format!("seed {}\n{phase}", plan.seed);
        assert_eq!((phase.ended.len(), phase.failed), (10, 0), "{told}");
        assert_eq!(phase.never_refused(), 0, "{told}");
        assert_eq!(phase.taken_again(), 0, "{told}");
        assert_eq!(phase.forgotten(), 0, "{told}");
        assert_eq!(phase.counts.refused, 0, "{told}");
        assert!(phase.counts.taken > 0, "{told}");
        for guard in 0..plan.guards {
            assert!(phase.lateness(guard).max() <= Duration::from_secs(5), "{told}");
        }
    }
}
