//! Only the compact form is accepted (RFC 7515 §7.1).

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE};
use serde_json::json;
use signet_verifier::{MAX_TOKEN_BYTES, Reason};

use crate::minting::{assert_refused, assert_taken, encode, signer, user_claims, with};

fn good() -> String {
    signer().token(&user_claims())
}

fn parts(token: &str) -> [&str; 3] {
    token.split('.').collect::<Vec<_>>().try_into().expect("three parts")
}

#[test]
fn any_number_of_parts_but_three_is_refused() {
    let good = good();
    assert_taken([("three", good.clone())]);
    let [header, claims, signature] = parts(&good);
    assert_refused(
        [
            String::new(),
            ".".into(),
            "..".into(),
            "...".into(),
            header.into(),
            format!("{header}.{claims}"),
            format!("{header}.{claims}.."),
            format!("{header}.{claims}.{signature}."),
            format!(".{header}.{claims}.{signature}"),
            format!("{header}..{claims}.{signature}"),
            format!("{header}.{claims}.{signature}.{signature}"),
            format!("{header}.{claims}.{claims}.{claims}.{signature}"),
            format!(".{claims}.{signature}"),
            format!("{header}..{signature}"),
            ".".repeat(10_000),
            format!("{header}{}{signature}", ".".repeat(10_000)),
        ]
        .map(|token| (token.len(), token)),
        Reason::Malformed,
    );
}

#[test]
fn a_second_spelling_of_a_good_token_is_refused() {
    let good = good();
    let [header, claims, signature] = parts(&good);
    let mut spellings = vec![
        format!("{good}="),
        format!("{good}=="),
        format!("{header}=.{claims}.{signature}"),
        format!("{header}==.{claims}.{signature}"),
        format!("{header}.{claims}=.{signature}"),
        format!("{header}.{claims}%3D.{signature}"),
        format!("{good}\0"),
        format!("Bearer {good}"),
        format!("\"{good}\""),
        format!("{good},{good}"),
        format!("{good}&x=1"),
    ];
    for blank in [" ", "\n", "\r\n", "\t", "\u{a0}", "\u{feff}", "\u{200b}", "!", "*", "\u{e9}"] {
        spellings.push(format!("{blank}{good}"));
        spellings.push(format!("{good}{blank}"));
        spellings.push(format!("{header}{blank}.{claims}.{signature}"));
        spellings.push(format!("{header}.{blank}{claims}.{signature}"));
        spellings.push(format!("{header}.{claims}.{}{blank}{}", &signature[..9], &signature[9..]));
    }
    assert_refused(spellings.into_iter().map(|token| (token.clone(), token)), Reason::Malformed);
    assert_taken([("the one spelling", good)]);
}

#[test]
fn other_base64_alphabet_or_padding_is_refused_even_if_signed() {
    let signer = signer();
    let header = signer.header().to_string();
    // The encoding has both characters that differ between the alphabets, and needs padding.
    let claims = with(&user_claims(), "x", json!("\u{7f}?>~?>~\u{ff}\u{ff}\u{ff}")).to_string();
    let claims = [claims.clone(), format!("{claims} ")]
        .into_iter()
        .find(|claims| claims.len() % 3 != 0)
        .expect("one of two lengths");
    assert!(encode(&claims).contains(['-', '_']));
    assert_taken([("base64url", signer.token_of(&header, &claims))]);

    let in_base64 = signer.token_of_parts(&encode(&header), &STANDARD_NO_PAD.encode(&claims));
    let with_padding = signer.token_of_parts(&encode(&header), &URL_SAFE.encode(&claims));
    assert_refused([("base64", in_base64), ("padded", with_padding)], Reason::Malformed);

    // 256 bytes end in one sextet with four unused bits.
    let good = signer.token_of(&header, &claims);
    let standard_signature = good.replace('-', "+").replace('_', "/");
    if standard_signature != good {
        assert_refused([("base64", standard_signature)], Reason::Malformed);
    }
}

#[test]
fn trailing_bits_are_refused_in_every_part() {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let signer = signer();
    // Spaces extend the texts to lengths with unused bits: one byte leaves four, two leave two.
    let of_length = |text: String, rest: usize| {
        (0..3).map(|n| format!("{text}{}", " ".repeat(n))).find(|t| t.len() % 3 == rest)
    };
    for rest in [1, 2] {
        let header = of_length(signer.header().to_string(), rest).expect("a length");
        let claims = of_length(user_claims().to_string(), rest).expect("a length");
        let (header, claims) = (encode(header), encode(claims));
        let good = signer.token_of_parts(&header, &claims);
        assert_taken([(rest, good.clone())]);
        let next = |part: &str| {
            let (start, last) = part.split_at(part.len() - 1);
            let place = ALPHABET.iter().position(|c| *c == last.as_bytes()[0]).expect("base64url");
            format!("{start}{}", char::from(ALPHABET[place + 1]))
        };
        assert_refused(
            [
                ("header", signer.token_of_parts(&next(&header), &claims)),
                ("claims", signer.token_of_parts(&header, &next(&claims))),
                ("signature", next(&good)),
            ],
            Reason::Malformed,
        );
    }
}

#[test]
fn json_serialisations_are_refused() {
    let good = good();
    let [header, claims, signature] = parts(&good);
    let flattened = json!({"protected": header, "payload": claims, "signature": signature});
    let general = json!({
        "payload": claims,
        "signatures": [{"protected": header, "signature": signature}],
    });
    assert_refused(
        [
            flattened.to_string(),
            general.to_string(),
            // A polyglot: one reader sees JSON, another sees three parts (CVE-2022-39227).
            format!(r#"{{"{good}":1,"protected":"{header}","payload":"","signature":""}}"#),
            format!(r#"{{" {header}.{claims}.":"", "signature":"{signature}"}}"#),
            format!(r#"{{"a":"{header}.{claims}.{signature}"}}"#),
        ]
        .map(|token| (token.clone(), token)),
        Reason::Malformed,
    );
    assert_taken([("compact", good)]);
}

#[test]
fn encrypted_tokens_are_refused_without_any_work() {
    let kid = signer().kid();
    for header in [
        json!({"alg": "dir", "enc": "A256GCM", "typ": "at+jwt", "kid": kid}),
        json!({"alg": "RSA-OAEP", "enc": "A128CBC-HS256", "zip": "DEF", "kid": kid}),
        json!({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 2_147_483_647, "p2s": "AAAA"}),
    ] {
        let header = encode(header.to_string());
        let five = format!("{header}.AAAA.AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA");
        let three = signer().token_of_parts(&header, &encode(user_claims().to_string()));
        assert_refused([("five", five), ("three", three)], Reason::Malformed);
    }
}

#[test]
fn a_token_past_the_length_limit_is_refused_and_one_below_it_is_not() {
    let of_size =
        |bytes: usize| signer().token(&with(&user_claims(), "x", json!("x".repeat(bytes))));
    let below = of_size(11_000);
    assert!((15_000..MAX_TOKEN_BYTES).contains(&below.len()), "{}", below.len());
    assert_taken([("below", below)]);
    assert_refused(
        [12_000, 64 * 1024, 256 * 1024].map(|bytes| (bytes, of_size(bytes))),
        Reason::Malformed,
    );
    let header = with(&signer().header(), "kid", json!("A".repeat(64 * 1024))).to_string();
    let token = signer().token_of(&header, &user_claims().to_string());
    assert_refused([("64 KiB of header", token)], Reason::Malformed);
}
