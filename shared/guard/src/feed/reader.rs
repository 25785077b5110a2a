//! The task that follows the feed: it asks what the machine wants to know, writes what the machine
//! accepts, and never gives up.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use super::machine::{Machine, Rejection, Request, Step};
use super::view::FeedView;
use super::wire::{self, Answer};
use super::writer::Writer;
use crate::freshness::Stamp;
use crate::issuer_client::{CallError, IssuerClient};
use crate::keys::KeyCache;
use crate::pace::Pace;
use crate::random::Backoff;
use crate::stop::Stop;
use crate::store::StoreError;
use signet_contract::clock::Clock;

/// After a start, how long the issuer may take to show that it is there. A guard that holds
/// something serves two seconds after its start at the latest; the rest is for the start itself.
const FIRST_TRY: Duration = Duration::from_millis(1_500);

/// After an outage a new call is begun so often while earlier ones hang, so that the first moment
/// of a healed network is used. A lost SYN is sent again only after a second, then two, then four.
const HEDGE: Duration = Duration::from_millis(700);
const HEDGES: usize = 12;

/// How long the next call waits for the fetch of keys that the last one announced, so that one call
/// says both that they are known and that they are held. Changes that come meanwhile are late by it.
const FETCH: Duration = Duration::from_millis(100);

/// Pauses after a lost connection: the issuer is looked for about twice a second.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_LOST_PAUSE: Duration = Duration::from_millis(800);

/// Pauses after an answer that is no good, which more calls won't mend. It may be the secret, which
/// is read again at each of them.
const LONGEST_REFUSED_PAUSE: Duration = Duration::from_secs(2);

/// How often a missing secret file is looked for.
const SECRET_PAUSE: Duration = Duration::from_millis(400);

/// The task's state.
pub(crate) struct Reader {
    client: Arc<IssuerClient>,
    keys: Arc<KeyCache>,
    view: Arc<FeedView>,
    clock: Arc<dyn Clock>,
    instance: Uuid,
    machine: Machine,
    writer: Writer,
    pace: Pace,
    lost: Backoff,
    refused: Backoff,
    /// Whether no call has ended yet.
    first: bool,
    /// Whether the last call brought no answer.
    failing: bool,
}

/// Why a round brought nothing.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("the feed's answer is refused: {0}")]
    Rejected(#[from] Rejection),
    #[error("the store can't be written")]
    Store(#[from] StoreError),
    #[error("the issuer did not answer within {FIRST_TRY:?} of the start")]
    Slow,
}

impl Trouble {
    /// Returns whether an operator must mend this guard's credentials: no retry helps.
    fn is_ours(&self) -> bool {
        matches!(self, Self::Call(CallError::Secret { .. } | CallError::Refused(_)))
    }

    /// What the log may say on top, and nobody else is told: it may name a file.
    fn for_the_log(&self) -> Option<&str> {
        match self {
            Self::Call(CallError::Secret { path, .. }) => Some(path),
            Self::Store(StoreError(why)) => Some(why),
            _ => None,
        }
    }
}

impl Reader {
    /// A reader that goes on where the store stands.
    pub(crate) fn new(
        client: Arc<IssuerClient>,
        keys: Arc<KeyCache>,
        view: Arc<FeedView>,
        clock: Arc<dyn Clock>,
        instance: Uuid,
        writer: Writer,
        pace: Pace,
    ) -> Self {
        let machine = Machine::new(view.position(), writer.has_directory());
        Self {
            client,
            keys,
            view,
            clock,
            instance,
            machine,
            writer,
            pace,
            lost: Backoff::new(FIRST_PAUSE, LONGEST_LOST_PAUSE),
            refused: Backoff::new(FIRST_PAUSE, LONGEST_REFUSED_PAUSE),
            first: true,
            failing: false,
        }
    }

    /// Follows the feed until `stop` says so, or is gone. A write under way is finished.
    pub(crate) async fn run(mut self, mut stop: Stop) {
        loop {
            let request = self.machine.request();
            tokio::select! {
                () = self.keys.announced_are_held(FETCH) => {}
                () = stop.told() => return,
            }
            let began = Instant::now();
            let sent = Stamp::now(&*self.clock);
            let answer = tokio::select! {
                answer = self.ask(&request) => answer,
                () = stop.told() => return,
            };
            let waited = matches!(request, Request::Feed { wait: true, .. });
            let pause = match answer {
                // The keys held have changed: the issuer is told at once.
                Ok(None) => continue,
                Ok(Some(answer)) => {
                    let contact = if waited { Stamp::now(&*self.clock) } else { sent };
                    match self.take(answer, contact).await {
                        Ok(Step::Quiet) if waited && began.elapsed() < self.pace.quiet => {
                            self.pace.quiet
                        }
                        Ok(_) => Duration::ZERO,
                        Err(trouble) => self.failed(&trouble),
                    }
                }
                Err(trouble) => self.failed(&trouble),
            };
            self.first = false;
            tokio::select! {
                () = sleep(pause) => {}
                () = stop.told() => return,
            }
        }
    }

    /// Asks once; `None` if the keys changed while nothing else happened.
    async fn ask(&self, request: &Request) -> Result<Option<Answer>, Trouble> {
        if self.first {
            return match timeout(FIRST_TRY, self.call(request)).await {
                Ok(answer) => Ok(Some(answer?)),
                Err(_) => Err(Trouble::Slow),
            };
        }
        if self.failing {
            return Ok(Some(self.hedged(request).await?));
        }
        let mut changes = self.keys.changes();
        changes.mark_unchanged();
        let waits = matches!(request, Request::Feed { wait: true, .. });
        tokio::select! {
            biased;
            answer = self.call(request) => Ok(Some(answer?)),
            Ok(()) = changes.changed(), if waits => Ok(None),
        }
    }

    fn call(&self, request: &Request) -> impl Future<Output = Result<Answer, CallError>> + use<> {
        let client = Arc::clone(&self.client);
        let (request, instance, kids) = (request.clone(), self.instance, self.keys.kids());
        let longest_wait = self.pace.wait;
        async move { wire::call(&client, &request, longest_wait, instance, &kids).await }
    }

    /// Several calls, one after the other begun; the first that ends counts.
    async fn hedged(&self, request: &Request) -> Result<Answer, CallError> {
        let mut calls = FuturesUnordered::new();
        calls.push(self.call(request));
        loop {
            tokio::select! {
                Some(ended) = calls.next() => return ended,
                () = sleep(HEDGE), if calls.len() < HEDGES => calls.push(self.call(request)),
            }
        }
    }

    /// Judges an answer and writes what comes of it.
    async fn take(&mut self, answer: Answer, contact: Stamp) -> Result<Step, Trouble> {
        let was_caught_up = self.machine.caught_up();
        let step = match answer {
            Answer::Feed(page) => self.machine.page(page)?,
            Answer::Directory(page) => self.machine.directory(page)?,
        };
        let contact = self.true_as_of(&step, contact);
        let step = match self.writer.write(step, contact).await {
            Ok(step) => step,
            Err(error) => {
                self.machine.not_written();
                return Err(error.into());
            }
        };
        self.machine.written();
        let lag = match &step {
            Step::Apply { events, .. } if was_caught_up => {
                events.last().map(|event| (self.clock.now() - event.at).try_into())
            }
            _ => None,
        };
        let caught_up = self.machine.caught_up();
        self.view.change(|seen| {
            // A snapshot under way says nothing of what is held.
            if !matches!(step, Step::Stage { finish: None, .. }) {
                seen.contact = Some(contact);
            }
            seen.caught_up = caught_up;
            // A clock that is behind the issuer's makes it negative: as good as nothing.
            seen.lag = lag.map_or(seen.lag, |lag| Some(lag.unwrap_or(Duration::ZERO)));
            seen.last_error = None;
        });
        if let Some(position) = self.machine.position() {
            self.view.move_to(Some(position));
        }
        if self.failing || matches!(step, Step::Stage { finish: Some(_), .. }) {
            self.keys.refresh();
        }
        self.failing = false;
        if matches!(step, Step::Apply { .. } | Step::Quiet) {
            self.lost.reset();
            self.refused.reset();
        }
        if caught_up {
            self.view.start();
        }
        Ok(step)
    }

    /// The moment of which what is held will be true: that of the answer, or, where there is more to
    /// ask for, that of the last change in it. How long it is trusted counts from there.
    fn true_as_of(&self, step: &Step, answered: Stamp) -> Stamp {
        match step {
            Step::Apply { events, .. } if !self.machine.caught_up() => {
                events.last().map_or(answered, |event| {
                    Stamp::noted(event.at.min(answered.wall()), &*self.clock)
                })
            }
            _ => answered,
        }
    }

    /// Notes a failure; gives the pause before the next try.
    fn failed(&mut self, trouble: &Trouble) -> Duration {
        let outage = match trouble {
            Trouble::Call(CallError::Gone) => {
                tracing::warn!(
                    "the issuer's feed no longer holds our position; a snapshot is taken"
                );
                self.machine.start_over();
                false
            }
            Trouble::Call(error) => error.is_outage(),
            Trouble::Rejected(_) | Trouble::Store(_) | Trouble::Slow => true,
        };
        self.machine.failed();
        let line = trouble.to_string();
        self.view.change(|seen| {
            seen.caught_up = false;
            if seen.last_error.as_ref() != Some(&line) {
                let detail = trouble.for_the_log();
                if trouble.is_ours() {
                    tracing::error!(error = %line, detail, "the issuer does not let this guard follow the feed");
                } else {
                    tracing::warn!(error = %line, detail, "the feed can't be followed; what is held stays");
                }
                seen.last_error = Some(line);
            }
        });
        // What is held is all there is, and better than nothing; a snapshot under way is not held.
        if outage && self.machine.position().is_some() {
            self.view.start();
        }
        self.failing = true;
        match trouble {
            Trouble::Slow => Duration::ZERO,
            Trouble::Call(CallError::Secret { .. }) => SECRET_PAUSE,
            Trouble::Call(CallError::Transport(_)) => self.lost.next(),
            // A proxy says so for an issuer that is away, or it does itself while it starts.
            Trouble::Call(CallError::Status(status)) if status.is_server_error() => {
                self.lost.next()
            }
            _ => self.refused.next(),
        }
    }
}
