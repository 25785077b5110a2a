//! Requests of a simple HTTP client: it follows no redirect, keeps no connection and waits at most
//! 30 s for an answer.

use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::blocking::{Client, ClientBuilder, RequestBuilder, multipart};
use reqwest::{Certificate, Method};
use serde_json::Value;

fn client() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| builder().build().expect("an HTTP client"))
}

fn builder() -> ClientBuilder {
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .timeout(Duration::from_secs(30))
}

/// A request that is not sent yet.
#[derive(Debug)]
pub struct Request(RequestBuilder);

/// A request with this method.
pub fn request(method: &str, url: &str) -> Request {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    Request(client().request(method, url))
}

/// A `POST` that comes from this address of the machine.
pub fn post_from(source: IpAddr, url: &str) -> Request {
    let client = builder().local_address(source).build().expect("an HTTP client");
    Request(client.post(url))
}

/// A client of one server with TLS. It keeps its connections.
#[derive(Debug)]
pub struct Caller {
    client: Client,
    url: String,
}

impl Caller {
    /// Creates a client that calls the server at `url` from an address of this machine, and trusts
    /// the authority with this certificate (PEM).
    pub fn new(url: &str, source: IpAddr, authority: &[u8]) -> Self {
        let authority = Certificate::from_pem(authority).expect("a certificate");
        let client = builder()
            .pool_max_idle_per_host(usize::MAX)
            .local_address(source)
            .tls_certs_only([authority])
            .build()
            .expect("an HTTP client");
        Self { client, url: url.to_owned() }
    }

    /// Builds a request.
    pub fn request(&self, method: &str, path: &str) -> Request {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        Request(self.client.request(method, format!("{}{path}", self.url)))
    }
}

impl Request {
    /// Adds a header field.
    #[must_use]
    pub fn header(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        Self(self.0.header(name, value.as_ref()))
    }

    /// Presents an access token (RFC 6750 §2.1).
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// Authenticates a client (RFC 6749 §2.3.1). Id and secret need no encoding here.
    #[must_use]
    pub fn basic(self, id: &str, secret: &str) -> Self {
        Self(self.0.basic_auth(id, Some(secret)))
    }

    /// Sets a url-encoded form as the body.
    #[must_use]
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        Self(self.0.form(fields))
    }

    /// Sets a multipart form as the body.
    #[must_use]
    pub fn multipart(self, fields: &[(&str, &str)]) -> Self {
        let form = fields.iter().fold(multipart::Form::new(), |form, (name, value)| {
            form.text((*name).to_owned(), (*value).to_owned())
        });
        Self(self.0.multipart(form))
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// Sets a body of any media type.
    #[must_use]
    pub fn body(self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self(self.0.header("content-type", media_type).body(body.into()))
    }

    /// Sends the request and reads the whole answer.
    pub fn send(self) -> Answer {
        self.try_send().expect("an answer")
    }

    /// The same for tests in which no answer may come.
    pub fn try_send(self) -> Result<Answer, String> {
        let told = |error: reqwest::Error| format!("{error:?}");
        let response = self.0.send().map_err(told)?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = response.bytes().map_err(told)?.to_vec();
        Ok(Answer { status, headers, body })
    }
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    headers: reqwest::header::HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header field's value; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap_or("(not text)"))
    }

    /// Every header field, as text.
    pub fn header_lines(&self) -> Vec<String> {
        self.headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
            .collect()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {} {}", self.status, self.text()))
    }

    /// The media type, without parameters.
    pub fn media_type(&self) -> &str {
        self.header("content-type").split(';').next().unwrap_or_default().trim()
    }

    /// Asserts this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}\n{}", self.header_lines().join("\n"), self.text());
        self
    }

    /// Asserts a problem document of this status (RFC 9457), and `Retry-After` where the contract
    /// promises it.
    #[track_caller]
    pub fn problem(self, status: u16) -> Value {
        let answer = self.expect(status);
        assert_eq!(answer.media_type(), "application/problem+json", "{}", answer.text());
        let problem = answer.json();
        assert_eq!(problem["status"], status, "{problem}");
        for member in ["type", "title", "detail"] {
            assert!(problem[member].is_string(), "no {member}: {problem}");
        }
        if status == 429 || status == 503 {
            answer.retry_after();
        }
        problem
    }

    /// `Retry-After`, in whole seconds.
    #[track_caller]
    pub fn retry_after(&self) -> u64 {
        self.header("retry-after").parse().unwrap_or_else(|_| {
            panic!("{} without seconds to wait: {:?}", self.status, self.header_lines())
        })
    }
}
