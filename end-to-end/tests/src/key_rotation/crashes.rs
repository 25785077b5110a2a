//! Sudden ends (SIGKILL) of the processes that change keys, at random moments. Afterwards one key
//! signs, its file is whole, and every good token is still good.
//!
//! Every run of the tests has some rounds. More rounds, for a release:
//! `SIGNET_KILL_ROUNDS=200 cargo nextest run --workspace --all-features sudden_end`.

use std::fs;
use std::time::{Duration, Instant};

use drills::chance::Chance;
use support::pair::Pair;
use support::poll;
use support::process::Process;
use support::user::User;

use super::{LIMIT, active, keys, kid_of, revoke, rotate};

/// Each change is combined with each victim.
const ROUNDS: usize = 9;

/// The life of a token. It is short, so that keys leave the set again during many rounds.
const TOKEN_LIFE: Duration = Duration::from_secs(20);

/// A token is checked for this long, and never again if a check lasts until just before its end.
const LOOKED_AT: Duration = Duration::from_secs(15);
const ABOUT_TO_END: Duration = Duration::from_secs(19);

/// The time in which a change is made, and the kills come.
const SPAN_MILLISECONDS: usize = 60;

/// The number of keys that a run leaves in the set, which holds 64.
const MOST_KEYS: usize = 50;

#[derive(Debug, Clone, Copy)]
enum Change {
    Planned,
    Immediate,
    Revocation,
}

#[derive(Debug, Clone, Copy)]
enum Victim {
    /// The server, which makes the change itself.
    Server,
    /// A command beside the server.
    Command,
    /// The server, while a command makes the change.
    Bystander,
}

#[expect(clippy::disallowed_methods, reason = "how long to go on is the tester's affair")]
fn rounds() -> usize {
    let asked = std::env::var("SIGNET_KILL_ROUNDS");
    asked.map_or(ROUNDS, |rounds| rounds.parse().expect("SIGNET_KILL_ROUNDS is a number"))
}

fn command(pair: &Pair, change: Change) -> Process {
    let void = active(&pair.auth);
    let arguments: &[&str] = match change {
        Change::Planned => &["keys", "rotate"],
        Change::Immediate => &["keys", "rotate", "--immediate"],
        Change::Revocation => &["keys", "revoke", &void],
    };
    pair.auth.launch.spawn(arguments, &pair.folder().join("command.log"))
}

/// Begins the change and kills its victim after `moment`.
fn end_within(pair: &mut Pair, change: Change, victim: Victim, admin: &User, moment: Duration) {
    let wait = || poll::throughout("a moment", moment, || true);
    match victim {
        Victim::Server => {
            let auth = &pair.auth;
            let (token, void) = (admin.log_in_for(auth, &auth.url), active(auth));
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    let request = match change {
                        Change::Planned => rotate(auth, &token, false),
                        Change::Immediate => rotate(auth, &token, true),
                        Change::Revocation => revoke(auth, &token, &void),
                    };
                    // A killed server does not answer.
                    let _ = request.try_send();
                });
                wait();
                auth.process().signal("KILL");
            });
        }
        Victim::Command => {
            let command = command(pair, change);
            wait();
            command.signal("KILL");
            return;
        }
        Victim::Bystander => {
            let mut command = command(pair, change);
            wait();
            pair.auth.process().signal("KILL");
            command.wait(LIMIT);
        }
    }
    pair.auth.wait_end(LIMIT);
    pair.auth.start();
}

/// Asserts that every key file of the folder is complete.
fn files_are_whole(pair: &Pair) {
    for entry in fs::read_dir(pair.auth.path("keys/signing")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.extension().is_some_and(|extension| extension == "pem") && !name.starts_with('.') {
            // A file deleted at this moment was complete before.
            let Ok(text) = fs::read_to_string(&path) else { continue };
            let whole = text.starts_with("-----BEGIN") && text.trim_end().ends_with("KEY-----");
            assert!(whole && text.lines().count() > 20, "{name} is half written");
        }
    }
}

#[test]
fn kill_during_key_change_leaves_one_active_key_and_good_tokens() {
    let seed = Chance::fresh_seed();
    println!("seed {seed}");
    let mut moments = Chance::of(seed);
    let life = format!("{}s", TOKEN_LIFE.as_secs());
    let mut pair =
        Pair::start_with(&[("AUTH_JWKS_MAX_AGE", "1s"), ("AUTH_ACCESS_TOKEN_TTL", &life)]);
    let (user, admin) = (User::signed_up(&pair.auth, "Ada"), User::admin(&pair.auth, "Root"));
    let mut tokens = vec![(user.log_in(&pair.auth), Instant::now())];
    let mut made = 0;
    for round in 0..rounds() {
        let change = [Change::Planned, Change::Immediate, Change::Revocation][round % 3];
        let victim = [Victim::Server, Victim::Command, Victim::Bystander][round / 3 % 3];
        let moment = u64::try_from(moments.below(SPAN_MILLISECONDS)).expect("small");
        let before = keys(&pair.auth);
        end_within(&mut pair, change, victim, &admin, Duration::from_millis(moment));
        let what = format!("round {round}, {change:?}, {victim:?}, {moment} ms; seed {seed}");

        active(&pair.auth);
        files_are_whole(&pair);
        let after = keys(&pair.auth);
        made += usize::from(states(&before) != states(&after));
        let void = |kid: &str| after.iter().any(|k| k["kid"] == kid && k["state"] == "revoked");
        tokens.push((user.log_in(&pair.auth), Instant::now()));
        tokens.retain(|(_, came)| came.elapsed() < LOOKED_AT);
        for (token, came) in &tokens {
            let good = !void(&kid_of(token));
            let judged = || {
                let status = pair.me(token).status;
                let over = came.elapsed() > ABOUT_TO_END;
                assert!(over || !good || status != 401, "a good token is refused: {what}");
                over || status == if good { 200 } else { 401 }
            };
            poll::until(&format!("a token is judged, good: {good}; {what}"), LIMIT, judged);
        }
        let published: Vec<_> = after.iter().filter(|key| key["state"] == "retiring").collect();
        if published.len() > MOST_KEYS {
            let kid = published[0]["kid"].as_str().expect("a kid");
            pair.auth.command(&["keys", "revoke", kid]).done();
        }
    }
    println!("{made} of {} changes were made before the end", rounds());
}

fn states(keys: &[serde_json::Value]) -> Vec<(&str, &str)> {
    keys.iter()
        .map(|key| {
            (key["kid"].as_str().unwrap_or_default(), key["state"].as_str().unwrap_or_default())
        })
        .collect()
}
