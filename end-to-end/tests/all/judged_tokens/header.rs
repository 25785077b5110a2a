//! The header: exactly `alg`, `typ` and `kid` (RFC 9068 §2.1, RFC 8725 §3).

use end_to_end::connection::Tripwire;
use end_to_end::forge::Forge;
use end_to_end::token::{encode, with, with_literal, without};
use serde_json::json;

use super::Bench;

#[test]
fn any_algorithm_but_rs256_to_the_letter_is_refused() {
    let bench = Bench::start();
    let header = bench.forge.header();
    let names = [
        "none",
        "None",
        "NONE",
        "nOnE",
        "nonE",
        " none",
        "none ",
        "no\u{6e}e\u{0}",
        "",
        "NonE",
        "n\u{f6}ne",
        "null",
        "HS256",
        "HS384",
        "HS512",
        "PS256",
        "PS384",
        "PS512",
        "ES256",
        "ES256K",
        "ES384",
        "ES512",
        "EdDSA",
        "RS384",
        "RS512",
        "rs256",
        "Rs256",
        "RS256 ",
        " RS256",
        "RS256\u{0}",
        "RSA256",
        "RSA-OAEP",
        "dir",
    ];
    for name in names {
        let header = with(&header, "alg", name).to_string();
        bench.refuses(name, &bench.with_header(&header));
        let unsigned = format!("{}.{}.", encode(&header), encode(bench.claims.to_string()));
        bench.refuses(name, &unsigned);
    }
    for literal in ["null", "true", "256", r#"["RS256"]"#, r#"{"alg":"RS256"}"#] {
        bench.refuses(literal, &bench.with_header(with_literal(&header, "alg", literal)));
    }
    bench.refuses("no alg", &bench.with_header(without(&header, "alg").to_string()));
    bench.accepts_the_good_one();
}

#[test]
fn only_the_type_of_access_tokens_is_taken() {
    let bench = Bench::start();
    let header = bench.forge.header();
    for good in ["at+jwt", "application/at+jwt", "AT+JWT", "At+Jwt", "Application/AT+jwt"] {
        bench.accepts(good, &bench.with_header(with(&header, "typ", good).to_string()));
    }
    let others = [
        "JWT",
        "jwt",
        "",
        "logout+jwt",
        "id_token",
        "rt+jwt",
        "token-introspection+jwt",
        "dpop+jwt",
        "secevent+jwt",
        "client-authentication+jwt",
        "at+jwt ",
        " at+jwt",
        "at+jwt;x=1",
        "application/application/at+jwt",
        "text/at+jwt",
        "at jwt",
        "at+jwt\u{0}",
    ];
    for other in others {
        let token = bench.with_header(with(&header, "typ", other).to_string());
        bench.refuses_as("malformed", other, &token);
    }
    for literal in ["null", "1", r#"["at+jwt"]"#] {
        bench.refuses(literal, &bench.with_header(with_literal(&header, "typ", literal)));
    }
    bench.refuses("no typ", &bench.with_header(without(&header, "typ").to_string()));
}

#[test]
fn any_other_member_of_the_header_is_refused() {
    let bench = Bench::start();
    let header = bench.forge.header();
    let members = [
        ("crit", r#"["exp"]"#),
        ("crit", "[]"),
        ("crit", "null"),
        ("crit", r#""exp""#),
        ("crit", r#"["b64"]"#),
        ("b64", "false"),
        ("b64", "true"),
        ("zip", r#""DEF""#),
        ("cty", r#""JWT""#),
        ("enc", r#""A256GCM""#),
        ("x", "1"),
        ("", "1"),
        ("Alg", r#""RS256""#),
        ("nonce", r#""1""#),
    ];
    for (member, literal) in members {
        bench.refuses(member, &bench.with_header(with_literal(&header, member, literal)));
    }
    bench.accepts_the_good_one();
}

#[test]
fn a_key_or_an_address_in_the_header_is_refused_and_never_called() {
    let bench = Bench::start();
    let tripwire = Tripwire::lay();
    let url = format!("http://{}/keys", tripwire.address);
    let stranger = Forge::generate(2_048);
    let claims = bench.claims.to_string();
    for forge in [bench.forge, &stranger] {
        let header = forge.header();
        let headers = [
            with(&header, "jwk", stranger.jwk()),
            with(&header, "jku", url.clone()),
            with(&header, "x5u", url.clone()),
            with(&header, "x5c", json!([encode(stranger.public_der())])),
            with(&header, "x5t", "AAAA"),
            with(&with(&header, "jku", url.clone()), "jwk", stranger.jwk()),
            with(&header, "kid", url.clone()),
            with(&header, "kid", format!("{url}#{}", bench.forge.kid)),
        ];
        for header in headers {
            bench.refuses(&header.to_string(), &forge.sign(header.to_string(), &claims));
        }
    }
    let claims = with(&bench.claims, "jku", url.clone());
    bench.accepts("a claim that nobody reads", &bench.with_claims(claims.to_string()));
    assert_eq!(tripwire.calls(), 0, "outgoing connections");
    end_to_end::http::request("GET", &url).try_send().expect_err("the tripwire answers nobody");
    assert_eq!(tripwire.calls(), 1, "the control: a call would have been counted");
}

#[test]
fn a_key_id_that_is_no_thumbprint_is_refused_and_reaches_nothing() {
    let bench = Bench::start();
    let header = bench.forge.header();
    for literal in ["null", "1", "[]", "{}", "true", &format!("[\"{}\"]", bench.forge.kid)] {
        bench.refuses(literal, &bench.with_header(with_literal(&header, "kid", literal)));
    }
    bench.refuses("no kid", &bench.with_header(without(&header, "kid").to_string()));
    let kid = &bench.forge.kid;
    let kids = [
        String::new(),
        "../../../../etc/passwd".into(),
        "/dev/null".into(),
        "' OR '1'='1".into(),
        "x'; DROP TABLE keys; --".into(),
        format!("{kid}\u{0}"),
        format!(" {kid}"),
        format!("{kid}="),
        "a".repeat(8_192),
        "0".into(),
    ];
    for kid in kids {
        bench.refuses(&kid, &bench.with_header(with(&header, "kid", kid.clone()).to_string()));
    }
    // Well-formed but unknown: refused once a key set fetched since shows that nobody holds it.
    for (unknown, word) in [
        (encode([7; 32]), "key"),
        (encode([8; 32]), "key"),
        // In other letters it may be no thumbprint at all: its last character has unused bits.
        (kid.to_lowercase(), ""),
        (kid.to_uppercase(), ""),
    ] {
        let token = bench.with_header(with(&header, "kid", unknown.clone()).to_string());
        let answer = bench.pair.me(&token);
        if answer.status == 503 {
            answer.problem(503);
        } else {
            let description = end_to_end::pair::refused(&unknown, &token, &answer);
            assert!(description.contains(word), "{description}");
        }
    }
    bench.accepts_the_good_one();
}
