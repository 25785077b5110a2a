//! Large directories and many live revocations, against the smallest.

use std::fmt::Write as _;

use support::hearing;
use support::http::Answer;
use support::pair::Pair;
use support::revocations;
use support::user::{User, token_of};
use time::OffsetDateTime;
use uuid::Uuid;

use super::comparison::{Goal, Row};
use super::requests::Request;
use super::service::BenchService;
use super::wrk::Load;
use super::{Plan, limits, login};
use crate::figures::grouped;

/// The users that log in, in turn, at most.
const LOG_INS: u32 = 64;

/// The password of every user.
const PASSWORD: &str = "correct horse staple";

/// A pair with a directory of a certain size.
struct Directory {
    pair: Pair,
    count: u32,
    token: String,
}

impl Directory {
    /// Imports `count` users, starts both services and waits until the guard has them.
    fn of(count: u32) -> Self {
        let mut pair = Pair::prepare();
        // The first start ends the sessions of all users that it finds, so it comes before the import.
        pair.auth.start();
        // An import is fastest without a server.
        pair.auth.stop();
        let hash = limits::password_hash(PASSWORD);
        let mut lines = String::new();
        for number in 0..count {
            let (id, email) = (Uuid::new_v4(), email(number));
            let _ = writeln!(
                lines,
                r#"{{"public_id":"{id}","name":"User {number}","email":"{email}","password_hash":"{hash}"}}"#
            );
        }
        let file = pair.folder().join("users.jsonl");
        std::fs::write(&file, lines).expect("a written file of users");
        pair.auth.command(&["users", "import", &file.to_string_lossy()]).done();
        pair.auth.start();
        hearing::start(&mut pair.api);
        let token = token_of(&user(0).try_login(&pair.auth).expect(201));
        pair.accepts_soon("a token", &token);
        Self { pair, count, token }
    }

    fn log_ins(&self) -> Load {
        let step = (self.count / LOG_INS).max(1);
        let users = (0..self.count.min(LOG_INS)).map(|number| user(number * step));
        let requests: Vec<_> = users.map(|user| login::request(&user)).collect();
        Load::of(&self.pair.auth.url, 4, &requests)
    }

    fn me(&self) -> Load {
        let me = Request::get("/user/me").bearer(&self.token);
        Load::of(&self.pair.api.url, 32, &[me])
    }

    fn list(&self) -> Answer {
        self.pair.api.get("/user").bearer(&self.token).send().expect(200)
    }
}

fn email(number: u32) -> String {
    format!("user.{number}@example.org")
}

fn user(number: u32) -> User {
    User { name: String::new(), email: email(number), password: PASSWORD.into() }
}

/// The rows of directories with these counts of users, the smallest first.
pub fn directories(plan: &Plan<'_>, counts: &[u32]) -> Vec<Row> {
    let directories: Vec<_> = counts.iter().map(|count| Directory::of(*count)).collect();
    let (small, others) = directories.split_first().expect("a directory");
    let row = |work: &str, directory: &Directory, load: fn(&Directory) -> Load| {
        let (ours, theirs) = (load(directory), load(small));
        plan.compare_loads(
            &format!("{work}, {} users", grouped(directory.count.into())),
            &format!("the same with {} users", small.count),
            Goal::Ratio(0.9),
            &ours,
            &theirs,
        )
    };
    let mut rows = Vec::new();
    for directory in others {
        rows.push(row("`GET /user/me`", directory, Directory::me));
    }
    if let Some(largest) = others.last() {
        let body = largest.list().body;
        let service = BenchService::start(&largest.pair, &[&body], &[]);
        let list = Request::get("/user").bearer(&largest.token);
        let ours = Load::of(&largest.pair.api.url, 32, std::slice::from_ref(&list));
        let theirs = Load::of(&service.url, 32, &[list.to("/unguarded")]);
        rows.push(plan.compare_loads(
            &format!("`GET /user`, first page of {} users", grouped(largest.count.into())),
            "the same answer unguarded",
            Goal::Ratio(0.6),
            &ours,
            &theirs,
        ));
    }
    // These come last: a user keeps 100 sessions, so they end those of the other rows.
    for directory in others {
        rows.push(row("`POST /login`", directory, Directory::log_ins));
    }
    rows
}

#[expect(clippy::disallowed_methods, reason = "revocations must be live")]
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// The row of a guard that holds `count` revocations.
pub fn revocations(plan: &Plan<'_>, count: u32) -> Row {
    let without = Directory::of(10);
    let mut with = Directory::of(10);
    with.pair.api.stop();
    with.pair.auth.stop();
    let file = with.pair.auth.path("data/auth.db");
    support::sqlite::execute(&file, &revocations::sql(count, now()));
    with.pair.auth.start();
    // A new replica takes the revocations from a snapshot.
    std::fs::remove_dir_all(with.pair.api.path("data")).expect("a removed replica");
    hearing::start(&mut with.pair.api);
    with.token = token_of(&user(0).try_login(&with.pair.auth).expect(201));
    with.pair.accepts_soon("a token", &with.token);
    let (ours, theirs) = (with.me(), without.me());
    plan.compare_loads(
        &format!("`GET /user/me`, {} live revocations", grouped(count.into())),
        "the same without revocations",
        Goal::Ratio(0.95),
        &ours,
        &theirs,
    )
}
