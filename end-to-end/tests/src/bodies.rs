//! Malformed bodies over real connections. Tests inside the crate cover media types, forms and the
//! limit of members (`auth-service/http/src/tests/bodies.rs`).

use serde_json::json;
use support::pair::Pair;
use support::user::User;

const ROUTES: [&str; 2] = ["/signup", "/login"];

/// Broken JSON texts.
const BROKEN: &str = r#"
    { } {"a" {"a": {"a":} {"a":"b" {"a":"b",} {,} {"a":1"b":2} {"a""b"} {a:1} {'a':1} {"a":1}} {"a":1}x
    {"a":1}{"a":1} [ ] [1,] [,1] [1} ["a",] " "a 'a' nul nulll True tru NaN Infinity -Infinity - +1 01
    1. .5 1e 1e+ 0x1 1_000 //x{} /**/{} {}/ {"a":"\x"} {"a":"\u12"} {"a":"\u00G0"} {"a":"\ud800"} {"a":"\"}
    \u007B\u007D {"\ undefined [1]] {{}} {[]} {1:1} {null:1} {"a":1e} {"a":--1} {"a":1,,"b":2} {"a"::1} : ,
    {"email":"a","email":"b","password":"x"} {"email":"a","em\u0061il":"b","password":"x"}"#;

/// JSON texts of a shape that no route accepts.
const STRANGE: &str = r#"
    [] [[]] "" "x" 0 -0 1E-400 123456789012345678901234567890 true false null {"":0} {"a":{"b":[{}]}}
    {"a":"\u0000"} {"email":{"$gt":""},"password":{"$gt":""}} {"__proto__":{"admin":true}}
    {"email":"\ud83d\ude00","password":"\u0000"}"#;

fn issuer() -> Pair {
    let mut pair = Pair::prepare();
    pair.auth.start();
    pair
}

#[test]
fn malformed_json_is_400_and_unexpected_json_is_never_500() {
    let pair = issuer();
    let mut broken: Vec<Vec<u8>> = BROKEN.split_whitespace().map(Into::into).collect();
    broken.extend(
        [&b"\xef\xbb\xbf{}"[..], b"\xff", b"\xff\xfe{\0}\0", b"{\"a\":\"\xff\"}"].map(Into::into),
    );
    broken.extend(
        [&b"{\"a\":\"\xed\xa0\x80\"}"[..], b"\0", b"{}\0", b"{\"a\":\"\n\"}"].map(Into::into),
    );
    broken.extend(["[".repeat(8_000), "{\"a\":".repeat(2_000)].map(String::into_bytes));
    let deep = format!("{}{}", "[".repeat(7_000), "]".repeat(7_000));
    for route in ROUTES {
        let post = |text: &[u8]| pair.auth.post(route).body("application/json", text).send();
        for text in &broken {
            let shown = String::from_utf8_lossy(&text[..text.len().min(60)]);
            let answer = post(text);
            assert_eq!(answer.status, 400, "{route} {shown:?}: {}", answer.text());
            answer.problem(400);
        }
        for text in STRANGE.split_whitespace().chain([&*deep]) {
            let status = post(text.as_bytes()).status;
            assert!(matches!(status, 400 | 401 | 422), "{route} {text}: {status}");
        }
    }
}

#[test]
fn a_body_over_sixteen_kib_is_too_large() {
    let pair = issuer();
    let user = User::new("Ada");
    let padded = |length: usize| {
        let body = json!({"name": user.name, "email": user.email, "password": user.password});
        format!("{body}{}", " ".repeat(length - body.to_string().len()))
    };
    for route in ROUTES {
        let large = |media_type: &str| {
            pair.auth.post(route).body(media_type, padded(16 * 1_024 + 1)).send()
        };
        large("application/json").problem(413);
        large("application/x-www-form-urlencoded").problem(413);
        let fields = [("name", "n"), ("email", "e"), ("password", &*"p".repeat(17_000))];
        pair.auth.post(route).multipart(&fields).send().problem(413);
    }
    let head = "POST /signup HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
                content-type: application/json\r\n";
    // A too large `content-length` alone is refused; waiting for the body would end with 408.
    let promised = format!("{head}content-length: 1000000000\r\n\r\n{{");
    let patience = std::time::Duration::from_secs(20);
    let answer = support::connection::exchange(pair.auth.address(), promised.as_bytes(), patience);
    assert_eq!(answer.statuses(), [413], "{answer:?}");
    let chunk = format!("2000\r\n{}\r\n", " ".repeat(0x2000));
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n{}0\r\n\r\n", chunk.repeat(4));
    let answer = support::connection::exchange(pair.auth.address(), chunked.as_bytes(), patience);
    assert_eq!(answer.statuses(), [413], "{answer:?}");

    // A client that sends everything before it reads still gets the answer, and no reset.
    let sent = [head, "content-length: 1000000\r\n\r\n", &" ".repeat(1_000_000)].concat();
    let answer = support::connection::exchange(pair.auth.address(), sent.as_bytes(), patience);
    assert_eq!(answer.statuses(), [413], "{answer:?}");

    let at_most = pair.auth.post("/signup").body("application/json", padded(16 * 1_024));
    at_most.send().expect(201);
}
