//! `POST /signup`: what an account is made of, and what it is not made twice of.

use end_to_end::http::Answer;
use end_to_end::pair::Pair;
use end_to_end::user::User;
use serde_json::{Value, json};

const PASSWORD: &str = "a long and quiet evening";

/// An issuer alone: these tests need no guard.
fn issuer() -> Pair {
    let mut pair = Pair::prepare();
    pair.auth.start();
    pair
}

fn sign_up(pair: &Pair, body: &Value) -> Answer {
    pair.auth.post("/signup").json(body).send()
}

#[track_caller]
fn refused(pair: &Pair, field: &str, body: &Value) {
    let problem = sign_up(pair, body).problem(422);
    let told = problem["errors"][field].as_array().is_some_and(|list| !list.is_empty());
    assert!(told, "{field} of {body}: {problem}");
}

fn good() -> Value {
    let user = User::new("Ada");
    json!({"name": user.name, "email": user.email, "password": PASSWORD})
}

#[test]
fn every_field_is_needed_and_of_its_type() {
    let pair = issuer();
    for field in ["name", "email", "password"] {
        let mut body = good();
        body.as_object_mut().expect("an object").shift_remove(field);
        refused(&pair, field, &body);
        let others =
            [json!(""), json!(null), json!(1), json!(true), json!([]), json!({}), json!(["x"])];
        for value in others {
            let mut body = good();
            body[field] = value;
            refused(&pair, field, &body);
        }
    }
    for body in [json!([]), json!("x"), json!(1), json!(null)] {
        let status = sign_up(&pair, &body).status;
        assert!(matches!(status, 400 | 422), "{body}: {status}");
    }
    let problem = sign_up(&pair, &json!({})).problem(422);
    assert_eq!(problem["errors"].as_object().map(serde_json::Map::len), Some(3), "{problem}");
    sign_up(&pair, &good()).expect(201);
}

#[test]
fn names_and_addresses_are_bounded_and_without_controls() {
    let pair = issuer();
    let with = |field: &str, value: &str| {
        let mut body = good();
        body[field] = value.into();
        body
    };
    let unique = uuid::Uuid::new_v4().simple().to_string();
    let controls = ["a\u{0}b", "a\nb", "a\r\nb: c", "a\tb", "\u{1b}[31ma", "a\u{7f}b", "a\u{85}b"];
    for value in controls {
        refused(&pair, "name", &with("name", value));
        refused(&pair, "email", &with("email", &format!("{value}@example.org")));
    }
    refused(&pair, "name", &with("name", &"n".repeat(101)));
    refused(&pair, "name", &with("name", "   "));
    sign_up(&pair, &with("name", &"\u{1f600}".repeat(100))).expect(201);
    let addresses = [
        "plain",
        "@example.org",
        "a@",
        "a@@example.org",
        "a b@example.org",
        "a@example..org",
        "a@-",
        "a@ex ample.org",
        "<a@example.org>",
        "a@example.org, b@example.org",
        "a@.org",
        "Ada <a@example.org>",
    ];
    for address in addresses {
        refused(&pair, "email", &with("email", address));
    }
    let long = format!("{unique}@{}.example.org", "d".repeat(63));
    sign_up(&pair, &with("email", &long)).expect(201);
    let longer = format!("{}@{}.org", "l".repeat(60), ["d".repeat(60).as_str(); 4].join("."));
    refused(&pair, "email", &with("email", &longer));
    let tagged = format!("{unique}+tag.x_y-z'o@sub.example.org");
    sign_up(&pair, &with("email", &tagged)).expect(201);
}

#[test]
fn a_password_has_eight_code_points_and_is_not_one_that_everybody_tries() {
    let pair = issuer();
    let with = |password: &str| {
        let mut body = good();
        body["password"] = password.into();
        body
    };
    for weak in [
        "seven77",
        "\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}",
        "password",
        "12345678",
        "qwertyui",
        "PASSWORD",
        "iloveyou",
        "sunshine",
        "football",
    ] {
        refused(&pair, "password", &with(weak));
    }
    let body = good();
    refused(&pair, "password", &with_own(&body, &body["email"]));
    let mut named = good();
    named["name"] = "Ada Lovelace".into();
    named["password"] = "ada lovelace".into();
    refused(&pair, "password", &named);
    for fine in [
        "eight ch",
        "\u{1f600}\u{1f601}\u{1f602}\u{1f603}\u{1f604}\u{1f605}\u{1f606}\u{1f607}",
        "quotes ' \" and \\ slashes",
        "   blanks   ",
        &"long ".repeat(600),
    ] {
        let body = with(fine);
        sign_up(&pair, &body).expect(201);
        let login = json!({"email": body["email"], "password": fine});
        pair.auth.post("/login").json(&login).send().expect(201);
    }
}

fn with_own(body: &Value, password: &Value) -> Value {
    let mut body = body.clone();
    body["password"] = password.clone();
    body
}

#[test]
fn a_password_counts_to_its_last_byte() {
    let pair = issuer();
    let log_in = |email: &Value, password: &str| {
        pair.auth.post("/login").json(&json!({"email": email, "password": password})).send().status
    };
    let long = "p".repeat(72);
    let cases = [
        (format!("{long}A"), format!("{long}B")),
        ("before\u{0}after".to_owned(), "before\u{0}other".to_owned()),
        ("before\u{0}after".to_owned(), "before".to_owned()),
        ("with blank ".to_owned(), "with blank".to_owned()),
        ("Caf\u{e9} au lait".to_owned(), "Cafe\u{301} au lait".to_owned()),
        ("Upper Lower".to_owned(), "upper lower".to_owned()),
    ];
    for (right, wrong) in cases {
        let body = with_own(&good(), &json!(right));
        sign_up(&pair, &body).expect(201);
        assert_eq!(log_in(&body["email"], &wrong), 403, "{wrong:?} for {right:?}");
        assert_eq!(log_in(&body["email"], &right), 201, "{right:?}");
    }
}

#[test]
fn one_address_has_one_account_however_it_is_written() {
    let pair = issuer();
    let unique = uuid::Uuid::new_v4().simple().to_string();
    let groups: [&[String]; 4] = [
        &[
            format!("Mike-{unique}@Example.org"),
            format!("mike-{unique}@example.org"),
            format!("MIKE-{unique}@EXAMPLE.ORG"),
            format!("  mike-{unique}@example.org\u{20}"),
            format!("\u{ff4d}\u{ff49}\u{ff4b}\u{ff45}-{unique}@example.org"),
            format!("mi\u{212a}e-{unique}@example.org"),
        ],
        &[format!("stra\u{df}e-{unique}@example.org"), format!("STRASSE-{unique}@example.org")],
        &[format!("caf\u{e9}-{unique}@example.org"), format!("cafe\u{301}-{unique}@example.org")],
        &[
            format!("{unique}@b\u{fc}cher.example"),
            format!("{unique}@xn--bcher-kva.example"),
            format!("{unique}@B\u{dc}CHER.example"),
        ],
    ];
    for spellings in groups {
        for (at, spelling) in spellings.iter().enumerate() {
            let body = json!({"name": "Mike", "email": spelling, "password": PASSWORD});
            let expected = if at == 0 { 201 } else { 202 };
            assert_eq!(sign_up(&pair, &body).status, expected, "{spelling:?}");
            let login = json!({"email": spelling, "password": PASSWORD});
            pair.auth.post("/login").json(&login).send().expect(201);
        }
    }
    let other = json!({"name": "Mike", "email": format!("mike-{unique}@example.com"),
        "password": PASSWORD});
    sign_up(&pair, &other).expect(201);
}

#[test]
fn thirty_two_sign_ups_of_one_address_at_once_make_one_account() {
    let pair = issuer();
    let user = User::new("Ada");
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let all: Vec<_> =
            (0..32).map(|_| scope.spawn(|| user.sign_up(&pair.auth).status)).collect();
        all.into_iter().map(|one| one.join().expect("an answer")).collect()
    });
    let count = |status: u16| statuses.iter().filter(|one| **one == status).count();
    assert_eq!((count(201), count(202)), (1, 31), "{statuses:?}");
    let listed = pair.auth.command_json(&["users", "list"]);
    let rows = listed.as_array().or_else(|| listed["users"].as_array()).expect("rows");
    assert_eq!(rows.len(), 1);
}

#[test]
fn a_body_cannot_give_more_than_it_is_asked_for() {
    let mut pair = issuer();
    pair.api.start();
    let mut body = good();
    let id = uuid::Uuid::new_v4().to_string();
    for (field, value) in [
        ("role", json!("admin")),
        ("roles", json!(["user", "admin"])),
        ("is_admin", json!(true)),
        ("admin", json!(true)),
        ("public_id", json!(id)),
        ("id", json!(1)),
        ("state", json!("disabled")),
        ("created_at", json!("2000-01-01T00:00:00Z")),
    ] {
        body[field] = value;
    }
    sign_up(&pair, &body).expect(201);
    let login = json!({"email": body["email"], "password": PASSWORD});
    let answer = pair.auth.post("/login").json(&login).send().expect(201);
    let token = end_to_end::user::token_of(&answer);
    let claims = end_to_end::token::claims(&token);
    assert_eq!(claims["roles"], json!(["user"]));
    assert_ne!(claims["sub"], json!(id));
    let me = pair.me(&token).expect(200).json();
    assert_eq!(me.as_object().map(serde_json::Map::len), Some(3), "{me}");
}
