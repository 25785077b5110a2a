//! Sudden ends (SIGKILL): acknowledged changes are kept, revoked tokens stay revoked.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use support::pair::Pair;
use support::poll;
use support::user::{Session, User};
use uuid::Uuid;

/// The time limit for steps that are slow on a slow machine, such as an end during a write.
const PATIENCE: Duration = Duration::from_secs(30);

/// A pause of random length, so that the kills come at different moments.
fn a_moment() -> Duration {
    let (random, _) = Uuid::new_v4().as_u64_pair();
    Duration::from_millis(random % 300)
}

#[test]
fn acknowledged_sign_ups_survive_a_kill_of_the_issuer() {
    let mut pair = Pair::prepare();
    pair.auth.start();
    let acknowledged = Mutex::new(Vec::new());
    for round in 0..8 {
        let pause = a_moment();
        std::thread::scope(|scope| {
            for client in 0..4 {
                let (auth, acknowledged) = (&pair.auth, &acknowledged);
                let url = format!("{}/signup", auth.url);
                scope.spawn(move || {
                    loop {
                        let user = User::new(&format!("User {round} {client}"));
                        let fields = [
                            ("name", &*user.name),
                            ("email", &user.email),
                            ("password", &user.password),
                        ];
                        let sent = support::http::request("POST", &url).form(&fields).try_send();
                        match sent {
                            Ok(answer) if answer.status == 201 => {
                                acknowledged.lock().expect("no client failed").push(user);
                            }
                            Ok(answer) => drop(answer.problem(503)),
                            Err(_) => break,
                        }
                    }
                });
            }
            // If a sign-up takes longer than the pause, a round might otherwise see none.
            poll::until("somebody has signed up", PATIENCE, || {
                !acknowledged.lock().expect("no client failed").is_empty()
            });
            poll::throughout("under load", pause, || true);
            pair.auth.process().signal("KILL");
        });
        pair.auth.wait_end(PATIENCE);
        pair.auth.start();
    }
    let acknowledged = acknowledged.into_inner().expect("no client failed");
    for user in acknowledged.iter().rev().take(60) {
        user.try_login(&pair.auth).expect(201);
    }
    let kept = everybody(&pair);
    for user in &acknowledged {
        assert!(kept.contains(&user.email), "{}", user.email);
    }
}

/// The addresses of all users, page by page.
fn everybody(pair: &Pair) -> HashSet<String> {
    let mut addresses = HashSet::new();
    let mut after: Option<String> = None;
    loop {
        let mut command = vec!["users", "list", "--limit", "1000"];
        command.extend(after.iter().flat_map(|after| ["--after", after]));
        let page = pair.auth.command_json(&command);
        let users = page["users"].as_array().expect("users");
        addresses.extend(users.iter().map(|user| user["email"].as_str().expect("one").to_owned()));
        match page["next"].as_str() {
            Some(next) => after = Some(next.to_owned()),
            None => return addresses,
        }
    }
}

#[test]
fn kill_during_refresh_leaves_exactly_one_usable_token() {
    let mut pair = Pair::prepare();
    pair.set("AUTH_REFRESH_REPEAT_WINDOW", "10m");
    pair.auth.start();
    let user = User::signed_up(&pair.auth, "Ada");
    let mut last = Session::opened(&pair.auth, &user, "api-service").refresh;
    for round in 0..8 {
        let pause = a_moment() / 3;
        let url = format!("{}/oauth2/token", pair.auth.url);
        // The refresh token that was sent last, without an answer.
        let held = std::thread::scope(|scope| {
            let refreshing = scope.spawn(|| {
                let mut held = last.clone();
                loop {
                    let form = [("grant_type", "refresh_token"), ("refresh_token", &*held)];
                    match support::http::request("POST", &url).form(&form).try_send() {
                        Ok(answer) if answer.status == 200 => {
                            held = Session::read(&answer).refresh;
                        }
                        Ok(answer) if answer.status == 503 => {}
                        Ok(answer) => panic!("{answer:?}"),
                        Err(_) => return held,
                    }
                }
            });
            poll::throughout("a random moment", pause, || true);
            pair.auth.process().signal("KILL");
            refreshing.join().expect("no panic")
        });
        pair.auth.wait_end(PATIENCE);
        pair.auth.start();
        let seen = format!("round {round}, killed after {pause:?}");
        let renew = |token: &str| {
            Session::read(&Session::try_refresh(&pair.auth, token).expect(200)).refresh
        };
        let (next, again) = (renew(&held), renew(&held));
        assert_eq!(next, again, "{seen}: never two");
        last = renew(&next);
    }
}
