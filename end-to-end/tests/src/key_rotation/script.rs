//! `scripts/rotate-keys` rotates a key of a running pair and reports until the new key signs.

use std::path::Path;

use support::binaries;
use support::pair::Pair;
use support::poll;
use support::process::{Ended, Launch};

use super::{LIMIT, active, keys};

fn script(pair: &Pair, arguments: &[&str]) -> Ended {
    let sources = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let mut launch = Launch {
        program: sources.join("scripts/rotate-keys"),
        folder: pair.folder().to_owned(),
        environment: pair.auth.launch.environment.clone(),
    };
    // The script must not look for a pair in containers, and runs outside the issuer's folder.
    launch.set("SIGNET_COMPOSE", "");
    launch.set("SIGNET_AUTH_SERVICE", &binaries::auth_service().to_string_lossy());
    let database = format!("sqlite://{}", pair.auth.path("data/auth.db").display());
    launch.set("AUTH_DATABASE_URL", &database);
    launch.set("AUTH_KEYS_DIR", &pair.auth.path("keys/signing").to_string_lossy());
    launch.run(arguments)
}

#[test]
fn rotate_keys_script_ends_when_the_new_key_signs() {
    let mut pair = Pair::prepare();
    // The key is pending for six seconds, so that the script reports that state.
    pair.set("AUTH_JWKS_MAX_AGE", "3s");
    script(&pair, &[]).failed_with(1, &["no issuer runs here"]);
    pair.run();
    poll::until("the guard has told what it holds", LIMIT, || {
        keys(&pair.auth)[0]["guards"][0]["holds"] == true
    });

    let before = active(&pair.auth);
    let shown = script(&pair, &[]).done().out;
    let after = active(&pair.auth);
    assert_ne!(after, before);
    for line in [&*format!("new key: {after}"), "pending; ", "active; 1 of 1 live guards hold it"] {
        assert!(shown.contains(line), "no `{line}`: {shown}");
    }
    let plan = pair.auth.command(&["keys", "plan"]).done().out;
    assert!(shown.ends_with(&plan), "the plan is told at the end: {shown}");

    let shown = script(&pair, &["--immediate"]).done().out;
    assert!(shown.contains(&format!("new key: {}", active(&pair.auth))), "{shown}");
    assert_ne!(active(&pair.auth), after);
    assert_eq!(script(&pair, &["--unknown"]).code, Some(2));
}
