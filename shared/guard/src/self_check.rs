//! The check that this guard takes good tokens: it compares its own token, the issuer's audiences
//! and the clocks with its settings. No request waits for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::Inner;
use super::freshness::Stamp;
use super::issuer_client::IssuerClient;
use super::keys::{KeyCache, NotFound};
use super::mismatch::Mismatch;
use super::own_token::{Judgement, OwnToken, judge};
use super::stop::Stop;
use super::transport::Skew;
use signet_verifier::Profile;

/// The time between two comparisons of the clocks, and two looks at a mismatch.
const TICK: Duration = Duration::from_secs(2);

/// The ticks between two new tokens while a mismatch lasts: an operator may have corrected the
/// issuer's settings.
const TICKS_TO_RENEW: u32 = 2;

/// The time for the key of the own token to reach the key set by itself.
const SETTLE: Duration = Duration::from_secs(2);

/// The known facts of the issuer, shared by the client, the feed reader, the task and the status.
pub(super) struct SelfCheck {
    profile: Profile,
    leeway: Duration,
    keys: Arc<KeyCache>,
    skew: Skew,
    known: Mutex<Known>,
    wake: Notify,
}

#[derive(Default)]
struct Known {
    token: Option<OwnToken>,
    verdict: Verdict,
    /// True if a token was good since the start.
    ever_good: bool,
    audiences: Option<Vec<String>>,
}

#[derive(Default)]
enum Verdict {
    /// No token was judged.
    #[default]
    None,
    Good {
        kid: String,
    },
    /// The key is not held, and may be on its way.
    LooksForKey {
        kid: String,
    },
    Refused(Mismatch),
}

impl SelfCheck {
    pub(super) fn new(profile: Profile, leeway: Duration, keys: Arc<KeyCache>, skew: Skew) -> Self {
        let (known, wake) = (Mutex::default(), Notify::new());
        Self { profile, leeway, keys, skew, known, wake }
    }

    /// Judges a token that the issuer has just given this guard.
    pub(super) fn received(&self, token: OwnToken) {
        let mut known = self.known();
        self.judge(&mut known, &token);
        known.token = Some(token);
        drop(known);
        self.wake.notify_one();
    }

    /// Notes the audiences that the issuer names; `None` if it names none.
    pub(super) fn heard_audiences(&self, audiences: Option<Vec<String>>) {
        self.known().audiences = audiences;
        self.wake.notify_one();
    }

    /// Every mismatch that is known now.
    pub(super) fn mismatches(&self) -> Vec<Mismatch> {
        let known = self.known();
        let own = match &known.verdict {
            Verdict::Refused(mismatch) => Some(mismatch.clone()),
            // A guard that has seen no good token waits for the key; another one expects it.
            Verdict::LooksForKey { kid } if !known.ever_good => {
                Some(Mismatch::Key { kid: kid.clone() })
            }
            _ => None,
        };
        let audience = known.audiences.as_ref();
        let audience =
            audience.and_then(|theirs| Mismatch::of_audiences(&self.profile.audiences, theirs));
        drop(known);
        let clocks = self.skew.get().and_then(|skew| Mismatch::of_clocks(skew, self.leeway));
        // The clocks are compared with each answer, so their numbers are newer than the token's.
        let own = own.filter(|own| own.part() != "clock" || clocks.is_none());
        [own, audience, clocks].into_iter().flatten().collect()
    }

    fn judge(&self, known: &mut Known, token: &OwnToken) {
        let strict = matches!(&known.verdict, Verdict::Refused(found) if found.part() == "clock");
        known.verdict = match judge(token, &self.profile, strict, |kid| self.keys.get(kid)) {
            Judgement::Good { kid } => {
                known.ever_good = true;
                Verdict::Good { kid }
            }
            Judgement::NoKey { kid } => match &known.verdict {
                // The key set was asked before.
                Verdict::Refused(Mismatch::Key { kid: missing }) if *missing == kid => {
                    Verdict::Refused(Mismatch::Key { kid })
                }
                _ => Verdict::LooksForKey { kid },
            },
            Judgement::Refused(mismatch) => Verdict::Refused(mismatch),
        };
    }

    fn judge_again(&self) {
        let mut known = self.known();
        if let Some(token) = known.token.take() {
            self.judge(&mut known, &token);
            known.token = Some(token);
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs until `stop`. Requests new tokens through `client`.
    pub(super) async fn run(
        self: Arc<Self>,
        client: Arc<IssuerClient>,
        guard: Weak<Inner>,
        mut stop: Stop,
    ) {
        tokio::select! {
            () = self.watch(&client, &guard) => {}
            () = stop.told() => {}
        }
    }

    async fn watch(&self, client: &IssuerClient, guard: &Weak<Inner>) {
        let mut changes = self.keys.changes();
        let (mut logged, mut serving, mut ticks) = (Vec::new(), false, 0);
        loop {
            self.find_key().await;
            if !self.looks_for_key() {
                log(&mut logged, self.mismatches());
            }
            if let Some(guard) = guard.upgrade() {
                log_staleness(&mut serving, &guard);
            }
            tokio::select! {
                () = self.wake.notified() => {}
                Ok(()) = changes.changed() => self.keys_changed(client),
                () = sleep(TICK) => {
                    ticks = if self.mismatches().is_empty() { 0 } else { ticks + 1 };
                    if ticks >= TICKS_TO_RENEW {
                        ticks = 0;
                        // A new token is judged on arrival; without one nothing is known.
                        client.renew().await;
                    }
                }
            }
        }
    }

    fn looks_for_key(&self) -> bool {
        matches!(self.known().verdict, Verdict::LooksForKey { .. })
    }

    /// Looks for the key of the own token, as a request with a user's token does.
    async fn find_key(&self) {
        let kid = match &self.known().verdict {
            Verdict::LooksForKey { kid } => kid.clone(),
            _ => return,
        };
        let mut changes = self.keys.changes();
        let comes = async { while !self.keys.holds(&kid) && changes.changed().await.is_ok() {} };
        // The set may be on its way: at a start, or after a rotation that the feed announces.
        let found = match timeout(SETTLE, comes).await {
            Ok(()) => Ok(()),
            Err(_) => self.keys.find(&kid).await.map(drop),
        };
        match found {
            Ok(()) => self.judge_again(),
            Err(NotFound::Unknown) => {
                let mut known = self.known();
                if matches!(&known.verdict, Verdict::LooksForKey { kid: still } if *still == kid) {
                    known.verdict = Verdict::Refused(Mismatch::Key { kid });
                }
            }
            // The issuer refuses a token of a revoked key, too, so the guard gets another one.
            Err(NotFound::Revoked) => self.known().verdict = Verdict::None,
            Err(NotFound::Unavailable(_)) => {}
        }
    }

    /// A new key set may have the key that was missing. A set without the key of a good token says
    /// little: the key may be revoked or retired. The next token tells.
    fn keys_changed(&self, client: &IssuerClient) {
        let lost = match &self.known().verdict {
            Verdict::Good { kid } => !self.keys.holds(kid),
            Verdict::None => true,
            Verdict::LooksForKey { .. } | Verdict::Refused(_) => false,
        };
        if lost {
            client.forget_token();
        } else {
            self.judge_again();
        }
    }
}

/// Writes one log line when a guard begins to answer `503`, since its data is too old. A guard that
/// has not served yet has an error from its feed in the log.
fn log_staleness(serving: &mut bool, guard: &Inner) {
    let now = Stamp::now(&*guard.clock);
    let serves = guard.must_serve(&now).is_ok();
    if *serving && !serves {
        let (keys, limit) = (guard.keys_trusted(&now), guard.max_staleness.as_secs());
        let what = if keys { "feed" } else { "key set" };
        tracing::error!("this guard answers 503: its {what} is older than {limit} s");
    }
    *serving = serves;
}

/// Writes one line for each mismatch that is new, and one line when the last one ends.
fn log(logged: &mut Vec<Mismatch>, found: Vec<Mismatch>) {
    for mismatch in &found {
        if !logged.iter().any(|known| known.is_known_as(mismatch)) {
            let part = mismatch.part();
            tracing::error!(part, "this guard refuses every token of its issuer: {mismatch}");
        }
    }
    if found.is_empty() && !logged.is_empty() {
        tracing::info!("this guard accepts the tokens of its issuer again");
    }
    *logged = found;
}
