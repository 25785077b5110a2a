//! A short run of the benchmarks. The figures of a busy machine are no use, so they are not checked.

use std::time::Duration;

use drills::bench::comparison::Figure;
use drills::bench::{Plan, login, verification};

#[test]
fn benchmarks_run_to_their_end() {
    let plan = Plan { rounds: 1, time: Duration::from_secs(1), progress: &|_| () };
    for row in [login::sign_ups(&plan), verification::new_tokens(&plan, 5)] {
        let Figure::Compared { medians, ratio, .. } = &row.figure else { panic!("{row}") };
        assert!(medians.ours > 0.0 && medians.theirs > 0.0 && *ratio > 0.0, "{row}");
    }
}
