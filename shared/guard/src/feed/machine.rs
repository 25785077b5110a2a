//! The feed reader's rules, as a pure state machine: answers in, writes out.
//!
//! Each answer is judged as a whole. A page with a gap, out of order, or of an earlier call is
//! refused and changes nothing; changes that were applied before are skipped. The machine advances
//! only after a write ([`Machine::written`]), so that its position is never ahead of the store's.

use std::collections::HashSet;

use uuid::Uuid;

use signet_contract::directory::{DirectoryPage, DirectoryUser};
use signet_contract::events::{Change, Event, FeedPage};

/// The number of changes, and of users, in one request.
pub(super) const PAGE: usize = 1_000;

/// The most pages of a directory; more are an answer without end.
const MOST_PAGES: usize = 1_000_000;

/// The next request to the issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Request {
    /// The changes after a position.
    Feed {
        /// The position.
        after: u64,
        /// True if the call waits for a change if there is none.
        wait: bool,
        /// The number of changes.
        limit: usize,
    },
    /// A page of the directory.
    Directory {
        /// The cursor of the page; `None` for the first.
        after: Option<String>,
        /// The number of users.
        limit: usize,
    },
}

/// A write to the store. Each step is done completely or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Changes and the position after them.
    Apply {
        /// In commit order, none applied before; not empty.
        events: Vec<Event>,
        /// The last one's `seq`.
        position: u64,
    },
    /// Nothing is new.
    Quiet,
    /// A page of a snapshot.
    Stage {
        /// True for the first page: the staged data of an earlier snapshot is dropped before.
        begin: bool,
        /// Its users.
        users: Vec<DirectoryUser>,
        /// On the last page: the revocations and the position from which the feed continues.
        finish: Option<(Vec<Event>, u64)>,
    },
}

/// The reason to refuse an answer, as a text for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Rejection {
    /// Changes are missing between the position and the page, or within it.
    #[error("its changes are not numbered without gaps from the position on")]
    Gap,
    /// `next` does not follow from the changes, or the page is an old one.
    #[error("its `next` is not the position after its changes, or it is an old one")]
    Next,
    /// More changes or users than requested.
    #[error("it is longer than was asked for")]
    TooLong,
    /// A page of users that does not follow the previous page.
    #[error("the pages of the directory have a gap")]
    Pages,
    /// A revocation of a snapshot is after the snapshot's position.
    #[error("the snapshot holds a revocation from after its position")]
    FutureRevocation,
    /// A new user without the user's record.
    #[error("a new user has no record: the client lacks the scope `directory:read`")]
    NoRecord,
}

/// The state.
#[derive(Debug)]
pub(super) struct Machine {
    directory: bool,
    /// The number of changes or users in a full page.
    page: usize,
    phase: Phase,
    caught_up: bool,
    /// The state after the last step is written.
    pending: Option<Pending>,
}

#[derive(Debug)]
enum Pending {
    Following(u64),
    NextPage { start: Option<(Vec<Event>, u64)>, cursor: String, ids: HashSet<Uuid> },
}

#[derive(Debug)]
enum Phase {
    Following(u64),
    Snapshot(Snapshot),
}

#[derive(Debug, Default)]
struct Snapshot {
    /// The data of the first page, after it is written.
    start: Option<(Vec<Event>, u64)>,
    cursor: Option<String>,
    cursors: HashSet<String>,
    last_page: HashSet<Uuid>,
}

impl Machine {
    /// Creates a machine at the store's position. `directory`: true if users are wanted.
    pub(super) fn new(position: Option<u64>, directory: bool) -> Self {
        let phase = position.map_or_else(|| Phase::Snapshot(Snapshot::default()), Phase::Following);
        Self { directory, page: PAGE, phase, caught_up: false, pending: None }
    }

    /// Sets a smaller page, so that a test fills some.
    #[cfg(test)]
    pub(super) fn with_pages_of(mut self, page: usize) -> Self {
        self.page = page;
        self
    }

    /// The applied position; `None` during a snapshot.
    pub(super) fn position(&self) -> Option<u64> {
        match self.phase {
            Phase::Following(position) => Some(position),
            Phase::Snapshot(_) => None,
        }
    }

    /// Returns true if the last answer left nothing to ask for.
    pub(super) fn caught_up(&self) -> bool {
        self.caught_up
    }

    /// Returns the next request.
    pub(super) fn request(&self) -> Request {
        match &self.phase {
            Phase::Following(after) => {
                Request::Feed { after: *after, wait: self.caught_up, limit: self.page }
            }
            Phase::Snapshot(snapshot) => self.directory_page(snapshot.cursor.clone()),
        }
    }

    /// Returns the request that follows as soon as the last step is written: the next page of a
    /// snapshot, which the issuer can send meanwhile. If the write fails, its answer is void.
    pub(super) fn request_ahead(&self) -> Option<Request> {
        match &self.pending {
            Some(Pending::NextPage { cursor, .. }) => {
                Some(self.directory_page(Some(cursor.clone())))
            }
            _ => None,
        }
    }

    fn directory_page(&self, after: Option<String>) -> Request {
        // Without a directory, only the first page's revocations and position are needed.
        Request::Directory { after, limit: if self.directory { self.page } else { 1 } }
    }

    /// Returns true between the first page of a snapshot and its last one.
    pub(super) fn within_snapshot(&self) -> bool {
        matches!(&self.phase, Phase::Snapshot(snapshot) if snapshot.start.is_some())
    }

    /// Notes that a call failed, or that its answer was refused. The next call does not wait, so
    /// that it returns soon.
    pub(super) fn failed(&mut self) {
        self.pending = None;
        self.caught_up = false;
    }

    /// Begins a new snapshot: the issuer no longer holds the position, or a snapshot failed.
    pub(super) fn start_over(&mut self) {
        self.failed();
        self.phase = Phase::Snapshot(Snapshot::default());
    }

    /// Judges a page of the feed. The caller writes the step, then calls
    /// [`written`](Self::written). A refused page is a failed call.
    pub(super) fn page(&mut self, page: FeedPage) -> Result<Step, Rejection> {
        self.judge_page(page).inspect_err(|_| self.failed())
    }

    fn judge_page(&mut self, page: FeedPage) -> Result<Step, Rejection> {
        let Phase::Following(position) = self.phase else {
            return Err(Rejection::Next);
        };
        if page.events.len() > self.page {
            return Err(Rejection::TooLong);
        }
        let full = page.events.len() == self.page;
        let follows = |before: u64, after: u64| before.checked_add(1) == Some(after);
        if !page.events.windows(2).all(|two| follows(two[0].seq, two[1].seq)) {
            return Err(Rejection::Gap);
        }
        let last = page.events.last().map_or(position, |event| event.seq);
        // A page without a new change is an old answer that was sent again.
        if page.next != last || (!page.events.is_empty() && last <= position) {
            return Err(Rejection::Next);
        }
        let events: Vec<_> =
            page.events.into_iter().skip_while(|event| event.seq <= position).collect();
        if events.first().is_some_and(|event| !follows(position, event.seq)) {
            return Err(Rejection::Gap);
        }
        if self.directory && events.iter().any(lacks_record) {
            return Err(Rejection::NoRecord);
        }
        self.pending = Some(Pending::Following(last));
        self.caught_up = !full;
        Ok(if events.is_empty() { Step::Quiet } else { Step::Apply { events, position: last } })
    }

    /// Judges a page of the directory. A refused page ends the snapshot: it is unknown which page
    /// was wrong.
    pub(super) fn directory(&mut self, page: DirectoryPage) -> Result<Step, Rejection> {
        self.judge_directory(page).inspect_err(|_| self.start_over())
    }

    fn judge_directory(&mut self, page: DirectoryPage) -> Result<Step, Rejection> {
        let Phase::Snapshot(snapshot) = &mut self.phase else {
            return Err(Rejection::Pages);
        };
        if page.users.len() > self.page {
            return Err(Rejection::TooLong);
        }
        let ids: HashSet<_> = page.users.iter().map(|user| user.public_id).collect();
        let repeated = ids.len() != page.users.len() || !ids.is_disjoint(&snapshot.last_page);
        // A known cursor would make an endless loop; so would an empty page with a cursor.
        let circular = page.next.as_ref().is_some_and(|next| {
            ids.is_empty() || snapshot.cursors.contains(next) || snapshot.cursors.len() > MOST_PAGES
        });
        if repeated || circular {
            return Err(Rejection::Pages);
        }
        let begin = snapshot.start.is_none();
        let first = match &snapshot.start {
            None => page.position,
            // From before the first page: from another database, or sent again.
            Some((_, first)) if page.position < *first => return Err(Rejection::Pages),
            Some((_, first)) => *first,
        };
        if begin && page.revocations.iter().any(|event| event.seq > first) {
            return Err(Rejection::FutureRevocation);
        }
        let start = begin.then_some((page.revocations, first));
        if let Some(cursor) = page.next.filter(|_| self.directory) {
            self.pending = Some(Pending::NextPage { start, cursor, ids });
            return Ok(Step::Stage { begin, users: page.users, finish: None });
        }
        // Moved, since there may be a million. If the write fails, the snapshot begins again.
        let finish = start.or_else(|| snapshot.start.take());
        self.pending = Some(Pending::Following(first));
        let users = if self.directory { page.users } else { Vec::new() };
        Ok(Step::Stage { begin, users, finish })
    }

    /// Notes that the last step is in the store.
    pub(super) fn written(&mut self) {
        match (self.pending.take(), &mut self.phase) {
            (Some(Pending::Following(position)), phase) => *phase = Phase::Following(position),
            (Some(Pending::NextPage { start, cursor, ids }), Phase::Snapshot(snapshot)) => {
                if start.is_some() {
                    snapshot.start = start;
                }
                snapshot.cursors.insert(cursor.clone());
                snapshot.cursor = Some(cursor);
                snapshot.last_page = ids;
            }
            _ => {}
        }
    }

    /// Notes that the last step could not be written.
    pub(super) fn not_written(&mut self) {
        match self.phase {
            // The state of the staged data is unknown.
            Phase::Snapshot(_) => self.start_over(),
            Phase::Following(_) => self.failed(),
        }
    }
}

/// Returns true if a change lacks the user's record that a directory needs.
fn lacks_record(event: &Event) -> bool {
    match &event.change {
        Change::UserCreated(user) => {
            user.name.is_none() || user.email.is_none() || user.roles.is_none()
        }
        _ => false,
    }
}
