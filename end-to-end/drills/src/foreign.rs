//! A verifier that is no Signet guard: a service with npm `jose` and its defaults. It fetches the key
//! set again for an unknown key, but not within 30 s after a fetch. A stranger sends it tokens of
//! invented keys all the time, so that it may not fetch when a real key is new.
//!
//! In each round the active key is revoked after its successor is ripe. The verifier holds the
//! successor, so it must refuse no new token.

use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

use super::holder::Holder;
use super::pacer::Pacer;
use super::promises::Promises;
use support::http::request;
use support::pair;
use support::process::Process;
use support::service::Service;
use support::{outside, poll, port, signing_keys, token};

/// The time for the verifier to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// The time between two fresh tokens.
const EVERY: Duration = Duration::from_millis(500);

/// The parameters of a run.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// The number of revocations.
    pub rounds: usize,
    /// The `max-age` of the key set. A standby key is ripe after two of them.
    pub max_age: Duration,
    /// The time after each revocation in which fresh tokens are counted.
    pub afterwards: Duration,
}

impl Plan {
    /// A plan in which a standby key is ripe when the verifier may fetch again.
    pub fn patient(rounds: usize) -> Self {
        let max_age = Duration::from_secs(15);
        Self { rounds, max_age, afterwards: 2 * max_age }
    }
}

/// The outcome of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Revocations.
    pub rounds: usize,
    /// Fresh tokens of a new key that the verifier accepted.
    pub taken: usize,
    /// Fresh tokens that it refused, with its reasons.
    pub refused: Vec<String>,
}

impl Outcome {
    /// Each promise with its observation.
    pub fn promises(&self) -> Promises {
        let mut promises = Promises::default();
        promises.never(
            format!("new tokens that jose refused after {} revocations", self.rounds),
            self.refused.len(),
        );
        promises.note("new tokens that jose took", self.taken, self.taken >= self.rounds);
        promises
    }
}

/// The issuer and the verifier.
struct Stage {
    auth: Service,
    url: String,
    issuer: String,
    _verifier: Process,
    _folder: TempDir,
}

impl Stage {
    fn start(plan: &Plan) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut auth = pair::issuer_in(&folder.path().join("auth"));
        auth.launch.set("AUTH_JWKS_MAX_AGE", &format!("{}s", plan.max_age.as_secs()));
        auth.start();
        let port = port::free();
        let asked = json!({
            "jwks": format!("{}/.well-known/jwks.json", auth.url),
            "issuer": auth.url, "audience": "api-service", "port": port,
        });
        let verifier =
            outside::node_server("jose_verifier.mjs", &asked, &folder.path().join("jose.log"));
        let url = format!("http://127.0.0.1:{port}/");
        let issuer = auth.url.clone();
        Self { auth, url, issuer, _verifier: verifier, _folder: folder }
    }

    /// Returns why the verifier refuses a token; `None` if it accepts it.
    fn refusal(&self, token: &str) -> Option<String> {
        let answer = request("GET", &self.url).bearer(token).send();
        (answer.status != 200).then(|| answer.text())
    }

    /// Sends a token of an invented key, for which the verifier fetches the key set if it may.
    fn send_invented(&self) {
        let header = json!({"alg": "RS256", "typ": "at+jwt", "kid": Uuid::new_v4()});
        let claims = json!({"iss": self.issuer, "aud": "api-service", "sub": "stranger"});
        let parts = [header.to_string(), claims.to_string(), "no signature".into()];
        let refused = self.refusal(&parts.map(token::encode).join("."));
        assert!(refused.is_some(), "an invented key is never taken");
    }
}

/// Runs the plan. `progress` gets each line of progress.
pub fn run(plan: &Plan, progress: &(dyn Fn(String) + Sync)) -> Outcome {
    let stage = Stage::start(plan);
    let mut holder = Holder::signed_up(&stage.auth, "Ada");
    let mut fresh = || holder.renew(&stage.auth).expect("a token");
    let first = fresh().text;
    poll::until("the verifier takes a token", PATIENCE, || {
        let sent = request("GET", &stage.url).bearer(&first).try_send();
        sent.is_ok_and(|answer| answer.status == 200)
    });
    let mut outcome = Outcome::default();
    while outcome.rounds < plan.rounds {
        let mut pacer = Pacer::every(EVERY);
        // The standby key was published after the last revocation.
        let began = Instant::now();
        while began.elapsed() < 2 * plan.max_age {
            pacer.wait();
            stage.send_invented();
        }
        let revoked = signing_keys::active(&stage.auth);
        stage.auth.command(&["keys", "revoke", &revoked]).done();
        outcome.rounds += 1;
        let began = Instant::now();
        while began.elapsed() < plan.afterwards {
            pacer.wait();
            let minted = fresh();
            // The server notices a command within a second.
            if minted.kid != revoked {
                match stage.refusal(&minted.text) {
                    None => outcome.taken += 1,
                    Some(why) => outcome.refused.push(why),
                }
            }
            stage.send_invented();
        }
        progress(format!("revocation {} of {}", outcome.rounds, plan.rounds));
    }
    outcome
}
