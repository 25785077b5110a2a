//! A retiring key stays until nobody can need it, and not much longer.

use std::time::{Duration, Instant};

use end_to_end::drill::pacer::Pacer;
use end_to_end::pair::Pair;
use end_to_end::token;
use end_to_end::user::User;
use time::OffsetDateTime;

use super::{keys, kid_of, operator, published, time_of};

/// How long after its time a key may still be there; five times, on a busy machine.
const LATE: Duration = Duration::from_secs(5 * 10);

#[test]
fn a_retiring_key_leaves_the_set_after_its_last_token_and_a_minute_and_soon_then() {
    let mut pair = Pair::prepare();
    pair.set("AUTH_ACCESS_TOKEN_TTL", "5s");
    pair.set("AUTH_JWKS_MAX_AGE", "1s");
    pair.auth.start();
    let user = User::signed_up(&pair.auth, "Ada");
    let token = user.log_in(&pair.auth);
    let old = kid_of(&token);
    pair.auth.command(&["keys", "rotate", "--immediate"]).done();
    let listed = keys(&pair.auth);
    let key = listed.iter().find(|key| key["kid"] == old.as_str()).expect("known");
    assert_eq!(key["state"], "retiring");
    let told = time_of(&key["next"]);

    let began = Instant::now();
    let mut pacer = Pacer::every(Duration::from_millis(100));
    while published(&pair.auth).contains(&old) {
        assert!(began.elapsed() < Duration::from_secs(5 + 60 + 1) + LATE, "it never leaves");
        pacer.wait();
    }
    // The token's time is the services' own clock, which is this machine's.
    let gone = now(&user, &pair);
    let expired = token::claims(&token)["exp"].as_i64().expect("a time");
    let expired = OffsetDateTime::from_unix_timestamp(expired).expect("a time");
    assert!(gone - expired >= Duration::from_secs(60 + 1), "it left {} after", gone - expired);
    assert!(gone - told < LATE, "it left {} late", gone - told);
    let file = pair.auth.path(&format!("keys/signing/{old}.pem"));
    end_to_end::poll::until("its file goes with it", LATE, || !file.exists());
    is_noted(&pair, &old);
}

/// Asks that the log says, by command and by route, that the server retired the key, once.
fn is_noted(pair: &Pair, kid: &str) {
    let filters = ["audit", "list", "--action", "key.retire", "--subject", kid];
    let by_command = pair.auth.command_json(&filters);
    let token = operator(&pair.auth).log_in_for(&pair.auth, &pair.auth.url);
    let path = format!("/admin/audit?action=key.retire&subject={kid}");
    let by_route = pair.auth.get(&path).bearer(&token).send().expect(200).json();
    assert_eq!(by_command, by_route);
    let rows = by_route["audit"].as_array().expect("rows");
    assert_eq!(rows.len(), 1, "{rows:?}");
    let told = ["actor_type", "actor", "subject_type", "outcome", "from"];
    let told = told.map(|member| rows[0][member].as_str());
    assert_eq!(told, [Some("server"), None, Some("key"), Some("done"), Some("server")]);
}

/// The issuer's time, to the second before, as a fresh token tells it.
fn now(user: &User, pair: &Pair) -> OffsetDateTime {
    let issued = token::claims(&user.log_in(&pair.auth))["iat"].as_i64().expect("a time");
    OffsetDateTime::from_unix_timestamp(issued).expect("a time")
}
