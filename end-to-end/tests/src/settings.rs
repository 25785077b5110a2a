//! Starts beside another server, and unknown settings. The tests of each service cover wrong values.

use std::time::{Duration, Instant};

use support::pair::Pair;
use support::port;

#[test]
fn database_has_one_server_and_a_killed_server_releases_it() {
    let mut pair = Pair::start();
    for (service, prefix) in [(&mut pair.auth, "AUTH"), (&mut pair.api, "API")] {
        let mut second = service.launch.clone();
        second.set(&format!("{prefix}_BIND"), &format!("127.0.0.1:{}", port::free()));
        second.set(&format!("{prefix}_MANAGEMENT_BIND"), &format!("127.0.0.1:{}", port::free()));
        second.run_briefly(&["serve"]).failed_in_log(1, "another");
        assert!(service.ready(), "the first one does not notice");
        for _ in 0..3 {
            service.stop_by("KILL");
            let began = Instant::now();
            service.start();
            assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        }
    }
}

#[test]
fn unknown_setting_is_one_warning() {
    let mut pair = Pair::prepare();
    for (service, name) in [(&mut pair.auth, "AUTH_COLOUR"), (&mut pair.api, "API_COLOUR")] {
        service.launch.set(name, "hunter2");
        let told = service.command(&["check-config"]).err;
        assert!(told.contains(name) && told.lines().count() == 1, "{told}");
        service.start();
        service.wait_log(name);
        assert_eq!(service.log().matches(name).count(), 1);
        assert!(!service.log().contains("hunter2"));
    }
}
