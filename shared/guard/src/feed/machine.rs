//! The feed reader's rules, as a pure state machine: answers in, writes out.
//!
//! Each answer is judged as a whole. A page with a gap, out of order, or from another time is
//! refused and moves nothing; changes that were applied before are passed over. The machine moves
//! on only when told that a write is done ([`Machine::written`]), so that its position is never
//! ahead of the store's.

use std::collections::HashSet;

use uuid::Uuid;

use signet_contract::directory::{DirectoryPage, DirectoryUser};
use signet_contract::events::{Change, Event, FeedPage};

/// How many changes, and how many users, are asked for at a time.
pub(super) const PAGE: usize = 1_000;

/// More pages than this are no directory but an answer without end.
const MOST_PAGES: usize = 1_000_000;

/// What to ask the issuer next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Request {
    /// The changes after a position.
    Feed {
        /// The position.
        after: u64,
        /// Whether to wait for one if there is none.
        wait: bool,
        /// How many changes.
        limit: usize,
    },
    /// A page of the directory.
    Directory {
        /// The cursor of the page; `None` for the first.
        after: Option<String>,
        /// How many users.
        limit: usize,
    },
}

/// What to write to the store. Each step is done wholly or not at all.
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
        /// Whether it is the first: what an earlier snapshot staged is dropped before.
        begin: bool,
        /// Its users.
        users: Vec<DirectoryUser>,
        /// On the last page: the revocations and the position that the feed goes on from.
        finish: Option<(Vec<Event>, u64)>,
    },
}

/// Why an answer is refused, in words for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Rejection {
    /// Changes are missing between the position and the page, or within it.
    #[error("its changes are not numbered without gaps from the position on")]
    Gap,
    /// `next` does not follow from the changes, or the page is an old one.
    #[error("its `next` is not the position after its changes, or it is an old one")]
    Next,
    /// More changes or users than asked for.
    #[error("it is longer than was asked for")]
    TooLong,
    /// A page of users that can't follow the one before.
    #[error("the directory's pages do not follow each other")]
    Pages,
    /// A revocation of a snapshot lies past the snapshot's position.
    #[error("the snapshot holds a revocation from after its position")]
    FutureRevocation,
    /// A new user without the user's record.
    #[error("a new user comes without a record: the client lacks the scope `directory:read`")]
    NoRecord,
}

/// The state.
#[derive(Debug)]
pub(super) struct Machine {
    directory: bool,
    /// How many changes or users make a full page.
    page: usize,
    phase: Phase,
    caught_up: bool,
    /// What the last step, once written, leads to.
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
    /// What the first page said, once it was written.
    start: Option<(Vec<Event>, u64)>,
    cursor: Option<String>,
    cursors: HashSet<String>,
    last_page: HashSet<Uuid>,
}

impl Machine {
    /// A machine that goes on where the store stands. `directory`: whether users are wanted.
    pub(super) fn new(position: Option<u64>, directory: bool) -> Self {
        let phase = position.map_or_else(|| Phase::Snapshot(Snapshot::default()), Phase::Following);
        Self { directory, page: PAGE, phase, caught_up: false, pending: None }
    }

    /// The same with other pages, so that a test fills some.
    #[cfg(test)]
    pub(super) fn with_pages_of(mut self, page: usize) -> Self {
        self.page = page;
        self
    }

    /// The position applied; `None` while a snapshot is taken.
    pub(super) fn position(&self) -> Option<u64> {
        match self.phase {
            Phase::Following(position) => Some(position),
            Phase::Snapshot(_) => None,
        }
    }

    /// Whether the last answer left nothing to ask for.
    pub(super) fn caught_up(&self) -> bool {
        self.caught_up
    }

    /// What to ask now.
    pub(super) fn request(&self) -> Request {
        match &self.phase {
            Phase::Following(after) => {
                Request::Feed { after: *after, wait: self.caught_up, limit: self.page }
            }
            Phase::Snapshot(snapshot) => Request::Directory {
                after: snapshot.cursor.clone(),
                // Without a directory only the first page's revocations and position are wanted.
                limit: if self.directory { self.page } else { 1 },
            },
        }
    }

    /// A call failed, or its answer was refused: the next one does not wait, to find out soon
    /// where things stand.
    pub(super) fn failed(&mut self) {
        self.pending = None;
        self.caught_up = false;
    }

    /// The issuer no longer holds the position, or a snapshot came apart: one is begun anew.
    pub(super) fn start_over(&mut self) {
        self.failed();
        self.phase = Phase::Snapshot(Snapshot::default());
    }

    /// Judges a page of the feed. What it gives is to be written, then [`written`](Self::written).
    /// A refused one is a failed call.
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
        // Changes none of which is new are an old answer, sent again by somebody.
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

    /// Judges a page of the directory, likewise. A refused one ends the snapshot: which of its
    /// pages was wrong can't be known.
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
        // A cursor met before would lead round in a circle; so would an empty page that has one.
        let circular = page.next.as_ref().is_some_and(|next| {
            ids.is_empty() || snapshot.cursors.contains(next) || snapshot.cursors.len() > MOST_PAGES
        });
        if repeated || circular {
            return Err(Rejection::Pages);
        }
        let begin = snapshot.start.is_none();
        let first = match &snapshot.start {
            None => page.position,
            // Made before the first page: by another database, or sent again by somebody.
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
        // Moved, since there may be a million; a step that is not written begins everything anew.
        let finish = start.or_else(|| snapshot.start.take());
        self.pending = Some(Pending::Following(first));
        let users = if self.directory { page.users } else { Vec::new() };
        Ok(Step::Stage { begin, users, finish })
    }

    /// The step that was given last is in the store.
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

    /// The step that was given last could not be written.
    pub(super) fn not_written(&mut self) {
        match self.phase {
            // What is staged is not known any more.
            Phase::Snapshot(_) => self.start_over(),
            Phase::Following(_) => self.failed(),
        }
    }
}

/// Whether a change can't be applied to a directory for want of the user's record.
fn lacks_record(event: &Event) -> bool {
    match &event.change {
        Change::UserCreated(user) => {
            user.name.is_none() || user.email.is_none() || user.roles.is_none()
        }
        _ => false,
    }
}
