//! Keys: the issuer's public key is no secret, so it must never serve as one, and no other key
//! ever verifies (RFC 8725 §2.1, §3.1).

use aws_lc_rs::hmac;
use end_to_end::forge::Forge;
use end_to_end::token::{encode, with};
use serde_json::json;

use super::Bench;

#[test]
fn the_public_key_in_any_spelling_is_no_hmac_secret() {
    let bench = Bench::start();
    let (pem, der, jwk) = (bench.forge.public_pem(), bench.forge.public_der(), bench.forge.jwk());
    let modulus = bench.forge.modulus().to_bytes_be();
    let secrets: Vec<(&str, Vec<u8>)> = vec![
        ("PEM", pem.clone().into_bytes()),
        ("PEM without its last line end", pem.trim_end().into()),
        ("PEM with CRLF", pem.replace('\n', "\r\n").into_bytes()),
        ("PEM behind a blank", format!(" {pem}").into_bytes()),
        ("DER", der),
        ("n", modulus.clone()),
        ("n, encoded", encode(&modulus).into_bytes()),
        ("JWK", jwk.to_string().into_bytes()),
        ("JWKS", json!({"keys": [jwk]}).to_string().into_bytes()),
        ("kid", bench.forge.kid.clone().into_bytes()),
        ("nothing", Vec::new()),
    ];
    for (name, secret) in secrets {
        for (alg, algorithm) in [
            ("HS256", hmac::HMAC_SHA256),
            ("HS384", hmac::HMAC_SHA384),
            ("HS512", hmac::HMAC_SHA512),
            ("RS256", hmac::HMAC_SHA256),
        ] {
            let header = with(&bench.forge.header(), "alg", alg);
            let input =
                format!("{}.{}", encode(header.to_string()), encode(bench.claims.to_string()));
            let tag = hmac::sign(&hmac::Key::new(algorithm, &secret), input.as_bytes());
            bench.refuses(&format!("{alg} with {name}"), &format!("{input}.{}", encode(tag)));
        }
    }
    bench.accepts_the_good_one();
}

#[test]
fn a_token_signed_by_another_key_is_refused() {
    let bench = Bench::start();
    let stranger = Forge::generate(2_048);
    let header = bench.forge.header().to_string();
    let token = stranger.sign(header, bench.claims.to_string());
    bench.refuses_as("key", "under the kid of ours", &token);
    let answer = bench.pair.me(&stranger.mint(&bench.claims));
    assert!(answer.status == 401 || answer.status == 503, "{}", answer.status);
    bench.accepts_the_good_one();
}
