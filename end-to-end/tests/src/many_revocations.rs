//! More revocations than fit an ordinary answer: a fresh guard gets all of them before it serves.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use signet_contract::clock::{Clock, SystemClock};
use support::metrics::Metrics;
use support::pair::Pair;
use support::user::User;
use support::{poll, revocations};

/// This number makes about 23 MB.
const MANY: u32 = 120_000;

fn held(pair: &Pair) -> usize {
    Metrics::of(&pair.api.management).sample("signet_guard_revocations").expect("how many it holds")
}

#[test]
fn fresh_guard_loads_more_revocations_than_one_answer_holds() {
    let mut pair = Pair::prepare();
    pair.auth.start();
    let user = User::signed_up(&pair.auth, "Ada");
    let (ended, good) = (user.log_in(&pair.auth), user.log_in(&pair.auth));
    let file = pair.auth.path("data/auth.db").to_string_lossy().into_owned();
    let mut other = SqliteConnection::establish(&file).expect("the database");
    let statements = revocations::sql(MANY, SystemClock.now());
    other.batch_execute(&format!("PRAGMA busy_timeout = 5000; {statements}")).expect("filled");
    pair.auth.post("/logout").bearer(&ended).send().expect(204);

    pair.api.spawn();
    poll::until("the guard is ready", Duration::from_mins(2), || pair.api.ready());
    let expected = usize::try_from(MANY).expect("small") + 1;
    assert_eq!(held(&pair), expected);
    pair.refuses_as("revoked", "ended before the guard came", &ended);
    pair.accepts("another session", &good);

    pair.api.restart();
    assert_eq!(held(&pair), expected, "and after a restart");
    pair.refuses_as("revoked", "ended before the guard came", &ended);
    pair.accepts("another session", &good);
}
