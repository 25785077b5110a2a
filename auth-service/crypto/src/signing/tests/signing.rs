//! Tokens, as the issuer's own verifier judges them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use signet_contract::claims::{Claims, FIRST_PARTY};
use signet_verifier::{Profile, PublicKey, inspect};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::super::{PrivateKey, Signer};
use super::material::{new_key, shared_key};

const NOW: i64 = 1_800_000_000;

pub(super) fn claims() -> Claims {
    let user = Uuid::new_v4();
    Claims {
        iss: "http://localhost:8001".into(),
        sub: user.to_string(),
        public_id: Some(user),
        aud: "api-service".into(),
        iat: NOW,
        exp: NOW + 1_800,
        jti: Uuid::new_v4(),
        sid: Some(Uuid::new_v4()),
        client_id: FIRST_PARTY.into(),
        scope: None,
        roles: Some(vec!["user".into()]),
        pos: 7,
    }
}

fn verifies(token: &str, key: &PrivateKey) -> bool {
    let jwk = serde_json::to_value(key.public()).expect("JSON");
    verifies_with(token, &PublicKey::from_jwk(&jwk).expect("a public key"))
}

/// Returns true if a token of these claims is good.
pub(super) fn verifies_with(token: &str, public: &PublicKey) -> bool {
    let profile = Profile {
        issuer: "http://localhost:8001".into(),
        audiences: vec!["api-service".into()],
        leeway: Duration::ZERO,
        max_life: Duration::DAY,
    };
    let now = OffsetDateTime::from_unix_timestamp(NOW).expect("a time");
    inspect(token, &profile, now).expect("well-formed").verify(public).is_ok()
}

#[test]
fn a_token_verifies_with_its_own_key_alone() {
    let signer = Signer::new(shared_key());
    let token = signer.sign(&claims()).expect("signed");
    assert!(verifies(&token, &shared_key()));
    assert!(!verifies(&token, &new_key()));
}

#[test]
fn header_has_exactly_three_members() {
    let signer = Signer::new(shared_key());
    let token = signer.sign(&claims()).expect("signed");
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().expect("a header")).expect("text");
    let header: serde_json::Value = serde_json::from_slice(&header).expect("JSON");
    let expected = serde_json::json!({"alg": "RS256", "typ": "at+jwt", "kid": signer.kid()});
    assert_eq!(header, expected);
}

#[test]
fn signer_records_its_first_use() {
    let signer = Signer::new(shared_key());
    assert!(!signer.used());
    signer.sign(&claims()).expect("signed");
    assert!(signer.used());
}

#[test]
fn debug_output_shows_no_private_number() {
    let key = shared_key();
    let pem = key.pem();
    let shown = format!("{key:?} {:?}", Signer::new(shared_key()));
    assert!(shown.contains(key.kid()));
    for line in pem.lines() {
        assert!(!shown.contains(line), "{shown}");
    }
    assert!(shown.len() < 300, "{shown}");
}
