//! Key sets: a bad key is dropped for its own reason and never affects a good one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use signet_verifier::{
    DroppedKey, JwkError, KeySetError, MAX_KEY_SET_BYTES, MAX_KEY_SET_KEYS, PublicKey,
    parse_key_set, thumbprint,
};

use crate::minting::{encode, signer, stranger, with, without};

fn kids(set: &Value) -> Vec<String> {
    let set = parse_key_set(set.to_string().as_bytes()).expect("a key set");
    set.keys.iter().map(|key| key.kid().to_owned()).collect()
}

fn modulus() -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(signer().public.to_jwk().n).expect("base64url")
}

/// Fails unless the key is refused for this reason, and a good key in the same set is kept.
fn assert_dropped(jwk: &Value, error: JwkError) {
    assert_eq!(PublicKey::from_jwk(jwk).err(), Some(error), "{jwk}");
    let set = json!({"keys": [jwk, stranger().jwk()]});
    let set = parse_key_set(set.to_string().as_bytes()).expect("a key set");
    assert_eq!(set.dropped, [DroppedKey { index: 0, error }], "{jwk}");
    assert_eq!(set.keys, [stranger().public.clone()], "{jwk}");
}

#[test]
fn a_published_key_is_read_and_written_the_same() {
    let set = json!({"keys": [signer().jwk(), stranger().jwk()]});
    assert_eq!(kids(&set), [signer().kid(), stranger().kid()]);
    let key = PublicKey::from_jwk(&signer().jwk()).expect("a key");
    assert_eq!(serde_json::to_value(key.to_jwk()).expect("JSON"), signer().jwk());
}

#[test]
fn unknown_members_are_ignored() {
    let jwk = signer().jwk();
    let bare = without(&without(&without(&jwk, "use"), "alg"), "kid");
    for jwk in [
        with(&jwk, "key_ops", json!(["verify"])),
        with(&jwk, "key_ops", json!(["sign", "verify", "unknown"])),
        with(&jwk, "x5t", json!("AAAA")),
        with(&jwk, "exp", json!(1)),
        with(&jwk, "", json!({"a": []})),
        bare,
    ] {
        assert_eq!(kids(&json!({"keys": [jwk], "more": {"keys": []}})), [signer().kid()], "{jwk}");
    }
}

#[test]
fn a_key_that_is_not_for_rs256_signatures_is_dropped() {
    let jwk = signer().jwk();
    for (name, value) in [
        ("use", json!("enc")),
        ("use", json!("SIG")),
        ("use", json!("")),
        ("key_ops", json!([])),
        ("key_ops", json!(["sign"])),
        ("key_ops", json!(["encrypt", "wrapKey"])),
        ("alg", json!("RS384")),
        ("alg", json!("PS256")),
        ("alg", json!("HS256")),
        ("alg", json!("none")),
        ("alg", json!("rs256")),
        ("alg", json!("RSA-OAEP")),
    ] {
        assert_dropped(&with(&jwk, name, value), JwkError::OtherPurpose);
    }
}

#[test]
fn non_rsa_key_is_dropped() {
    let jwk = signer().jwk();
    for key in [
        json!(null),
        json!("key"),
        json!([]),
        json!({}),
        json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": "AA"}),
        json!({"kty": "unknown"}),
        with(&jwk, "kty", json!("rsa")),
        with(&jwk, "kty", json!("oct")),
        with(&jwk, "kty", json!({"RSA": null})),
        with(&jwk, "alg", json!({"RS256": null})),
        with(&jwk, "alg", json!(null)),
        with(&jwk, "use", json!(1)),
        with(&jwk, "key_ops", json!("verify")),
        with(&jwk, "key_ops", json!([1])),
        with(&jwk, "kid", json!(7)),
        with(&jwk, "n", json!(7)),
        with(&jwk, "e", json!(65_537)),
        without(&jwk, "kty"),
        without(&jwk, "n"),
        without(&jwk, "e"),
    ] {
        assert_dropped(&key, JwkError::NotRsa);
    }
}

#[test]
fn a_key_with_private_members_is_dropped_with_an_error_of_its_own() {
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        for value in [json!("AQAB"), json!(null), json!([])] {
            assert_dropped(&with(&signer().jwk(), member, value), JwkError::Private);
        }
    }
    assert_dropped(&json!({"kty": "oct", "k": "AAAA", "alg": "HS256"}), JwkError::Private);
}

#[test]
fn a_modulus_of_another_size_or_an_even_one_is_dropped() {
    let of_modulus = |n: &[u8]| without(&with(&signer().jwk(), "n", json!(encode(n))), "kid");
    let mut short = modulus();
    short[0] = 0x7f;
    let mut even = modulus();
    even[255] &= 0xfe;
    let long = [&[1], vec![0xff; 512].as_slice()].concat();
    for n in [&[][..], &[0], &[1], &[0xff; 128], &modulus()[1..], &short, &even, &long] {
        assert_dropped(&of_modulus(n), JwkError::Modulus);
    }
    for bits in [2048, 2049, 3072, 4096] {
        let mut n = vec![0xff; bits / 8];
        if bits % 8 != 0 {
            n.insert(0, 1);
        }
        assert!(PublicKey::from_jwk(&of_modulus(&n)).is_ok(), "{bits}");
    }
}

#[test]
fn weak_exponent_is_dropped() {
    let of_exponent = |e: &[u8]| without(&with(&signer().jwk(), "e", json!(encode(e))), "kid");
    let few =
        [&[][..], &[0], &[1], &[2], &[3], &[17], &[0xff], &[0xff, 0xff], &[1, 0, 0], &[1, 0, 2]];
    for e in few.into_iter().chain([&[0, 0, 0, 3][..], &[1, 0, 0, 0, 1], &[0xff; 8]]) {
        assert_dropped(&of_exponent(e), JwkError::Exponent);
    }
    for e in [&[1, 0, 1][..], &[1, 0, 3], &[0xff, 0xff, 0xff, 0xff], &[1, 0, 0, 1]] {
        assert!(PublicKey::from_jwk(&of_exponent(e)).is_ok(), "{e:?}");
    }
}

#[test]
fn leading_zeros_do_not_change_a_key() {
    let n = [&[0, 0], modulus().as_slice()].concat();
    let jwk = with(&signer().jwk(), "n", json!(encode(n)));
    let key = PublicKey::from_jwk(&with(&jwk, "e", json!(encode([0, 0, 1, 0, 1])))).expect("a key");
    assert_eq!(serde_json::to_value(key.to_jwk()).expect("JSON"), signer().jwk());
}

#[test]
fn numbers_in_another_encoding_are_dropped() {
    let n = signer().public.to_jwk().n;
    for n in [format!("{n}=="), format!("{n}\n"), format!("+{}", &n[1..]), "!".into()] {
        assert_dropped(&with(&signer().jwk(), "n", json!(n)), JwkError::Encoding);
    }
    assert_dropped(&with(&signer().jwk(), "e", json!("AQAB=")), JwkError::Encoding);
}

#[test]
fn a_kid_that_is_not_the_thumbprint_is_refused() {
    for kid in ["", "1", stranger().kid(), &signer().kid().to_uppercase()] {
        let jwk = with(&signer().jwk(), "kid", json!(kid));
        assert_eq!(PublicKey::from_jwk(&jwk), Err(JwkError::WrongKid), "{kid}");
    }
}

#[test]
fn keys_with_a_duplicate_kid_are_dropped() {
    let (ours, other) = (signer().jwk(), stranger().jwk());
    let posing = with(&other, "kid", json!(signer().kid()));
    for (twin, error) in [
        (ours.clone(), JwkError::SharedKid),
        (without(&ours, "kid"), JwkError::SharedKid),
        (posing, JwkError::WrongKid),
        (json!({"kty": "unknown", "kid": signer().kid()}), JwkError::NotRsa),
    ] {
        let set = json!({"keys": [ours, twin, other]}).to_string();
        let set = parse_key_set(set.as_bytes()).expect("a key set");
        assert_eq!(set.keys, [stranger().public.clone()]);
        let dropped = |index, error| DroppedKey { index, error };
        assert_eq!(set.dropped, [dropped(0, JwkError::SharedKid), dropped(1, error)]);
    }
}

#[test]
fn a_key_with_a_member_given_twice_is_dropped_alone() {
    let ours = signer().jwk().to_string();
    for twice in [
        ours.replacen('{', r#"{"use":"sig","#, 1),
        ours.replacen('{', r#"{"\u0075se":"enc","#, 1),
        ours.replacen('{', r#"{"x":{"y":1,"y":1},"#, 1),
    ] {
        let set = format!(r#"{{"keys":[{},{twice}]}}"#, stranger().jwk());
        let set = parse_key_set(set.as_bytes()).expect("a key set");
        assert_eq!(set.keys, [stranger().public.clone()]);
        assert_eq!(set.dropped, [DroppedKey { index: 1, error: JwkError::Ambiguous }]);
    }
}

#[test]
fn answer_without_a_key_list_is_refused() {
    let ours = signer().jwk();
    for text in [
        String::new(),
        "<html></html>".into(),
        "null".into(),
        "[]".into(),
        "{}".into(),
        format!("[[{ours}]]"),
        ours.to_string(),
        json!({"keys": ours}).to_string(),
        json!({"keys": null}).to_string(),
        json!({"Keys": [ours]}).to_string(),
        format!(r#"{{"keys":[{ours}],"keys":[{ours}]}}"#),
        format!(r#"{{"keys":[{ours}]"#),
        format!(r#"{{"keys":[{ours}]}} x"#),
        format!("\u{feff}{}", json!({"keys": [ours]})),
    ] {
        assert_eq!(parse_key_set(text.as_bytes()).err(), Some(KeySetError::NotAKeySet), "{text}");
    }
    assert_eq!(kids(&json!({"keys": [ours]})), [signer().kid()]);
}

#[test]
fn a_set_without_a_usable_key_is_refused() {
    let none = parse_key_set(br#"{"keys":[]}"#).err();
    assert_eq!(none, Some(KeySetError::NoUsableKey { dropped: Vec::new() }));
    let bad = parse_key_set(br#"{"keys":[{"kty":"oct","k":"AA"}]}"#).err();
    let dropped = vec![DroppedKey { index: 0, error: JwkError::Private }];
    assert_eq!(bad, Some(KeySetError::NoUsableKey { dropped }));
}

#[test]
fn a_set_past_a_limit_is_refused_and_one_at_it_is_not() {
    let set = |others: usize| {
        let mut keys = vec![json!({}); others];
        keys.push(signer().jwk());
        json!({"keys": keys}).to_string()
    };
    assert!(parse_key_set(set(MAX_KEY_SET_KEYS - 1).as_bytes()).is_ok());
    let refused = parse_key_set(set(MAX_KEY_SET_KEYS).as_bytes()).err();
    assert_eq!(refused, Some(KeySetError::TooManyKeys));

    let mut padded = set(0);
    padded.push_str(&" ".repeat(MAX_KEY_SET_BYTES - padded.len()));
    assert!(parse_key_set(padded.as_bytes()).is_ok());
    padded.push(' ');
    assert_eq!(parse_key_set(padded.as_bytes()).err(), Some(KeySetError::TooLong));
}

#[test]
fn key_and_error_show_no_secret() {
    assert_eq!(format!("{:?}", signer().public), format!("PublicKey({:?})", signer().kid()));
    let jwk = with(&signer().jwk(), "d", json!("secret-number"));
    let error = PublicKey::from_jwk(&jwk).expect_err("private");
    assert!(!format!("{error} {error:?}").contains("secret"));
}

/// The key and thumbprint of RFC 7638 §3.1.
#[test]
fn the_example_of_rfc_7638_has_its_thumbprint() {
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_\
        BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2Qvz\
        qY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM\
        4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let expected = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
    assert_eq!(thumbprint(n, "AQAB"), expected);
    let key = PublicKey::from_jwk(&json!({"kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256"}));
    assert_eq!(key.expect("a key").kid(), expected);
}
