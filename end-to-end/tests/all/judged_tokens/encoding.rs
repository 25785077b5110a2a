//! One spelling per token: base64url without padding, strict JSON, no member twice (RFC 7515 §5.2,
//! §10.12; RFC 8725 §3.7).

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use end_to_end::token::encode;

use super::Bench;

#[test]
fn any_other_spelling_of_a_good_token_is_refused() {
    let bench = Bench::start();
    let good = bench.forge.mint(&bench.claims);
    let parts: Vec<&str> = good.split('.').collect();
    let join = |changed: usize, part: &str| {
        let mut all: Vec<&str> = parts.clone();
        all[changed] = part;
        all.join(".")
    };
    for (at, part) in parts.iter().enumerate() {
        let spellings = [
            format!("{part}="),
            format!("{part}=="),
            format!("{part}A"),
            format!("{part}AAAA"),
            format!("={part}"),
            format!("{part}%3D"),
            format!("{}!{}", &part[..5], &part[5..]),
            format!("{} {}", &part[..5], &part[5..]),
            format!("{}\t{}", &part[..5], &part[5..]),
            part[..part.len() - 1].into(),
            String::new(),
        ];
        for spelling in spellings {
            bench.refuses(&format!("part {at}: {spelling}"), &join(at, &spelling));
        }
    }
    // The signature's 256 bytes leave four bits of its last character unused.
    let (last, rest) = (parts[2].chars().last().expect("a character"), parts[2].len() - 1);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let value = alphabet.find(last).expect("of the alphabet");
    assert_eq!(value % 16, 0, "the unused bits are zero");
    for extra in 1..16 {
        let other = format!("{}{}", &parts[2][..rest], &alphabet[value + extra..=value + extra]);
        bench.refuses("unused bits that are not zero", &join(2, &other));
    }
    bench.accepts_the_good_one();
}

#[test]
fn padded_or_plain_base64_is_refused_even_where_it_was_signed() {
    let bench = Bench::start();
    let header = encode(bench.forge.header().to_string());
    // Claims whose encoding has a `-` or `_` and needs padding.
    let mut claims = bench.claims.clone();
    claims["odd"] = "\u{3ff}\u{3ff}?>?>".into();
    let mut text = claims.to_string();
    while text.len() % 3 != 1 {
        text.push(' ');
    }
    let seal = |payload: &str| bench.forge.seal(&format!("{header}.{payload}"));
    bench.accepts("blanks round JSON are JSON", &seal(&encode(&text)));
    let (padded, plain) = (URL_SAFE.encode(&text), STANDARD.encode(&text));
    assert!(padded.ends_with('=') && plain.contains(['+', '/']), "{plain}");
    bench.refuses("padded", &seal(&padded));
    bench.refuses("plain, padded", &seal(&plain));
    bench.refuses("plain", &seal(plain.trim_end_matches('=')));
}

#[test]
fn a_member_given_twice_is_refused() {
    let bench = Bench::start();
    let twice = |object: &str, member: &str| format!("{},{member}}}", &object[..object.len() - 1]);
    let header = bench.forge.header().to_string();
    let claims = bench.claims.to_string();
    for member in
        [r#""alg":"RS256""#, r#""typ":"at+jwt""#, r#""\u0061lg":"RS256""#, r#""alg":"none""#]
    {
        bench.refuses(member, &bench.with_header(twice(&header, member)));
    }
    let sub = bench.claims["sub"].to_string();
    for member in [
        format!(r#""sub":{sub}"#),
        format!(r#""s\u0075b":{sub}"#),
        r#""exp":9999999999"#.into(),
        r#""roles":["user","admin"]"#.into(),
        r#""x":1,"x":1"#.into(),
    ] {
        bench.refuses(&member, &bench.with_claims(twice(&claims, &member)));
    }
    let once = twice(&claims, r#""x":{"a":1},"y":{"a":1}"#);
    bench.accepts("the same name in two objects", &bench.with_claims(once));
}

#[test]
fn what_is_not_strict_json_in_utf8_is_refused() {
    let bench = Bench::start();
    let claims = bench.claims.to_string();
    let inside = |extra: &str| format!("{},{extra}}}", &claims[..claims.len() - 1]).into_bytes();
    let utf16: Vec<u8> = claims.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf16be: Vec<u8> = claims.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mut bad_utf8 = inside(r#""x":"?""#);
    let question = bad_utf8.iter().rposition(|byte| *byte == b'?').expect("a ?");
    bad_utf8[question] = 0xff;
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("UTF-16 LE", utf16),
        ("UTF-16 BE", utf16be),
        ("a byte order mark", format!("\u{feff}{claims}").into_bytes()),
        ("bad UTF-8", bad_utf8),
        ("trailing bytes", format!("{claims}x").into_bytes()),
        ("two objects", format!("{claims}{claims}").into_bytes()),
        ("a NUL after it", format!("{claims}\u{0}").into_bytes()),
        ("a comment", format!("/* */{claims}").into_bytes()),
        ("a line comment", format!("{claims}// x").into_bytes()),
        ("NaN", inside(r#""x":NaN"#)),
        ("a trailing comma", inside("")),
        ("single quotes", inside("'x':1")),
        ("a bare name", inside("x:1")),
        ("a number with a leading zero", inside(r#""x":01"#)),
        ("a control character in a string", inside("\"x\":\"\n\"")),
        ("a lone surrogate", inside(r#""x":"\ud800""#)),
        ("an array", format!("[{claims}]").into_bytes()),
        ("a string", serde_json::Value::from(claims.clone()).to_string().into_bytes()),
        ("nothing", Vec::new()),
        ("null", b"null".to_vec()),
    ];
    for (what, body) in bodies {
        bench.refuses(what, &bench.with_claims(body));
    }
    bench.accepts("white space", &bench.with_claims(claims.replace(',', " ,\n\t")));
    let header = bench.forge.header().to_string();
    for bad in [format!("\u{feff}{header}"), format!("{header} x"), format!("[{header}]")] {
        bench.refuses(&bad, &bench.with_header(&bad));
    }
}
