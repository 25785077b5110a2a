//! Tests of fetches over real connections, from a server that answers with given bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

use super::fetch::{Ask, FetchError, Fetched, HttpSource, KeySource};
use crate::transport::Transport;
use signet_contract::clock::SystemClock;

/// The time limit for an answer that arrives.
const LIMIT: Duration = Duration::from_secs(30);

/// The time limit for an answer that never arrives, after the request was received.
const SILENCE: Duration = Duration::from_secs(1);

/// The server's action after its bytes: it closes the connection, keeps it open in silence, or
/// continues to send.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Close,
    Hang,
    GoOn,
}

/// Sends `bytes` to the first client. The task returns the request head that it read.
async fn serve(bytes: Vec<u8>, then: Then) -> (Url, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.expect("a connection");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(connection.read_u8().await.expect("a request"));
        }
        let mut sent = connection.write_all(&bytes).await;
        while then == Then::GoOn && sent.is_ok() {
            sent = connection.write_all(&[b' '; 4096]).await;
        }
        if then == Then::Hang {
            // Waits until the client closes the connection.
            let _ = connection.read(&mut [0]).await;
        }
        String::from_utf8(head).expect("text").to_ascii_lowercase()
    });
    (Url::parse(&format!("http://{address}")).expect("a URL"), server)
}

fn key_set() -> String {
    let mut modulus = [3; 256];
    modulus[0] = 0x80;
    let n = URL_SAFE_NO_PAD.encode(modulus);
    format!(r#"{{"keys":[{{"kty":"RSA","n":"{n}","e":"AQAB"}}]}}"#)
}

fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}").into_bytes()
}

async fn fetch(url: &Url, ask: Ask) -> Result<Fetched, FetchError> {
    fetch_within(LIMIT, url, ask).await
}

async fn fetch_within(limit: Duration, url: &Url, ask: Ask) -> Result<Fetched, FetchError> {
    let transport = Transport::new(Arc::new(SystemClock)).expect("a client");
    HttpSource::new(transport, url).within(limit).fetch(ask).await
}

fn ask(etag: Option<&str>) -> Ask {
    Ask { etag: etag.map(str::to_owned), past_caches: false }
}

const JSON: &str = "content-type: application/jwk-set+json\r\n";

#[tokio::test]
async fn a_key_set_is_taken_with_its_etag_and_max_age() {
    let headers = format!("{JSON}etag: \"a\"\r\ncache-control: public, Max-Age=7\r\n");
    let (url, server) = serve(answer("200 OK", &headers, &key_set()), Then::Close).await;
    let Ok(Fetched::Set { keys, text, etag, max_age }) = fetch(&url, ask(None)).await else {
        panic!("a good answer");
    };
    assert_eq!((keys.len(), text), (1, key_set()));
    assert_eq!((etag.as_deref(), max_age), (Some("\"a\""), Duration::from_secs(7)));
    let head = server.await.expect("served");
    assert!(head.starts_with("get /.well-known/jwks.json http/1.1"), "{head}");
    assert!(!head.contains("cache-control") && !head.contains("if-none-match"), "{head}");
}

#[tokio::test]
async fn fetch_on_demand_bypasses_caches() {
    let (url, server) = serve(answer("304 Not Modified", "", ""), Then::Close).await;
    let asked = Ask { etag: Some("\"a\"".into()), past_caches: true };
    assert!(matches!(fetch(&url, asked).await, Ok(Fetched::Same { .. })));
    let head = server.await.expect("served");
    assert!(head.contains("if-none-match: \"a\"") && head.contains("cache-control: no-cache"));
}

#[tokio::test]
async fn answer_without_a_key_set_is_a_failure() {
    let json = |body: &str| answer("200 OK", JSON, body);
    let huge = format!("{{\"keys\":[],\"x\":\"{}\"}}", "x".repeat(200_000));
    let hundred = vec![r#"{"kty":"EC"}"#; 101].join(",");
    let half = key_set().len() + 10;
    let cut = format!("HTTP/1.1 200 OK\r\n{JSON}content-length: {half}\r\n\r\n{}", key_set());
    let chunk = format!("{:x}\r\n{}\r\n", key_set().len(), key_set());
    let chunked = format!("HTTP/1.1 200 OK\r\n{JSON}transfer-encoding: chunked\r\n\r\n");
    let until_closed = format!("HTTP/1.1 200 OK\r\n{JSON}\r\n{}", key_set());
    let large = format!("HTTP/1.1 200 OK\r\n{JSON}content-length: 52428800\r\n\r\n");
    for (name, bytes, then) in [
        ("500", answer("500 Internal Server Error", JSON, &key_set()), Then::Close),
        ("206", answer("206 Partial Content", JSON, &key_set()), Then::Close),
        ("HTML", answer("200 OK", "content-type: text/html\r\n", &key_set()), Then::Close),
        ("HTML as JSON", json("<html></html>"), Then::Close),
        ("nothing", json(""), Then::Close),
        ("no keys", json(r#"{"keys":[]}"#), Then::Close),
        ("another object", json(r#"{"key":1}"#), Then::Close),
        ("no usable key", json(r#"{"keys":[{"kty":"EC","kid":"a"}]}"#), Then::Close),
        ("more than a hundred keys", json(&format!("{{\"keys\":[{hundred}]}}")), Then::Close),
        ("too long", json(&huge), Then::Close),
        ("50 MB", large.into_bytes(), Then::GoOn),
        ("endless", until_closed.into_bytes(), Then::GoOn),
        ("endless chunks", format!("{chunked}{chunk}").into_bytes(), Then::Hang),
        ("cut off", cut.clone().into_bytes(), Then::Close),
        ("half sent", cut.into_bytes(), Then::Hang),
        ("silence", Vec::new(), Then::Hang),
        ("no HTTP", b"\x00\x01\x02\r\n\r\n".to_vec(), Then::Close),
        ("304 to nothing", answer("304 Not Modified", "", ""), Then::Close),
    ] {
        let limit = if then == Then::Hang { SILENCE } else { LIMIT };
        let (url, server) = serve(bytes, then).await;
        assert!(fetch_within(limit, &url, ask(None)).await.is_err(), "{name}");
        server.await.expect("served");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = elsewhere.local_addr().expect("an address");
    let visits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&visits);
    tokio::spawn(async move {
        while elsewhere.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent"]
    {
        let location = format!("location: http://{address}/.well-known/jwks.json\r\n");
        let (url, server) = serve(answer(status, &location, &key_set()), Then::Close).await;
        assert!(fetch(&url, ask(None)).await.is_err(), "{status}");
        server.await.expect("served");
    }
    assert_eq!(visits.load(Ordering::SeqCst), 0);
}
