//! Verifiers of our tokens: `PyJWT`, Authlib and jose, by the JWKS address and by the exported PEM,
//! and `openssl` by the PEM alone.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use support::forge::Forge;
use support::pair::Pair;
use support::user::User;
use support::{outside, token};

/// A good token and bad ones that a verifier must refuse.
fn tokens(pair: &Pair) -> Value {
    let user = User::signed_up(&pair.auth, "Grace");
    let good = user.log_in(&pair.auth);
    let claims = token::claims(&good);
    let (signing_input, signature) = good.rsplit_once('.').expect("a signature");
    let (header, _) = signing_input.split_once('.').expect("two parts");
    let promoted = token::with(&claims, "roles", json!(["user", "admin"]));
    let stranger = Forge::generate(2_048);
    let (own_header, _) = token::read(&good);
    json!({
        "good": good,
        "changed": format!("{header}.{}.{signature}", token::encode(promoted.to_string())),
        "another key's, under our kid": stranger.sign(own_header.to_string(), claims.to_string()),
        "another audience's": user.log_in_for(&pair.auth, &pair.auth.url),
    })
}

/// Asserts that the client accepts the good token both ways, with every claim, and no other token.
fn judges_rightly(client: impl Fn(&Value) -> Value) {
    let pair = Pair::start();
    let tokens = tokens(&pair);
    let pem = pair.auth.command(&["keys", "export-public", "--format", "pem"]).done().out;
    let judged = client(&json!({
        "jwks": format!("{}/.well-known/jwks.json", pair.auth.url),
        "pem": pem,
        "issuer": pair.auth.url,
        "audience": "api-service",
        "tokens": tokens,
    }));
    let claims = token::claims(tokens["good"].as_str().expect("a token"));
    for (name, judged) in judged.as_object().expect("an object") {
        for way in ["jwks", "pem"] {
            if name == "good" {
                assert_eq!(judged[way], claims, "{way}");
            } else {
                assert!(judged[way].is_string(), "{name} is taken by {way}: {}", judged[way]);
            }
        }
    }
    assert_eq!(judged.as_object().map(serde_json::Map::len), Some(4), "{judged}");
}

#[test]
fn pyjwt_verifies_our_tokens_by_address_and_by_pem() {
    judges_rightly(|asked| outside::python("verify_pyjwt.py", asked));
}

#[test]
fn authlib_verifies_our_tokens_by_key_set_and_by_pem() {
    judges_rightly(|asked| outside::python("verify_authlib.py", asked));
}

#[test]
fn jose_verifies_our_tokens_by_address_and_by_pem() {
    judges_rightly(|asked| outside::node("verify_jose.mjs", asked));
}

#[test]
fn openssl_verifies_our_signature_with_the_exported_pem() {
    let pair = Pair::start();
    let good = User::signed_up(&pair.auth, "Grace").log_in(&pair.auth);
    let (signing_input, signature) = good.rsplit_once('.').expect("a signature");
    let folder = pair.folder();
    let pem = pair.auth.command(&["keys", "export-public", "--format", "pem"]).done().out;
    fs::write(folder.join("key.pem"), pem).expect("written");
    fs::write(folder.join("signature"), token::decode(signature)).expect("written");
    for (text, good) in [(signing_input.to_owned(), true), (format!("{signing_input}A"), false)] {
        fs::write(folder.join("text"), text).expect("written");
        let status = Command::new("openssl")
            .args("dgst -sha256 -verify key.pem -signature signature text".split(' '))
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("openssl runs");
        assert_eq!(status.success(), good);
    }
}
