//! Log-ins and sign-ups, against the password hash that they can't do without.

use support::pair::Pair;
use support::user::User;
use uuid::Uuid;

use super::comparison::{Goal, Row};
use super::limits::{self, Commits, Signer};
use super::requests::Request;
use super::wrk::Load;
use super::{Plan, pair_with_keys};
use crate::figures::grouped;

/// The users that log in, in turn.
const USERS: usize = 64;

/// Sign-ups in one measurement, more than it can make.
const SIGN_UPS: usize = 5_000;

/// The request of a log-in.
pub fn request(user: &User) -> Request {
    Request::form("/login", &[("email", &user.email), ("password", &encoded(&user.password))])
}

/// A text of letters, digits and blanks in a url-encoded form.
fn encoded(text: &str) -> String {
    text.replace(' ', "+")
}

/// The rows of log-ins with signing keys of `bits`.
pub fn log_ins(plan: &Plan<'_>, bits: u32) -> Vec<Row> {
    let pair = pair_with_keys(bits);
    let users: Vec<_> = (0..USERS).map(|_| User::signed_up(&pair.auth, "Ann")).collect();
    let requests: Vec<_> = users.iter().map(request).collect();
    let signer = Signer::new(bits);
    let mut rows: Vec<_> = [4, 64]
        .map(|clients| {
            let load = Load::of(&pair.auth.url, clients, &requests);
            plan.compare(
                &format!("`POST /login`, {clients} clients, {} bits", grouped(bits.into())),
                "argon2id on all cores, and a signature",
                Goal::Ratio(0.95),
                || load.run(plan.time),
                || limits::log_ins(&signer, plan.time),
            )
        })
        .into();
    let peak = pair.auth.process().peak_memory_kib() as f64 / 1_024.0;
    let work =
        format!("Peak memory of auth-service, 64 clients log in, {} bits", grouped(bits.into()));
    rows.push(Row::value(&work, "MiB", Goal::AtMost(100.0), vec![peak]));
    rows
}

/// The row of sign-ups.
pub fn sign_ups(plan: &Plan<'_>) -> Row {
    let pair = Pair::start_with(&[]);
    let commits = Commits::new(pair.folder());
    let fresh = |_| {
        let email = format!("{}@example.org", Uuid::new_v4().simple());
        let fields = [("name", "Ann"), ("email", &*email), ("password", "correct+horse+staple")];
        Request::form("/signup", &fields)
    };
    plan.compare(
        "`POST /signup`, 16 clients",
        "the same hash on all cores, and an SQLite commit",
        Goal::Ratio(0.9),
        || {
            let requests: Vec<_> = (0..SIGN_UPS).map(fresh).collect();
            Load::of(&pair.auth.url, 16, &requests).run(plan.time)
        },
        || commits.sign_ups(plan.time),
    )
}
