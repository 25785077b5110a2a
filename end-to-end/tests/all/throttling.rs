//! Too many failed log-ins: counted per account and per address, and nobody is locked out for good.

use end_to_end::http::Answer;
use end_to_end::pair::Pair;
use end_to_end::user::User;

fn issuer(settings: &[(&str, &str)]) -> Pair {
    let mut pair = Pair::prepare();
    for (name, value) in settings {
        pair.set(name, value);
    }
    pair.auth.start();
    pair
}

/// A log-in from the forwarded address `from`.
fn log_in(pair: &Pair, user: &User, password: &str, from: Option<&str>) -> Answer {
    let mut request = pair.auth.post("/login");
    if let Some(from) = from {
        request = request.header("x-forwarded-for", from);
    }
    request.form(&[("email", &user.email), ("password", password)]).send()
}

#[track_caller]
fn throttled(answer: Answer) {
    let seconds = answer.retry_after();
    assert!((1..=900).contains(&seconds), "{seconds} s");
    answer.problem(429);
}

#[test]
fn failures_of_an_account_are_bounded_whether_it_exists_or_not() {
    let pair = issuer(&[("AUTH_LOGIN_FAILURES_PER_ACCOUNT", "4/15m")]);
    let (known, other) = (User::signed_up(&pair.auth, "Ada"), User::signed_up(&pair.auth, "Grace"));
    for (user, status) in [(known.clone(), 403), (User::new("Nobody"), 401)] {
        for _ in 0..4 {
            log_in(&pair, &user, "a wrong password", None).expect(status);
        }
        throttled(log_in(&pair, &user, "a wrong password", None));
        throttled(log_in(&pair, &user, &user.password, None));
        let spelled = User { email: format!(" {} ", user.email.to_uppercase()), ..user };
        throttled(log_in(&pair, &spelled, "a wrong password", None));
    }
    log_in(&pair, &other, &other.password, None).expect(201);
}

#[test]
fn successes_are_not_counted() {
    let pair = issuer(&[("AUTH_LOGIN_FAILURES_PER_ACCOUNT", "2/15m")]);
    let user = User::signed_up(&pair.auth, "Ada");
    for _ in 0..5 {
        log_in(&pair, &user, &user.password, None).expect(201);
    }
    log_in(&pair, &user, "a wrong password", None).expect(403);
    log_in(&pair, &user, &user.password, None).expect(201);
}

#[test]
fn a_forged_forwarded_address_moves_no_limit() {
    let pair = issuer(&[("AUTH_LOGIN_FAILURES_PER_ADDRESS", "6/15m")]);
    for n in 0..6 {
        let from = format!("198.51.100.{n}");
        log_in(&pair, &User::new("Nobody"), "a wrong password", Some(&from)).expect(401);
    }
    throttled(log_in(&pair, &User::new("Nobody"), "a wrong password", Some("198.51.100.99")));
}

#[test]
fn behind_a_trusted_proxy_each_client_has_its_own_count() {
    let pair = issuer(&[
        ("AUTH_LOGIN_FAILURES_PER_ADDRESS", "3/15m"),
        ("AUTH_TRUSTED_PROXIES", "127.0.0.0/8"),
    ]);
    let fail = |from: &str| log_in(&pair, &User::new("Nobody"), "a wrong password", Some(from));
    for _ in 0..3 {
        fail("198.51.100.1").expect(401);
    }
    throttled(fail("198.51.100.1"));
    // What the client itself wrote in front of the proxy's entry counts for nothing.
    throttled(fail("203.0.113.9, 198.51.100.1"));
    fail("198.51.100.2").expect(401);
}

#[test]
fn an_attacker_does_not_lock_the_owner_out() {
    let pair = issuer(&[
        ("AUTH_LOGIN_FAILURES_PER_ACCOUNT", "3/15m"),
        ("AUTH_TRUSTED_PROXIES", "127.0.0.1"),
    ]);
    let user = User::signed_up(&pair.auth, "Ada");
    let (home, attacker) = (Some("198.51.100.1"), Some("203.0.113.66"));
    log_in(&pair, &user, &user.password, home).expect(201);
    for _ in 0..3 {
        log_in(&pair, &user, "a wrong password", attacker).expect(403);
    }
    throttled(log_in(&pair, &user, "a wrong password", attacker));
    throttled(log_in(&pair, &user, &user.password, attacker));
    log_in(&pair, &user, &user.password, home).expect(201);
}

#[test]
fn the_limits_may_be_off() {
    let pair = issuer(&[
        ("AUTH_LOGIN_FAILURES_PER_ACCOUNT", "off"),
        ("AUTH_LOGIN_FAILURES_PER_ADDRESS", "off"),
    ]);
    let user = User::signed_up(&pair.auth, "Ada");
    for _ in 0..15 {
        log_in(&pair, &user, "a wrong password", None).expect(403);
    }
    log_in(&pair, &user, &user.password, None).expect(201);
}
