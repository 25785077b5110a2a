//! Tokens that `PyJWT` and Authlib mint with the imported private key. `judged_tokens` holds the
//! table of faults; here a good token and one faulty token of each library are judged.

use serde_json::json;
use support::forge::Forge;
use support::pair::{Pair, good_claims};
use support::{outside, token};

fn minted_by(script: &str) {
    let pair = Pair::start_forged(&[]);
    let forge = Forge::known();
    let (header, good) = (forge.header(), good_claims(&pair));
    let other = token::with(&good, "aud", "another-service");
    let asked = json!({
        "good": {"header": header, "claims": good}, "other": {"header": header, "claims": other},
    });
    let minted = outside::python(script, &json!({"key": forge.private_pem(), "tokens": asked}));
    let token = |name: &str| minted[name].as_str().expect("a token");

    assert_eq!(token::read(token("good")), (header, good), "the library signs what it was given");
    pair.accepts("a token with our claims", token("good"));
    pair.refuses_as("audience", "another audience", token("other"));
}

#[test]
fn a_token_minted_by_pyjwt_is_judged_by_its_claims() {
    minted_by("mint_pyjwt.py");
}

#[test]
fn a_token_minted_by_authlib_is_judged_by_its_claims() {
    minted_by("mint_authlib.py");
}
