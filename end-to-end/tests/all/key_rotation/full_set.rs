//! The key set holds 64 keys: a rotation past that waits, a revocation never does.

use end_to_end::pair::Pair;
use serde_json::Value;

use super::{active, operator, published, revoke, rotate, time_of};

const MOST: usize = 64;

#[test]
fn past_64_keys_a_rotation_is_409_and_says_when_the_next_key_leaves_and_a_revocation_goes_on() {
    let mut pair = Pair::prepare();
    pair.auth.start();
    let auth = &pair.auth;
    let token = operator(auth).log_in_for(auth, &auth.url);
    for _ in 1..MOST {
        rotate(auth, &token, true).send().expect(202);
    }
    assert_eq!(published(auth).len(), MOST);

    let listed = auth.get("/admin/keys").bearer(&token).send().expect(200).json();
    let retiring = |key: &&Value| key["state"] == "retiring";
    let listed: Vec<_> = listed["keys"].as_array().expect("keys").clone();
    let leaving = listed.iter().filter(retiring).map(|key| &key["next"]);
    let next = leaving.min_by_key(|at| time_of(at)).and_then(Value::as_str).expect("a time");
    for immediate in [true, false] {
        let problem = rotate(auth, &token, immediate).send().problem(409);
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(detail.contains(&format!("leaves at {next}")), "{next}: {detail}");
    }
    let to_the_second = next.split(['.', 'Z']).next().expect("a time");
    for arguments in [&["keys", "rotate"][..], &["keys", "rotate", "--immediate"]] {
        auth.command(arguments).failed_with(1, &["64", to_the_second]);
    }
    assert_eq!(published(auth).len(), MOST, "nothing came of it");

    let void = active(auth);
    let receipt = revoke(auth, &token, &void).send().expect(200).json();
    assert_eq!(receipt["active"], active(auth));
    assert_ne!(receipt["active"], void);
    let set = published(auth);
    assert!(!set.contains(&void) && set.len() == MOST, "{} keys", set.len());
    // One that retires has no heir, so its place is free.
    let last = listed.iter().rfind(retiring).and_then(|key| key["kid"].as_str()).expect("a kid");
    auth.command(&["keys", "revoke", last]).done();
    rotate(auth, &token, true).send().expect(202);
}
