//! The task that follows the feed: it sends the machine's requests, writes the accepted answers,
//! and retries without end.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use super::machine::{Machine, Rejection, Request, Step};
use super::progress::Progress;
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

/// The time limit of the first call after a start. A guard with stored data serves at most two
/// seconds after its start; the rest is for the start itself.
const FIRST_TRY: Duration = Duration::from_millis(1_500);

/// The interval of new calls after an outage, while earlier calls hang. So the guard notices a
/// healed network at once: a lost SYN is sent again only after one second, then two, then four.
const HEDGE: Duration = Duration::from_millis(700);
const HEDGES: usize = 12;

/// The time that the next call waits for the fetch of announced keys, so that one call reports them
/// as known and as held. Changes in this time are late by it.
const FETCH: Duration = Duration::from_millis(100);

/// Pauses after a lost connection: about two calls a second.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_LOST_PAUSE: Duration = Duration::from_millis(800);

/// Pauses after a bad answer, which more calls do not correct. The cause may be the secret, which
/// is read again for each call.
const LONGEST_REFUSED_PAUSE: Duration = Duration::from_secs(2);

/// The pause between two looks for a missing secret file.
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
    /// True until the first call ends.
    first: bool,
    /// True if the last call failed.
    failing: bool,
    progress: Progress,
    ahead: Option<Ahead>,
}

/// A call that was sent before the answer to the earlier one was written. A drop ends it.
struct Ahead {
    request: Request,
    sent: Stamp,
    /// Its one task is the call.
    call: JoinSet<Result<Answer, CallError>>,
}

/// The reason for a failed call.
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
    /// Returns true if an operator must correct this guard's credentials: no retry helps.
    fn is_ours(&self) -> bool {
        matches!(self, Self::Call(CallError::Secret { .. } | CallError::Refused(_)))
    }

    /// Returns the details for the log only: they may name a file.
    fn for_the_log(&self) -> Option<&str> {
        match self {
            Self::Call(CallError::Secret { path, .. }) => Some(path),
            Self::Store(StoreError(why)) => Some(why),
            _ => None,
        }
    }
}

impl Reader {
    /// Creates a reader at the store's position.
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
            progress: Progress::since(Instant::now()),
            ahead: None,
        }
    }

    /// Follows the feed until `stop`. Finishes a write in progress.
    pub(crate) async fn run(mut self, mut stop: Stop) {
        loop {
            let request = self.machine.request();
            tokio::select! {
                () = self.keys.announced_are_held(FETCH) => {}
                () = stop.told() => return,
            }
            let ahead = self.ahead.take().filter(|ahead| ahead.request == request);
            let began = Instant::now();
            let sent = ahead.as_ref().map_or_else(|| Stamp::now(&*self.clock), |ahead| ahead.sent);
            if matches!(request, Request::Directory { after: None, .. }) {
                self.progress = Progress::since(began);
            }
            let answer = tokio::select! {
                answer = self.ask(&request, ahead) => answer,
                () = stop.told() => return,
            };
            let waited = matches!(request, Request::Feed { wait: true, .. });
            let pause = match answer {
                // The keys changed: the next call reports them to the issuer at once.
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

    /// Returns the answer to a request; `None` if the keys changed before it.
    async fn ask(
        &self,
        request: &Request,
        ahead: Option<Ahead>,
    ) -> Result<Option<Answer>, Trouble> {
        if let Some(mut ahead) = ahead
            && let Some(Ok(answer)) = ahead.call.join_next().await
        {
            return Ok(Some(answer?));
        }
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

    /// Starts several calls, one after the other; the first that ends counts.
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

    /// Judges an answer and writes the resulting step.
    async fn take(&mut self, answer: Answer, contact: Stamp) -> Result<Step, Trouble> {
        let was_caught_up = self.machine.caught_up();
        let step = match answer {
            Answer::Feed(page) => self.machine.page(page)?,
            Answer::Directory(page) => self.machine.directory(page)?,
        };
        let contact = self.true_as_of(&step, contact);
        self.ahead = self.machine.request_ahead().map(|request| self.send_ahead(request));
        let step = match self.writer.write(step, contact).await {
            Ok(step) => step,
            Err(error) => {
                self.ahead = None;
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
        if let Step::Stage { users, finish, .. } = &step {
            self.note_progress(users.len(), finish.is_some());
        }
        let snapshot = self.machine.within_snapshot().then(|| self.progress.users());
        self.view.change(|seen| {
            seen.snapshot = snapshot;
            // An unfinished snapshot does not change the data that is held.
            if !matches!(step, Step::Stage { finish: None, .. }) {
                seen.contact = Some(contact);
            }
            seen.caught_up = caught_up;
            // Negative if the clock is behind the issuer's: zero is close enough.
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

    fn send_ahead(&self, request: Request) -> Ahead {
        let sent = Stamp::now(&*self.clock);
        let mut call = JoinSet::new();
        call.spawn(self.call(&request));
        Ahead { request, sent, call }
    }

    /// Counts the users of a page, and tells the log of a long snapshot.
    fn note_progress(&mut self, users: usize, finished: bool) {
        let now = Instant::now();
        let due = self.progress.read(users, now);
        let users = self.progress.users();
        if finished {
            let seconds = self.progress.time(now).as_secs_f64();
            if self.progress.is_long(now) {
                tracing::info!(users, seconds, "the guard has taken the directory's snapshot");
            } else {
                tracing::debug!(users, seconds, "the guard has taken the directory's snapshot");
            }
        } else if due {
            tracing::info!(users, "taking the directory's snapshot");
        }
    }

    /// Returns the time at which the data will be current: that of the answer or, if more changes
    /// follow, that of the last change in it. The staleness counts from there.
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

    /// Notes a failure; returns the pause before the next try.
    fn failed(&mut self, trouble: &Trouble) -> Duration {
        let outage = match trouble {
            Trouble::Call(CallError::Gone) => {
                tracing::warn!(
                    "the issuer no longer keeps this guard's position; the guard takes a snapshot"
                );
                self.machine.start_over();
                false
            }
            Trouble::Call(error) => error.is_outage(),
            Trouble::Rejected(_) | Trouble::Store(_) | Trouble::Slow => true,
        };
        self.machine.failed();
        let line = trouble.to_string();
        let snapshot = self.machine.within_snapshot().then(|| self.progress.users());
        self.view.change(|seen| {
            seen.caught_up = false;
            seen.snapshot = snapshot;
            if seen.last_error.as_ref() != Some(&line) {
                let detail = trouble.for_the_log();
                if trouble.is_ours() {
                    tracing::error!(error = %line, detail, "the issuer does not let this guard follow the feed");
                } else {
                    tracing::warn!(error = %line, detail, "the feed can't be read; the guard keeps its state");
                }
                seen.last_error = Some(line);
            }
        });
        // In an outage, the guard serves with the data that it holds, but not during a snapshot.
        if outage && self.machine.position().is_some() {
            self.view.start();
        }
        self.failing = true;
        match trouble {
            Trouble::Slow => Duration::ZERO,
            Trouble::Call(CallError::Secret { .. }) => SECRET_PAUSE,
            Trouble::Call(CallError::Transport(_)) => self.lost.next(),
            // A proxy answers for an unreachable issuer, or the issuer itself while it starts.
            Trouble::Call(CallError::Status(status)) if status.is_server_error() => {
                self.lost.next()
            }
            _ => self.refused.next(),
        }
    }
}
