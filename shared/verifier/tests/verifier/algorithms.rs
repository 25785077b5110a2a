//! `alg`: only RS256, and no key used for another algorithm (RFC 8725 §2.1, §3.1).

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use rsa::pkcs1::EncodeRsaPublicKey;
use rsa::pkcs8::{EncodePublicKey, LineEnding};
use serde_json::json;
use signet_verifier::Reason;

use crate::minting::{
    assert_refused, assert_taken, encode, signed_part, signer, user_claims, with, without,
};

#[test]
fn every_algorithm_other_than_rs256_is_refused() {
    let (signer, claims) = (signer(), user_claims().to_string());
    let header = signer.header();
    assert_taken([("RS256", signer.token_of(&header.to_string(), &claims))]);

    let spellings = "none|None|NONE|nOnE|NonE|none | none|n\u{f8}ne|none\0|null||NONE\n|HS256|HS384|HS512|\
        PS256|PS384|PS512|ES256|ES384|ES512|ES256K|EdDSA|Ed25519|RS1|RS384|RS512|rs256|Rs256|RS256 | RS256|\
        RS256\0|RSA|SHA256withRSA|dir|RSA-OAEP|RSA1_5";
    let of_text = spellings.split('|').map(|alg| json!(alg));
    let of_other_types = [
        json!(null),
        json!(true),
        json!(256),
        json!(["RS256"]),
        json!({"alg": "RS256"}),
        json!({"RS256": null}),
    ];
    for alg in of_text.chain(of_other_types) {
        let header = with(&header, "alg", alg);
        let token = signer.token_of(&header.to_string(), &claims);
        let unsigned = format!("{}.", signed_part(&token));
        assert_refused([(&header, token), (&header, unsigned)], Reason::Malformed);
    }
    let without_alg = without(&header, "alg").to_string();
    assert_refused([("no alg", signer.token_of(&without_alg, &claims))], Reason::Malformed);
}

#[test]
fn an_hmac_keyed_with_any_form_of_the_public_key_is_refused() {
    let signer = signer();
    let public = signer.numbers.to_public_key();
    let spki_pem = public.to_public_key_pem(LineEnding::LF).expect("PEM");
    let pkcs1_pem = public.to_pkcs1_pem(LineEnding::LF).expect("PEM");
    let n = signer.public.to_jwk().n;
    let secrets: Vec<Vec<u8>> = vec![
        spki_pem.clone().into_bytes(),
        spki_pem.trim_end().into(),
        spki_pem.replace('\n', "\r\n").into_bytes(),
        format!(" {spki_pem}").into_bytes(),
        pkcs1_pem.into_bytes(),
        public.to_public_key_der().expect("DER").into_vec(),
        public.to_pkcs1_der().expect("DER").into_vec(),
        n.clone().into_bytes(),
        rsa::traits::PublicKeyParts::n_bytes(&public).into_vec(),
        signer.jwk().to_string().into_bytes(),
        json!({"keys": [signer.jwk()]}).to_string().into_bytes(),
        signer.kid().into(),
        b"AQAB".to_vec(),
        Vec::new(),
        vec![0],
    ];
    let claims = encode(user_claims().to_string());
    for alg in ["HS256", "HS384", "HS512", "RS256"] {
        let header = encode(with(&signer.header(), "alg", json!(alg)).to_string());
        let message = format!("{header}.{claims}");
        for (index, secret) in secrets.iter().enumerate() {
            let algorithm = match alg {
                "HS384" => hmac::HMAC_SHA384,
                "HS512" => hmac::HMAC_SHA512,
                _ => hmac::HMAC_SHA256,
            };
            let tag = hmac::sign(&hmac::Key::new(algorithm, secret), message.as_bytes());
            // Alone, and extended to the length of a signature of this key.
            let mut stretched = tag.as_ref().repeat(8);
            stretched.resize(signer.modulus_bytes(), 0);
            let token = format!("{message}.{}", encode(tag));
            assert_refused([((alg, index), token)], Reason::Malformed);
            let reason = if alg == "RS256" { Reason::Key } else { Reason::Malformed };
            let token = format!("{message}.{}", encode(stretched));
            assert_refused([((alg, index), token)], reason);
        }
    }
    assert_taken([("the signed one", signer.token(&user_claims()))]);
}

#[test]
fn a_signature_of_another_rsa_scheme_is_refused() {
    let signer = signer();
    let good = signer.token(&user_claims());
    let message = signed_part(&good).to_owned();
    let pkcs8: aws_lc_rs::encoding::Pkcs8V1Der<'_> = signer.pkcs8();
    let pair = aws_lc_rs::rsa::KeyPair::from_pkcs8(pkcs8.as_ref()).expect("a key pair");
    let schemes: [(&str, &'static dyn aws_lc_rs::signature::RsaEncoding); 5] = [
        ("PS256", &aws_lc_rs::signature::RSA_PSS_SHA256),
        ("PS384", &aws_lc_rs::signature::RSA_PSS_SHA384),
        ("PS512", &aws_lc_rs::signature::RSA_PSS_SHA512),
        ("RS384", &aws_lc_rs::signature::RSA_PKCS1_SHA384),
        ("RS512", &aws_lc_rs::signature::RSA_PKCS1_SHA512),
    ];
    for (name, scheme) in schemes {
        let mut signature = vec![0; signer.modulus_bytes()];
        pair.sign(scheme, &SystemRandom::new(), message.as_bytes(), &mut signature)
            .expect("a signature");
        assert_refused([(name, format!("{message}.{}", encode(signature)))], Reason::Key);
    }
    assert_taken([("RS256", good)]);
}
