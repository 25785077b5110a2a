//! Headers and claims that two JSON readers could read differently, all with good signatures.

use signet_verifier::Reason;

use crate::minting::{assert_refused, assert_taken, encode, signer, user_claims};

fn of_claims(claims: &str) -> String {
    signer().token_of(&signer().header().to_string(), claims)
}

fn of_header(header: &str) -> String {
    signer().token_of(header, &user_claims().to_string())
}

/// Returns the good claims with `addition` after the first brace.
fn claims_with(addition: &str) -> String {
    user_claims().to_string().replacen('{', &format!("{{{addition},"), 1)
}

#[test]
fn a_member_given_twice_is_refused_in_claims_and_header() {
    assert_taken(
        [("another name", r#""sub2":"x""#), ("elsewhere", r#""a":{"a":[{"a":1},{"a":1}]},"A":1"#)]
            .map(|(what, addition)| (what, of_claims(&claims_with(addition)))),
    );
    for addition in [
        r#""sub":"67e55044-10b1-426f-9247-bb680e5fe0c8""#,
        r#""sub":"someone""#,
        r#""s\u0075b":"someone""#,
        r#""\u0073\u0075\u0062":null"#,
        r#""exp":1"#,
        r#""e\u0078p":9999999999"#,
        r#""roles":["admin"]"#,
        r#""x":1,"x":1"#,
        r#""x":{"a":1,"\u0061":2}"#,
        r#""x":{"a":1,"b":2,"a":3}"#,
        r#""x":[0,{"y":[{"":1,"":2}]}]"#,
        r#""x":[[{"a":{"b":0,"b":0}}]]"#,
    ] {
        assert_refused([(addition, of_claims(&claims_with(addition)))], Reason::Malformed);
    }

    let kid = signer().kid();
    let header = format!(r#"{{"alg":"RS256","typ":"at+jwt","k\u0069d":"{kid}"}}"#);
    assert_taken([("an escape alone changes nothing", of_header(&header))]);
    for header in [
        format!(r#"{{"alg":"RS256","typ":"at+jwt","kid":"{kid}","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"RS256","typ":"at+jwt","kid":"{kid}","k\u0069d":"{kid}"}}"#),
        format!(r#"{{"alg":"none","alg":"RS256","typ":"at+jwt","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"RS256","alg":"none","typ":"at+jwt","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"RS256","\u0061lg":"RS256","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"RS256","typ":"JWT","typ":"at+jwt","kid":"{kid}"}}"#),
    ] {
        assert_refused([(&header, of_header(&header))], Reason::Malformed);
    }
}

#[test]
fn claims_other_than_a_utf8_json_object_are_refused() {
    let claims = user_claims().to_string();
    let header = signer().header().to_string();
    assert_taken([
        ("plain", of_claims(&claims)),
        ("JSON's own blanks", of_claims(&format!(" {}\n", claims.replace(',', " ,\t")))),
    ]);

    let utf16 =
        |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let spoilt = |text: &str| -> Vec<Vec<u8>> {
        let bytes = |text: String| text.into_bytes();
        let mut broken = text.as_bytes().to_vec();
        broken[3] = 0xff;
        let mut overlong = text.as_bytes().to_vec();
        overlong.splice(3..4, [0xc0, 0xa0]);
        vec![
            utf16(text),
            [b"\xff\xfe".to_vec(), utf16(text)].concat(),
            [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat(),
            broken,
            overlong,
            bytes(format!("{text}x")),
            bytes(format!("{text}\0")),
            bytes(format!("{text}{text}")),
            bytes(format!("{text}}}")),
            bytes(format!("{text}//")),
            bytes(format!("/**/{text}")),
            bytes(text.replacen('}', ",}", 1)),
            bytes(text.replacen('{', "{,", 1)),
            bytes(text.replace('"', "'")),
            bytes(text.replacen(':', "=", 1)),
            bytes(text[..text.len() - 1].to_owned()),
            bytes(format!("[{text}]")),
            bytes(serde_json::to_string(text).expect("JSON")),
            bytes("null".into()),
            bytes("{}".into()),
            Vec::new(),
        ]
    };
    for payload in spoilt(&claims) {
        let token = signer().token_of_parts(&encode(&header), &encode(&payload));
        assert_refused([(String::from_utf8_lossy(&payload), token)], Reason::Malformed);
    }
    for spoilt_header in spoilt(&header) {
        let token = signer().token_of_parts(&encode(&spoilt_header), &encode(&claims));
        assert_refused([(String::from_utf8_lossy(&spoilt_header), token)], Reason::Malformed);
    }
    let values = r#"NaN Infinity -Infinity 1e400 01 +1 .5 0x10 undefined "\ud800" "\x41""#;
    for value in values.split_whitespace().chain(["\"a\nb\""]) {
        let addition = &*format!("\"x\":{value}");
        assert_refused([(addition, of_claims(&claims_with(addition)))], Reason::Malformed);
    }
}

#[test]
fn unknown_claims_are_ignored() {
    assert_taken(
        [
            (
                "of all types",
                r#""a":null,"b":[1,{"c":[]}],"d":{"e":1.5},"f":"","email_verified":false"#,
            ),
            ("deep, but not too deep", &format!(r#""x":{}{}"#, "[".repeat(100), "]".repeat(100))),
            ("of RFC 9068", r#""auth_time":1700000000,"acr":"1","amr":["pwd"],"groups":[]"#),
        ]
        .map(|(what, addition)| (what, of_claims(&claims_with(addition)))),
    );
}

#[test]
fn depth_is_refused_without_a_deep_stack() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        for levels in [200, 1_500] {
            let value = format!("{}0{}", open.repeat(levels), close.repeat(levels));
            let token = of_claims(&claims_with(&format!(r#""x":{value}"#)));
            assert_refused([(levels, token)], Reason::Malformed);
        }
    }
    // 10,000 levels that are never closed.
    let token = of_claims(&claims_with(&format!(r#""x":{}"#, "[".repeat(10_000))));
    assert!(token.len() < signet_verifier::MAX_TOKEN_BYTES, "else its length refuses it");
    assert_refused([("10,000", token)], Reason::Malformed);
}
