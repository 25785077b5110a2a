//! `POST /oauth2/token` for services (RFC 6749 §4.4, §5.2).

use std::collections::BTreeSet;
use std::time::Duration;

use end_to_end::client::Client;
use end_to_end::http::Answer;
use end_to_end::pair::Pair;
use end_to_end::user::User;
use end_to_end::{poll, token};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

fn issuer() -> Pair {
    let mut pair = Pair::prepare();
    pair.auth.start();
    pair
}

#[track_caller]
fn oauth_error(answer: Answer, status: u16, code: &str) -> Answer {
    let answer = answer.expect(status);
    assert_eq!(answer.media_type(), "application/json", "{}", answer.text());
    assert_eq!(answer.json()["error"], code, "{}", answer.text());
    assert!(answer.header("cache-control").contains("no-store"), "{:?}", answer.header_lines());
    answer
}

#[test]
fn a_service_gets_a_token_of_its_own_kind() {
    let pair = issuer();
    let client = Client::registered(&pair.auth, "reports", &["directory:read", "events:read"]);
    let answer = client.try_token(&pair.auth, &[]).expect(200);
    assert!(answer.header("cache-control").contains("no-store"));
    let body = answer.json();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 1_800);
    assert!(body["refresh_token"].is_null(), "RFC 6749 §4.4.3");
    let (header, claims) = token::read(body["access_token"].as_str().expect("a token"));
    assert_eq!(header["typ"], "at+jwt");
    let members: BTreeSet<_> =
        claims.as_object().expect("claims").keys().map(String::as_str).collect();
    let expected = ["iss", "sub", "aud", "iat", "exp", "jti", "client_id", "scope", "pos"];
    assert_eq!(members, BTreeSet::from(expected));
    assert_eq!((&claims["sub"], &claims["client_id"]), (&"reports".into(), &"reports".into()));
    assert_eq!(claims["aud"], pair.auth.url, "the issuer, if none is asked for");
    let scopes: BTreeSet<_> = claims["scope"].as_str().expect("a scope").split(' ').collect();
    assert_eq!(scopes, BTreeSet::from(["directory:read", "events:read"]));

    let narrow = client.token_with(&pair.auth, &[("scope", "events:read")]);
    assert_eq!(token::claims(&narrow)["scope"], "events:read");
    let other = client.token_with(&pair.auth, &[("audience", "api-service")]);
    assert_eq!(token::claims(&other)["aud"], "api-service");
}

#[test]
fn what_a_client_may_not_have_is_told_by_code() {
    let pair = issuer();
    let client = Client::registered(&pair.auth, "reports", &["events:read"]);
    let ask = |parameters: &[(&str, &str)]| client.try_token(&pair.auth, parameters);
    for scope in ["directory:read", "events:read directory:read", "all", "events:read\u{e9}"] {
        oauth_error(ask(&[("scope", scope)]), 400, "invalid_scope");
    }
    oauth_error(ask(&[("audience", "elsewhere")]), 400, "invalid_target");
    ask(&[("scope", ""), ("audience", ""), ("unknown", "x")]).expect(200);
    for repeated in ["scope", "audience", "grant_type"] {
        let value = if repeated == "grant_type" { "client_credentials" } else { "x" };
        oauth_error(ask(&[(repeated, value), (repeated, value)]), 400, "invalid_request");
    }
}

#[test]
fn other_grants_are_unsupported_and_other_forms_invalid() {
    let pair = issuer();
    let client = Client::registered(&pair.auth, "reports", &["events:read"]);
    let post = || pair.auth.post("/oauth2/token").basic(&client.id, &client.secret);
    for grant in ["password", "implicit", "authorization_code", "x", "CLIENT_CREDENTIALS"] {
        let form = [("grant_type", grant), ("username", "a"), ("password", "b")];
        oauth_error(post().form(&form).send(), 400, "unsupported_grant_type");
    }
    oauth_error(post().form(&[]).send(), 400, "invalid_request");
    oauth_error(post().form(&[("grant_type", "")]).send(), 400, "invalid_request");
    oauth_error(post().send(), 400, "invalid_request");
    let json = post().json(&serde_json::json!({"grant_type": "client_credentials"})).send();
    assert!(matches!(json.status, 400 | 415), "{}", json.status);
    let query = pair.auth.post("/oauth2/token?grant_type=client_credentials");
    let answer = query.basic(&client.id, &client.secret).form(&[]).send();
    oauth_error(answer, 400, "invalid_request");
    let get = pair.auth.get("/oauth2/token").basic(&client.id, &client.secret).send();
    assert_eq!((get.status, get.header("allow")), (405, "POST"));
}

#[test]
fn a_client_that_is_not_proven_gets_nothing() {
    let pair = issuer();
    let client = Client::registered(&pair.auth, "reports", &["events:read"]);
    let post = || pair.auth.post("/oauth2/token");
    for (id, secret) in [
        ("reports", "wrong"),
        ("reports", ""),
        ("nobody", &*client.secret),
        ("REPORTS", &client.secret),
        ("", &client.secret),
        ("first-party", &client.secret),
        ("first-party", ""),
        ("' OR '1'='1", "' OR '1'='1"),
    ] {
        let answer =
            oauth_error(post().basic(id, secret).form(&[GRANT]).send(), 401, "invalid_client");
        let challenge = answer.header("www-authenticate");
        assert!(challenge.starts_with("Basic "), "{id}: `{challenge}`");
        let form = [GRANT, ("client_id", id), ("client_secret", secret)];
        let answer = post().form(&form).send();
        assert!(matches!(answer.status, 400 | 401), "{id}: {}", answer.text());
    }
    oauth_error(post().form(&[GRANT]).send(), 401, "invalid_client");
    for header in ["Basic", "Basic !", "Basic cmVwb3J0cw==", "Bearer x", "Basic //79"] {
        let answer = post().header("authorization", header).form(&[GRANT]).send();
        oauth_error(answer, 401, "invalid_client");
    }
    let in_body = [GRANT, ("client_id", &*client.id), ("client_secret", &*client.secret)];
    post().form(&in_body).send().expect(200);
    let both = post().basic(&client.id, &client.secret).form(&in_body).send();
    oauth_error(both, 400, "invalid_request");
    post().basic(&client.id, &client.secret).form(&[GRANT]).send().expect(200);
}

#[test]
fn a_removed_client_is_gone_and_its_tokens_with_it() {
    let pair = Pair::start();
    let client = Client::registered(&pair.auth, "reports", &["events:read", "directory:read"]);
    let for_feed = client.token(&pair.auth);
    let for_guard = client.token_with(&pair.auth, &[("audience", "api-service")]);
    let read = |token: &str| pair.auth.get("/directory/users").bearer(token).send().status;
    assert_eq!(read(&for_feed), 200);
    assert_eq!(pair.me(&for_guard).status, 403, "a good token of the wrong kind");

    pair.auth.command(&["clients", "remove", "reports"]).done();
    poll::until("the guard hears of it", Duration::from_secs(5), || {
        pair.me(&for_guard).status == 401
    });
    pair.refuses_as("revoked", "its token at the guard", &for_guard);
    poll::until("the issuer refuses it", Duration::from_secs(5), || read(&for_feed) == 401);
    oauth_error(client.try_token(&pair.auth, &[]), 401, "invalid_client");

    let again = Client::registered(&pair.auth, "reports", &["directory:read"]);
    let fresh = again.token_with(&pair.auth, &[("audience", "api-service")]);
    assert_eq!(pair.me(&fresh).status, 403, "a later client of the same name");
    pair.refuses_as("revoked", "still", &for_guard);
    assert_eq!(pair.auth.command(&["clients", "remove", "nobody"]).code, Some(1));
}

#[test]
fn a_clients_id_is_never_that_of_a_user_or_a_reserved_one() {
    let pair = issuer();
    let user = User::signed_up(&pair.auth, "Ada").public_id(&pair.auth);
    let upper = user.to_uppercase();
    let braces = format!("{{{user}}}");
    let simple = user.replace('-', "");
    let urn = format!("urn:uuid:{user}");
    let other = uuid::Uuid::new_v4().to_string();
    let ids = [
        &*user,
        &upper,
        &braces,
        &simple,
        &urn,
        &other,
        "first-party",
        "",
        " ",
        "a b",
        "a:b",
        "a\nb",
    ];
    for id in ids {
        let ended = pair.auth.command(&["clients", "add", id, "--scope", "events:read"]);
        assert!(matches!(ended.code, Some(1 | 2)), "{id:?}: {ended:?}");
    }
    Client::registered(&pair.auth, "reports", &["events:read"]);
    let twice = pair.auth.command(&["clients", "add", "reports", "--scope", "events:read"]);
    twice.failed_with(1, &["reports"]);
}
