//! Commands beside a running server, which notices changes within a second.

use std::time::Duration;

use serde_json::json;
use support::pair::Pair;
use support::poll;
use support::user::User;

use super::{active, keys, kid_of, published, state};

/// Five times the promised second, for busy machines.
const SOON: Duration = Duration::from_secs(5);

#[test]
fn server_follows_key_commands() {
    let mut pair = Pair::prepare();
    pair.auth.start();
    let auth = &pair.auth;
    let user = User::signed_up(auth, "Ada");
    let first = kid_of(&user.log_in(auth));

    let standby = || {
        poll::wait_for("a standby key is published", SOON, || {
            let listed = keys(auth);
            let kid = listed.iter().find(|key| key["state"] == "pending")?["kid"].as_str()?;
            published(auth).contains(&kid.to_owned()).then(|| kid.to_owned())
        })
    };
    let second = standby();
    let rotated = auth.command_json(&["keys", "rotate"]);
    assert_eq!((&rotated["kid"], &rotated["state"]), (&json!(second), &json!("pending")));
    assert_eq!(kid_of(&user.log_in(auth)), first, "it does not sign yet");

    auth.command(&["keys", "rotate", "--immediate"]).done();
    poll::until("it signs with it", SOON, || kid_of(&user.log_in(auth)) == second);
    let third = standby();
    assert_eq!(published(auth), [&*first, &second, &third]);

    auth.command(&["keys", "revoke", &second]).done();
    poll::until("it publishes it no more", SOON, || !published(auth).contains(&second));
    assert_eq!(kid_of(&user.log_in(auth)), third, "the standby key signs");
    assert_eq!(state(auth, &second), "revoked");

    let fourth = standby();
    auth.command(&["keys", "generate"]).done();
    poll::until("the new standby key replaces the last one", SOON, || {
        let set = published(auth);
        set.len() == 3 && !set.contains(&fourth)
    });
    auth.command(&["keys", "revoke", "--all"]).done();
    let fifth = active(auth);
    poll::until("it signs with a key that no one held", SOON, || {
        kid_of(&user.log_in(auth)) == fifth
    });
    let sixth = standby();
    assert_eq!(published(auth), [fifth, sixth]);
}
