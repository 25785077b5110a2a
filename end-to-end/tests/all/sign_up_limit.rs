//! The limit of sign-ups by address.

use end_to_end::http::Answer;
use end_to_end::metrics::Metrics;
use end_to_end::pair::Pair;
use end_to_end::user::User;

fn issuer(limit: &str) -> Pair {
    let mut pair = Pair::prepare();
    pair.set("AUTH_SIGN_UPS_PER_ADDRESS", limit);
    pair.set("AUTH_TRUSTED_PROXIES", "127.0.0.1");
    pair.auth.start();
    pair
}

fn sign_up(pair: &Pair, user: &User, from: &str) -> Answer {
    let fields = [("name", &*user.name), ("email", &user.email), ("password", &user.password)];
    pair.auth.post("/signup").header("x-forwarded-for", from).form(&fields).send()
}

#[track_caller]
fn refused(answer: Answer) {
    let seconds = answer.retry_after();
    assert!((1..=3_600).contains(&seconds), "{seconds} s");
    let problem = answer.problem(429);
    assert!(problem["detail"].to_string().contains("Too many sign-ups"), "{problem}");
}

#[test]
fn sign_ups_beyond_the_limit_of_an_address_are_429() {
    let pair = issuer("3/1h");
    let (ada, address) = (User::new("Ada"), "198.51.100.1");
    sign_up(&pair, &ada, address).expect(201);
    sign_up(&pair, &ada, address).expect(202);
    for _ in 0..5 {
        let wrong = User { password: "short".into(), ..User::new("Eve") };
        sign_up(&pair, &wrong, address).problem(422);
    }
    sign_up(&pair, &User::new("Grace"), address).expect(201);
    refused(sign_up(&pair, &User::new("Eve"), address));
    refused(sign_up(&pair, &ada, "::ffff:198.51.100.1"));
    let wrong = User { password: "short".into(), ..User::new("Eve") };
    sign_up(&pair, &wrong, address).problem(422);

    sign_up(&pair, &User::new("Joan"), "198.51.100.2").expect(201);
    for n in 0..3 {
        sign_up(&pair, &User::new("Edith"), &format!("2001:db8::{n}")).expect(201);
    }
    refused(sign_up(&pair, &User::new("Eve"), "2001:db8::ffff:1"));
    sign_up(&pair, &User::new("Edith"), "2001:db8:0:1::1").expect(201);

    let login = [("email", &*ada.email), ("password", &ada.password)];
    pair.auth.post("/login").header("x-forwarded-for", address).form(&login).send().expect(201);
    let throttled = Metrics::of(&pair.auth.management)
        .sample::<u64>("signet_sign_ups_total{outcome=\"throttled\"}");
    assert_eq!(throttled, Some(3));
    let rows = pair.auth.command_json(&["audit", "list", "--action", "signup"]).to_string();
    assert_eq!(rows.matches("too_many_sign_ups").count(), 3, "{rows}");
}

#[test]
fn sign_ups_side_by_side_do_not_get_past_the_limit() {
    let pair = issuer("4/1h");
    let statuses: Vec<_> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..12)
            .map(|_| scope.spawn(|| sign_up(&pair, &User::new("Eve"), "198.51.100.1").status))
            .collect();
        clients.into_iter().map(|client| client.join().expect("an answer")).collect()
    });
    let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!((count(201), count(429)), (4, 8), "{statuses:?}");
}

#[test]
fn address_signs_up_a_hundred_times_an_hour_by_default() {
    let mut pair = Pair::prepare();
    pair.auth.launch.unset("AUTH_SIGN_UPS_PER_ADDRESS");
    pair.auth.start();
    let ada = User::signed_up(&pair.auth, "Ada");
    for _ in 1..100 {
        ada.sign_up(&pair.auth).expect(202);
    }
    refused(ada.sign_up(&pair.auth));
}

#[test]
fn limit_of_sign_ups_may_be_off() {
    let pair = issuer("off");
    let ada = User::signed_up(&pair.auth, "Ada");
    for _ in 0..101 {
        ada.sign_up(&pair.auth).expect(202);
    }
}
