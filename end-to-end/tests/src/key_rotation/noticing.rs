//! Commands beside a running server, which notices changes within a second.

use std::time::Duration;

use support::pair::Pair;
use support::poll;
use support::user::User;

use super::{kid_of, published, state};

/// Five times the promised second, for busy machines.
const SOON: Duration = Duration::from_secs(5);

#[test]
fn server_follows_key_commands() {
    let mut pair = Pair::prepare();
    pair.auth.start();
    let auth = &pair.auth;
    let user = User::signed_up(auth, "Ada");
    let first = kid_of(&user.log_in(auth));

    let rotated = auth.command_json(&["keys", "rotate"]);
    let planned = rotated["kid"].as_str().expect("a kid");
    poll::until("it publishes the next key", SOON, || published(auth) == [&*first, planned]);
    assert_eq!(kid_of(&user.log_in(auth)), first, "it does not sign yet");

    auth.command(&["keys", "rotate", "--immediate"]).done();
    poll::until("it signs with it", SOON, || kid_of(&user.log_in(auth)) == planned);

    auth.command(&["keys", "revoke", planned]).done();
    poll::until("it publishes it no more", SOON, || {
        let set = published(auth);
        set.len() == 2 && set[0] == first && set[1] != planned
    });
    let heir = kid_of(&user.log_in(auth));
    assert!(heir != planned && heir != first, "another one signs");
    assert_eq!(state(auth, planned), "revoked");

    auth.command(&["keys", "generate"]).done();
    poll::until("it publishes a key that was made", SOON, || published(auth).len() == 3);
}
