//! The published key set (RFC 7517) and the keys' public forms.

use std::process::Command;

use end_to_end::forge::{Forge, thumbprint};
use end_to_end::pair::Pair;
use end_to_end::token::decode;
use serde_json::{Value, json};

const PATH: &str = "/.well-known/jwks.json";

#[test]
fn the_set_holds_public_members_alone_in_their_shortest_form() {
    let pair = Pair::start();
    pair.auth.command(&["keys", "generate"]).done();
    end_to_end::poll::until("both keys are published", std::time::Duration::from_secs(5), || {
        let set = pair.auth.get(PATH).send().expect(200).json();
        set["keys"].as_array().is_some_and(|keys| keys.len() == 2)
    });
    let answer = pair.auth.get(PATH).send().expect(200);
    assert!(
        matches!(answer.media_type(), "application/jwk-set+json" | "application/json"),
        "{}",
        answer.media_type()
    );
    let set = answer.json();
    assert_eq!(set.as_object().map(serde_json::Map::len), Some(1));
    for key in set["keys"].as_array().expect("keys") {
        let text = |member: &str| key[member].as_str().expect("text");
        assert_eq!(
            *key,
            json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": text("kid"), "n": text("n"),
                "e": "AQAB"})
        );
        let modulus = decode(text("n"));
        assert_eq!(modulus.len(), 256);
        assert_ne!(modulus[0], 0, "no leading zero byte");
        assert_eq!(text("kid"), thumbprint(text("n"), text("e")));
    }
}

#[test]
fn a_client_that_holds_the_set_is_told_that_nothing_changed() {
    let mut pair = Pair::prepare();
    pair.set("AUTH_JWKS_MAX_AGE", "45s");
    pair.auth.start();
    let answer = pair.auth.get(PATH).send().expect(200);
    let etag = answer.header("etag").to_owned();
    assert!(etag.starts_with('"') && etag.ends_with('"'), "a strong validator: {etag}");
    let caching: Vec<_> = answer.header("cache-control").split(',').map(str::trim).collect();
    assert!(caching.contains(&"public") && caching.contains(&"max-age=45"), "{caching:?}");

    let ask = |tag: &str| pair.auth.get(PATH).header("if-none-match", tag).send();
    for tag in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".into()] {
        let unchanged = ask(&tag).expect(304);
        assert!(unchanged.body.is_empty());
        assert_eq!(unchanged.header("etag"), etag);
        assert!(unchanged.header("cache-control").contains("max-age=45"));
    }
    ask("\"x\"").expect(200);
    let head = pair.auth.request("HEAD", PATH).send().expect(200);
    assert!(head.body.is_empty());
    assert_eq!(head.header("etag"), etag);

    pair.auth.command(&["keys", "generate"]).done();
    end_to_end::poll::until("a new key changes the tag", std::time::Duration::from_secs(5), || {
        ask(&etag).status == 200
    });
}

#[test]
fn the_exported_key_is_what_openssl_makes_of_the_private_one() {
    let pair = Pair::prepare();
    let forge = Forge::generate(2_048);
    pair.import(&forge);
    let file = forge.write_to(pair.folder());
    let openssl = Command::new("openssl")
        .args(["rsa", "-pubout", "-in"])
        .arg(&file)
        .output()
        .expect("openssl runs");
    let expected = String::from_utf8(openssl.stdout).expect("PEM");
    let export = |arguments: &[&str]| {
        let all = [&["keys", "export-public"], arguments].concat();
        pair.auth.command(&all).done().out
    };
    assert_eq!(export(&["--format", "pem"]), expected);
    assert_eq!(export(&[&forge.kid, "--format", "pem"]), expected);
    let jwk: Value = serde_json::from_str(&export(&["--format", "jwk"])).expect("JSON");
    assert_eq!(jwk, forge.jwk());
    // One thumbprint in 64 begins with a hyphen, and is no option for that.
    for unknown in ["unknown", "-unknown", "--unknown", "-7YtxAZz"] {
        let ended = pair.auth.command(&["keys", "export-public", unknown, "--format", "pem"]);
        ended.failed_with(1, &[unknown]);
    }
    assert_eq!(pair.auth.command(&["keys", "export-public", "--format", "xml"]).code, Some(2));
}
