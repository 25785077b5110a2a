//! Bodies that are too large, too slow, of another type or broken, on every route that reads one.

use actix_http::h1;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::test::TestRequest;
use shared::service::problem_response::ProblemError;

use super::server::Server;
use crate::http::body;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

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
        assert_eq!(status(&server, path, FORM, &large).await, 413);
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
        for media_type in ["text/plain", "application/xml", "", "application/json; charset=utf-16"]
        {
            assert_eq!(status(&server, path, media_type, b"{}").await, 415, "{media_type}");
        }
        for broken in [&b"{"[..], b"{\"email\":\"a\",\"email\":\"b\"}", b"{\"a\":\"\xff\"}", b"\0"]
        {
            assert_eq!(status(&server, path, JSON, broken).await, 400, "{broken:?}");
        }
        for broken in [&b"email=%zz"[..], b"email=a&email=b", b"email=\xff"] {
            assert_eq!(status(&server, path, FORM, broken).await, 400, "{broken:?}");
        }
        for broken in ["multipart/form-data", "multipart/form-data; boundary=B"] {
            assert_eq!(status(&server, path, broken, b"--X--").await, 400, "{broken}");
        }
        assert_eq!(status(&server, path, JSON, b"[]").await, 422);
        let deep = "[".repeat(16_000);
        assert_eq!(status(&server, path, JSON, deep.as_bytes()).await, 400);
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
    let read = body::fields(&request, payload.await.unwrap()).await;
    let error = read.err().map(ProblemError::from).unwrap();
    assert_eq!(error.problem.status, 408);
}
