//! Presenting a token to a guard, as a client with persistent connections does.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use reqwest::blocking::Client;

/// A guard's answer to a token, with times.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The time just before the request was sent.
    pub sent: Instant,
    /// The time at which the whole answer had arrived.
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
    /// `503`: the guard cannot tell at the moment.
    Unknowable,
    /// Any other status, which no token may cause.
    Other(u16),
    /// No answer: the guard is not reachable.
    Silence,
}

fn client() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            // Services close an idle connection after a time. A request on a connection that closes
            // at that moment would look like a guard that does not answer.
            .pool_idle_timeout(Duration::from_secs(2))
            .timeout(Duration::from_secs(10))
            .build()
            .expect("an HTTP client")
    })
}

/// Sends `GET /user/me` to the guard of this address.
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
    // The body is read to its end, so that the connection can serve the next request.
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
