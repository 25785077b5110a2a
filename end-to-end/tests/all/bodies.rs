//! Bodies that no well-meaning client sends, at every route that reads one.

use end_to_end::pair::Pair;
use end_to_end::user::User;
use serde_json::json;

const ROUTES: [&str; 2] = ["/signup", "/login"];

fn issuer() -> Pair {
    let mut pair = Pair::prepare();
    pair.auth.start();
    pair
}

/// JSON texts that are none, or none that a strict reader takes.
fn malformed() -> Vec<Vec<u8>> {
    let mut texts: Vec<Vec<u8>> = [
        "{",
        "}",
        "{\"email\"",
        "{\"email\":",
        "{\"email\":}",
        "{\"email\":\"a\"",
        "{\"email\":\"a\",}",
        "{,}",
        "{\"a\":1 \"b\":2}",
        "{\"a\" \"b\"}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":1}}",
        "{\"a\":1}x",
        "{\"a\":1}{\"a\":1}",
        "[",
        "]",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1}",
        "[\"a\",]",
        "\"",
        "\"a",
        "'a'",
        "nul",
        "nulll",
        "True",
        "tru",
        "NaN",
        "Infinity",
        "-Infinity",
        "-",
        "+1",
        "01",
        "1.",
        ".5",
        "1e",
        "1e+",
        "0x1",
        "1_000",
        "\u{feff}{}",
        "// x\n{}",
        "/**/{}",
        "{}/",
        "{\"a\":\"\u{1}\"}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\u00G0\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\\"}",
        "\\u007B\\u007D",
        "{\"\\",
        "undefined",
        "[1]]",
        "{{}}",
        "{[]}",
        "{1:1}",
        "{null:1}",
        "{\"a\":1e}",
        "{\"a\":--1}",
        "{\"a\":1,,\"b\":2}",
        "{\"a\"::1}",
        ":",
        ",",
        "*",
        "{\"email\":\"a\",\"email\":\"b\",\"password\":\"x\"}",
        "{\"email\":\"a\",\"em\\u0061il\":\"b\",\"password\":\"x\"}",
    ]
    .into_iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    texts.extend([
        vec![0xff],
        vec![0xff, 0xfe, b'{', 0, b'}', 0],
        b"{\"a\":\"\xff\"}".to_vec(),
        b"{\"a\":\"\xc0\xaf\"}".to_vec(),
        b"{\"a\":\"\xed\xa0\x80\"}".to_vec(),
        b"{\"a\":\"\xf4\x90\x80\x80\"}".to_vec(),
        vec![0],
        b"{}\0".to_vec(),
        "[".repeat(8_000).into_bytes(),
        "{\"a\":".repeat(2_000).into_bytes(),
    ]);
    texts
}

#[test]
fn malformed_json_is_a_bad_request_everywhere() {
    let pair = issuer();
    for route in ROUTES {
        for text in malformed() {
            let shown = String::from_utf8_lossy(&text[..text.len().min(60)]).into_owned();
            let answer = pair.auth.post(route).body("application/json", text).send();
            assert_eq!(answer.status, 400, "{route} {shown:?}: {}", answer.text());
            answer.problem(400);
        }
    }
}

#[test]
fn strict_json_of_any_value_is_never_a_fault_of_the_server() {
    let pair = issuer();
    let values = [
        "[]",
        "[[]]",
        "\"\"",
        "\"x\"",
        "0",
        "-0",
        "1e400",
        "1E-400",
        "123456789012345678901234567890",
        "true",
        "false",
        "null",
        " {} ",
        "\t{}\r\n",
        "{\"\":0}",
        "{\"a\":{\"b\":[{}]}}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":\"\u{2028}\"}",
        "{\"email\":{\"$gt\":\"\"},\"password\":{\"$gt\":\"\"}}",
        "{\"__proto__\":{\"admin\":true}}",
        &format!("{}{}", "[".repeat(7_000), "]".repeat(7_000)),
        &format!("{}1{}", "{\"email\":".repeat(1_000), "}".repeat(1_000)),
        "{\"email\":\"\\ud83d\\ude00\",\"password\":\"\\u0000\"}",
    ];
    for route in ROUTES {
        for value in values {
            let answer = pair.auth.post(route).body("application/json", value).send();
            assert!(matches!(answer.status, 400 | 401 | 422), "{route} {value}: {}", answer.status);
        }
    }
}

#[test]
fn a_body_of_another_media_type_is_unsupported() {
    let pair = issuer();
    let body = json!({"email": "a@example.org", "password": "x"}).to_string();
    for route in ROUTES {
        for media_type in [
            "text/plain",
            "text/json",
            "application/xml",
            "application/octet-stream",
            "application/jsonx",
            "application/x-json",
            "image/png",
            "*/*",
            "x",
        ] {
            pair.auth.post(route).body(media_type, body.clone()).send().problem(415);
        }
        let media_type = "application/json; charset=utf-8";
        let status = pair.auth.post(route).body(media_type, body.clone()).send().status;
        assert!(matches!(status, 401 | 422), "{route}: {status}");
    }
    // Without a body at all there is nothing to be of a type.
    pair.auth.post("/login").send().expect(401);
    pair.auth.post("/signup").send().problem(422);
}

#[test]
fn a_malformed_form_is_a_bad_request() {
    let pair = issuer();
    let url_encoded = "application/x-www-form-urlencoded";
    let twice = "email=a%40example.org&email=b%40example.org&password=a+long+evening&name=A";
    let forms: [(&str, &[u8]); 7] = [
        (url_encoded, twice.as_bytes()),
        (url_encoded, b"email=%ff&password=x&name=x"),
        (url_encoded, b"email=\xff&password=x&name=x"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--c\r\n\r\nx\r\n--c--\r\n"),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\ncontent-disposition: form-data; name=\"email\"\r\n\r\na",
        ),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\ncontent-disposition: form-data; name=\"email\"\r\n\r\na\r\n--b\r\n\
              content-disposition: form-data; name=\"email\"\r\n\r\nb\r\n--b--\r\n",
        ),
    ];
    for route in ROUTES {
        for (media_type, body) in &forms {
            let answer = pair.auth.post(route).body(media_type, *body).send();
            let shown = String::from_utf8_lossy(body);
            assert_eq!(answer.status, 400, "{route} {media_type} {shown}: {}", answer.text());
            answer.problem(400);
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
    // A length that is only promised is enough to refuse; who waited for more would hear 408.
    let promised = format!("{head}content-length: 1000000000\r\n\r\n{{");
    let patience = std::time::Duration::from_secs(20);
    let answer =
        end_to_end::connection::exchange(pair.auth.address(), promised.as_bytes(), patience);
    assert_eq!(answer.statuses(), [413], "{answer:?}");
    let chunk = format!("2000\r\n{}\r\n", " ".repeat(0x2000));
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n{}0\r\n\r\n", chunk.repeat(4));
    let answer =
        end_to_end::connection::exchange(pair.auth.address(), chunked.as_bytes(), patience);
    assert_eq!(answer.statuses(), [413], "{answer:?}");

    // Who sends all of it before reading still hears why, and is not cut off.
    let sent = [head, "content-length: 1000000\r\n\r\n", &" ".repeat(1_000_000)].concat();
    let answer = end_to_end::connection::exchange(pair.auth.address(), sent.as_bytes(), patience);
    assert_eq!(answer.statuses(), [413], "{answer:?}");

    let at_most = pair.auth.post("/signup").body("application/json", padded(16 * 1_024));
    at_most.send().expect(201);
}

#[test]
fn a_form_is_read_in_both_encodings() {
    let pair = issuer();
    for name in ["Ada & Grace = 100%", "J\u{fc}rgen +1"] {
        for multipart in [false, true] {
            let user = User { name: name.into(), ..User::new("x") };
            let fields =
                [("name", &*user.name), ("email", &user.email), ("password", &user.password)];
            let post = pair.auth.post("/signup");
            let post = if multipart { post.multipart(&fields) } else { post.form(&fields) };
            post.send().expect(201);
        }
        let listed = pair.auth.command_json(&["users", "list"]).to_string();
        assert_eq!(listed.matches(name).count(), 2, "{listed}");
    }
}

#[test]
fn body_has_at_most_32_members() {
    let pair = issuer();
    for count in [32, 33] {
        let names: Vec<_> = (0..count).map(|n| format!("f{n}")).collect();
        let fields: Vec<_> = names.iter().map(|name| (name.as_str(), "1")).collect();
        let object: serde_json::Map<_, _> =
            names.iter().map(|name| (name.clone(), json!({"a": [1, 2]}))).collect();
        for route in ROUTES {
            for request in [
                pair.auth.post(route).form(&fields),
                pair.auth.post(route).multipart(&fields),
                pair.auth.post(route).json(&json!(object)),
            ] {
                let answer = request.send();
                let refused = answer.text().contains("more than 32 members");
                let expected = if route == "/login" && count == 32 { 401 } else { 422 };
                assert_eq!((answer.status, refused), (expected, count > 32), "{route} {count}");
            }
        }
        let answer = pair.auth.post("/oauth2/token").form(&fields).send().expect(400).json();
        let refused = answer["error_description"] == "the body has more than 32 members";
        assert_eq!(
            (&answer["error"], refused),
            (&json!("invalid_request"), count > 32),
            "{answer}"
        );
    }
}
