//! The guard without its issuer.

use std::time::Duration;

use support::pair::Pair;
use support::poll;
use support::user::User;

#[test]
fn guard_serves_without_the_issuer_and_after_its_own_restart() {
    let mut pair = Pair::start();
    let user = User::signed_up(&pair.auth, "Ada");
    let token = user.log_in(&pair.auth);
    pair.accepts("the issuer runs", &token);

    pair.auth.stop();
    poll::throughout("the guard answers without the issuer", Duration::from_secs(1), || {
        pair.me(&token).status == 200 && pair.api.ready()
    });
    pair.api.restart();
    pair.accepts("the guard was restarted without the issuer", &token);
    assert!(pair.api.ready(), "an outage of the issuer is no reason to be taken out of service");

    pair.auth.start();
    let late = User::signed_up(&pair.auth, "Grace");
    pair.accepts_soon("the issuer is back", &late.log_in(&pair.auth));
}
