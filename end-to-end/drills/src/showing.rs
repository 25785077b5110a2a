//! Showing a token to a guard, as a client that keeps its connections does.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use reqwest::blocking::Client;

/// What a guard made of a token, and when.
#[derive(Debug, Clone)]
pub struct Shown {
    /// When the request was about to be sent.
    pub sent: Instant,
    /// When the whole answer was there.
    pub answered: Instant,
    /// The answer.
    pub verdict: Verdict,
}

/// A guard's answer to a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// `200`.
    Taken,
    /// `401`, with its description.
    Refused(String),
    /// `503`: it can't be known now.
    Unknowable,
    /// Anything else, which no token may cause.
    Other(u16),
    /// No answer: the guard is not there.
    Silence,
}

fn client() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            // Services close an idle connection after 5 s. One that is closed in the moment in which
            // it is used would look like a guard that does not answer.
            .pool_idle_timeout(Duration::from_secs(2))
            .timeout(Duration::from_secs(10))
            .build()
            .expect("an HTTP client")
    })
}

/// `GET /user/me` at the guard of this address.
pub fn show(url: &str, token: &str) -> Shown {
    let sent = Instant::now();
    let verdict = verdict(url, token);
    Shown { sent, answered: Instant::now(), verdict }
}

fn verdict(url: &str, token: &str) -> Verdict {
    let Ok(answer) = client().get(format!("{url}/user/me")).bearer_auth(token).send() else {
        return Verdict::Silence;
    };
    let status = answer.status().as_u16();
    let challenge = answer.headers().get("www-authenticate").cloned();
    // Read to its end, so that the connection is good for the next request.
    if answer.bytes().is_err() {
        return Verdict::Silence;
    }
    match status {
        200 => Verdict::Taken,
        401 => Verdict::Refused(challenge.map_or_else(String::new, |challenge| {
            String::from_utf8_lossy(challenge.as_bytes()).into_owned()
        })),
        503 => Verdict::Unknowable,
        status => Verdict::Other(status),
    }
}
