//! Requests as bytes, and files of them for the load generator.

use std::fmt::Write as _;
use std::path::Path;

/// The byte between two requests of a file; no request holds it.
const SEPARATOR: u8 = 0x1e;

/// A request to one of the services.
#[derive(Debug, Clone)]
pub struct Request {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Request {
    /// A `GET`.
    pub fn get(path: &str) -> Self {
        Self { method: "GET", path: path.into(), headers: Vec::new(), body: String::new() }
    }

    /// A `POST` of a url-encoded form. The values need no encoding.
    pub fn form(path: &str, fields: &[(&str, &str)]) -> Self {
        let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let form = Self { method: "POST", body: fields.join("&"), ..Self::get(path) };
        form.header("content-type", "application/x-www-form-urlencoded")
    }

    /// Adds a header field.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Presents an access token (RFC 6750 §2.1).
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// The same request for another path.
    #[must_use]
    pub fn to(&self, path: &str) -> Self {
        Self { path: path.into(), ..self.clone() }
    }

    /// The request in HTTP/1.1 (RFC 9112 §2.1).
    fn text(&self) -> String {
        let mut text = format!("{} {} HTTP/1.1\r\nhost: 127.0.0.1\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        if self.method == "POST" {
            let _ = write!(text, "content-length: {}\r\n", self.body.len());
        }
        text + "\r\n" + &self.body
    }
}

/// Writes a file of requests. The load generator sends them in turn.
pub fn write(file: &Path, requests: &[Request]) {
    let texts: Vec<_> = requests.iter().map(|request| request.text().into_bytes()).collect();
    std::fs::write(file, texts.join(&SEPARATOR)).expect("a written file of requests");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_has_its_length() {
        let form = Request::form("/login", &[("email", "a@example.org"), ("password", "p")]);
        assert_eq!(
            form.bearer("t").text(),
            "POST /login HTTP/1.1\r\nhost: 127.0.0.1\r\n\
             content-type: application/x-www-form-urlencoded\r\nauthorization: Bearer t\r\n\
             content-length: 30\r\n\r\nemail=a@example.org&password=p"
        );
    }
}
