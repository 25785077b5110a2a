//! Bodies that are too large, too slow, of another type or broken, on every route that reads one.

use actix_http::h1;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::test::TestRequest;
use serde::de::IgnoredAny;
use serde_json::{Map, json};
use signet_service::problem_response::ProblemError;

use super::actors::PASSWORD;
use super::server::{Answer, Server};
use crate::edge::body;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

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

async fn status(server: &Server, path: &str, media_type: &str, body: &[u8]) -> u16 {
    let request = TestRequest::post()
        .uri(path)
        .insert_header((CONTENT_TYPE, media_type))
        .set_payload(body.to_vec());
    let answer = server.call(request).await;
    assert_eq!(answer.header("content-type"), "application/problem+json", "{answer:?}");
    answer.status.as_u16()
}

#[actix_web::test]
async fn more_than_16_kib_is_413_announced_or_not() {
    let server = Server::start();
    let large = vec![b'a'; 16 * 1024 + 1];
    for path in ["/signup", "/login"] {
        for media_type in [FORM, JSON, "multipart/form-data; boundary=B"] {
            assert_eq!(status(&server, path, media_type, &large).await, 413, "{media_type}");
        }
    }
    assert_eq!(status(&server, "/signup", FORM, &large[1..]).await, 422);
    let announced = TestRequest::post()
        .uri("/login")
        .insert_header((CONTENT_TYPE, FORM))
        .insert_header(("content-length", "99999999999999999999"));
    assert_eq!(server.call(announced).await.status, 413);
}

#[actix_web::test]
async fn other_types_are_415_and_broken_bodies_400() {
    let server = Server::start();
    for path in ["/signup", "/login"] {
        for media_type in [
            "text/plain",
            "application/vnd.x+json",
            "application/json, text/html",
            "",
            ";charset=utf-8",
            "json; charset=utf-8",
        ] {
            assert_eq!(status(&server, path, media_type, b"{}").await, 415, "{media_type}");
        }
        let quoted = "Application/JSON; Charset=\"UTF-8\"";
        assert_eq!(status(&server, path, quoted, b"[]").await, 422);
        for broken in [&b"email=%zz"[..], b"email=a&email=b", b"email=\xff"] {
            assert_eq!(status(&server, path, FORM, broken).await, 400, "{broken:?}");
        }
        for broken in ["multipart/form-data", "multipart/form-data; boundary=B"] {
            assert_eq!(status(&server, path, broken, b"--X--").await, 400, "{broken}");
        }
    }
}

#[actix_web::test]
async fn malformed_json_is_400_and_unexpected_json_is_never_500() {
    let server = Server::start();
    let not_utf_8: [&[u8]; 8] = [
        b"\xef\xbb\xbf{}",
        b"\xff",
        b"\xff\xfe{\0}\0",
        b"{\"a\":\"\xff\"}",
        b"{\"a\":\"\xed\xa0\x80\"}",
        b"\0",
        b"{}\0",
        b"{\"a\":\"\n\"}",
    ];
    let endless = ["[".repeat(16_000), "{\"a\":".repeat(2_000)];
    let deep = format!("{}{}", "[".repeat(7_000), "]".repeat(7_000));
    for path in ["/signup", "/login"] {
        let broken = BROKEN.split_whitespace().map(str::as_bytes).chain(not_utf_8);
        for text in broken.chain(endless.iter().map(String::as_bytes)) {
            let shown = String::from_utf8_lossy(&text[..text.len().min(60)]);
            assert_eq!(status(&server, path, JSON, text).await, 400, "{path} {shown:?}");
        }
        for text in STRANGE.split_whitespace().chain([&*deep]) {
            let request = TestRequest::post().uri(path).insert_header((CONTENT_TYPE, JSON));
            let status = server.call(request.set_payload(text.to_owned())).await.status.as_u16();
            assert!(matches!(status, 400 | 401 | 422), "{path} {text}: {status}");
        }
    }
}

#[actix_web::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    tokio::time::pause();
    let (_sender, payload) = h1::Payload::create(false);
    let request = TestRequest::post().uri("/login").insert_header((CONTENT_TYPE, FORM));
    let (request, _) = request.to_http_parts();
    let payload = actix_web::dev::Payload::from(payload);
    let payload =
        <actix_web::web::Payload as actix_web::FromRequest>::from_request(&request, &mut {
            payload
        });
    let read = body::read::<IgnoredAny>(&request, payload.await, body::ANY).await;
    let error = read.err().map(ProblemError::from).unwrap();
    assert_eq!(error.problem.status, 408);
}

/// `count` members with short names, as each media type writes them.
fn members(count: usize) -> [(&'static str, String); 3] {
    let names: Vec<_> = (0..count).map(|n| format!("f{n}")).collect();
    let form = names.iter().map(|name| format!("{name}=1&&")).collect::<Vec<_>>().concat();
    let json = names.iter().map(|name| format!("\"{name}\":{{\"a\":[1]}}")).collect::<Vec<_>>();
    let part = |name: &String| {
        format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n1\r\n")
    };
    let parts = names.iter().map(part).collect::<Vec<_>>().concat();
    [
        (FORM, form),
        (JSON, format!("{{{}}}", json.join(","))),
        ("multipart/form-data; boundary=B", format!("{parts}--B--\r\n")),
    ]
}

async fn answer(server: &Server, path: &str, media_type: &str, body: &str) -> Answer {
    let request = TestRequest::post().uri(path).insert_header((CONTENT_TYPE, media_type));
    server.call(request.set_payload(body.to_owned())).await
}

#[actix_web::test]
async fn form_with_more_than_32_members_is_an_invalid_request_at_oauth_routes() {
    let server = Server::start();
    for path in ["/oauth2/token", "/oauth2/revoke", "/oauth2/introspect"] {
        let names = (0..5_000).map(|n| format!("{n:x}&")).collect::<Vec<_>>().concat();
        let refused = answer(&server, path, FORM, &names[..16 * 1024]).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.json()["error"]),
            (400, &"invalid_request".into())
        );
        assert_eq!(refused.json()["error_description"], "the body has more than 32 members");
        let [(_, at_most), ..] = members(32);
        let taken = answer(&server, path, FORM, &at_most).await;
        let description = taken.json()["error_description"].to_string();
        assert!(!description.contains("members"), "{path}: {description}");
    }
}

#[actix_web::test]
async fn repeated_and_malformed_members_are_400_among_many_members() {
    let server = Server::start();
    let [(_, form), (_, json), (multipart, parts)] = members(31);
    let part = "--B\r\nContent-Disposition: form-data; name=\"f0\"\r\n\r\n1\r\n";
    let [.., (_, many)] = members(40);
    let unfinished = many.replace("}}", "}");
    for (media_type, body) in [
        (FORM, format!("{form}f0=1")),
        (FORM, format!("{form}f0=1&{form}g=%zz")),
        (FORM, format!("a=%zz&{form}{form}")),
        (JSON, json.replace("{\"f0\"", "{\"f1\":1,\"f0\"")),
        (JSON, members(40)[1].1.replace("]}}", "]}")),
        (multipart, format!("{part}{parts}")),
        (multipart, unfinished.replace("--B--", "--C--")[..200].to_owned()),
    ] {
        assert_eq!(status(&server, "/login", media_type, body.as_bytes()).await, 400, "{body}");
    }
}

/// Parameters of a media type that change nothing. A quoted string may hold a semicolon.
const PARAMETERS: [&str; 10] = [
    ";",
    " ; ;",
    "; charset=ISO-8859-1",
    "; charset=",
    "; charset",
    "; charset=utf-16; charset=\"UTF-8\"",
    ";CHARSET=\"\"",
    "; charset=\"a; boundary=C; \\\" x\"",
    "; =; \"\"; odd name=1",
    "; charset=\u{e9}",
];

/// Signs up with a common password, as a body of each media type writes it.
async fn sign_up_weakly(server: &Server, media_type: &str, body: &str) {
    let answer = answer(server, "/signup", media_type, body).await;
    assert_eq!(answer.status, 422, "{media_type}: {answer:?}");
    let errors = &answer.json()["errors"];
    let names: Vec<_> = errors.as_object().unwrap().keys().collect();
    assert_eq!(names, ["password"], "{media_type}: {answer:?}");
}

#[actix_web::test]
async fn parameters_of_a_media_type_do_not_change_the_reading() {
    let server = Server::start();
    let form = "name=Ann&email=ann%40example.org&password=password1";
    let json = r#"{"name":"Ann","email":"ann@example.org","password":"password1"}"#;
    for parameters in PARAMETERS {
        sign_up_weakly(&server, &format!("{FORM}{parameters}"), form).await;
        sign_up_weakly(&server, &format!("{JSON}{parameters}"), json).await;
        let form = format!("{FORM}{parameters}");
        let refused = answer(&server, "/oauth2/token", &form, "grant_type=x").await;
        assert_eq!(refused.json()["error"], "unsupported_grant_type", "{parameters}");
        for of_parts in [String::new(), format!("Content-Type: text/plain{parameters}\r\n")] {
            let body = multipart(&of_parts);
            for media_type in [
                format!("multipart/form-data{parameters}; boundary=B"),
                format!("multipart/form-data; Boundary=\"B\"{parameters}"),
            ] {
                sign_up_weakly(&server, &media_type, &body).await;
            }
        }
    }
}

/// A sign-up as multipart, with these additional lines in the head of each part.
fn multipart(lines: &str) -> String {
    let members = [("name", "Ann"), ("email", "ann@example.org"), ("password", "password1")];
    let part = |(name, value): (&str, &str)| {
        format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n{lines}\r\n{value}\r\n")
    };
    members.map(part).concat() + "--B--\r\n"
}

#[actix_web::test]
async fn boundary_of_any_client_is_read_and_a_missing_one_is_400() {
    let server = Server::start();
    let body = multipart("");
    for boundary in ["----=_Part_0_1.2", "a/b:c=d?e", "'()+_,-./:=?", "a b"] {
        let body = body.replace("--B", &format!("--{boundary}"));
        sign_up_weakly(&server, &format!("multipart/form-data; boundary=\"{boundary}\""), &body)
            .await;
        if !boundary.contains(' ') {
            sign_up_weakly(&server, &format!("multipart/form-data;boundary={boundary};x"), &body)
                .await;
        }
    }
    for parameters in
        ["", ";", "; boundary", "; boundary=", "; boundary=\"\"", "; x=\"; boundary=B\""]
    {
        let media_type = format!("multipart/form-data{parameters}");
        assert_eq!(
            status(&server, "/signup", &media_type, body.as_bytes()).await,
            400,
            "{parameters}"
        );
    }
}

#[actix_web::test]
async fn bytes_that_are_not_utf_8_are_400_under_any_charset() {
    let server = Server::start();
    let part =
        b"--B\r\nContent-Disposition: form-data; name=\"name\"\r\nContent-Type: text/plain; \
        charset=ISO-8859-1\r\n\r\nZo\xeb\r\n--B--\r\n";
    for charset in ["ISO-8859-1", "windows-1252", "utf-16", "", "utf-8"] {
        for (media_type, body) in [
            (FORM, &b"name=Zo%EB"[..]),
            (FORM, b"name=Zo\xeb"),
            (FORM, b"na\xefme=x"),
            (JSON, b"{\"name\":\"Zo\xeb\"}"),
            (JSON, b"{\0}\0"),
            ("multipart/form-data; boundary=B", part),
        ] {
            let media_type = format!("{media_type}; charset={charset}");
            let shown = String::from_utf8_lossy(body);
            assert_eq!(
                status(&server, "/signup", &media_type, body).await,
                400,
                "{media_type} {shown}"
            );
        }
    }
}

#[actix_web::test]
async fn optional_member_that_is_null_is_left_out() {
    let server = Server::start();
    let operator = server.operator("ann").await;
    let log_in = json!({"email": "ann@example.org", "password": PASSWORD, "audience": null});
    assert_eq!(server.post_json("/login", &log_in).await.status, 201);
    for (path, body, status) in [
        ("/admin/keys/rotate", json!({"immediate": null}), 202),
        ("/admin/clients", json!({"client_id": "reports", "scope": null, "scopes": null}), 201),
        ("/admin/clients/reports/rotate-secret", json!({"overlap": null}), 201),
    ] {
        let answer = operator.call("POST", path, Some(&body)).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
    }
}

#[actix_web::test]
async fn every_required_member_that_is_null_is_422_by_its_name() {
    let server = Server::start();
    let operator = server.operator("ann").await;
    for (method, path, names) in [
        ("POST", "/signup", &["email", "name", "password"][..]),
        ("POST", "/login", &["email", "password"]),
        ("POST", "/password", &["current_password", "new_password"]),
        ("POST", "/admin/clients", &["client_id"]),
        ("PUT", &format!("/admin/users/{}/roles", operator.public_id), &["roles"]),
    ] {
        let body: Map<_, _> = names.iter().map(|name| ((*name).into(), json!(null))).collect();
        let answer = operator.call(method, path, Some(&json!(body))).await;
        assert_eq!(answer.status, 422, "{path}: {answer:?}");
        let errors = answer.json()["errors"].as_object().cloned().unwrap_or_default();
        assert_eq!(errors.keys().collect::<Vec<_>>(), names, "{path}");
        for (name, reasons) in &errors {
            assert_eq!(reasons, &json!(["is null, but this member is required"]), "{path} {name}");
        }
    }
}

#[actix_web::test]
async fn null_at_a_log_in_is_422_before_an_empty_member_is_401() {
    let server = Server::start();
    for (body, status) in [
        (json!({"email": null, "password": ""}), 422),
        (json!({"email": null}), 422),
        (json!({"email": "", "password": null}), 422),
        (json!({"email": "", "password": "x", "audience": null}), 401),
        (json!({"audience": null}), 401),
        (json!({"unknown": null}), 401),
    ] {
        assert_eq!(server.post_json("/login", &body).await.status, status, "{body}");
    }
    for twice in [r#"{"audience":null,"audience":null}"#, r#"{"x":null,"\u0078":null}"#] {
        assert_eq!(status(&server, "/login", JSON, twice.as_bytes()).await, 400, "{twice}");
    }
}

#[actix_web::test]
async fn content_coding_is_identity_in_any_case_or_415() {
    let server = Server::start();
    for (coding, status) in
        [("identity", 401), ("Identity", 401), ("", 401), ("gzip", 415), ("identity, br", 415)]
    {
        let request = TestRequest::post()
            .uri("/login")
            .insert_header(("content-encoding", coding))
            .set_form([("email", "ann@example.org"), ("password", PASSWORD)]);
        assert_eq!(server.call(request).await.status, status, "{coding:?}");
    }
}
