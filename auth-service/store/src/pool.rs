//! Connection pools: writers and readers. A `SQLite` file has one writer with a queue, since
//! competing writers stall each other for seconds. `PostgreSQL` has several.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use diesel::ConnectionError;
use r2d2::event::{CheckoutEvent, TimeoutEvent};
use r2d2::{HandleEvent, ManageConnection, NopErrorHandler, Pool, PooledConnection};

use super::connection::{AnyConnection, Purpose};
use super::group::Group;
use super::location::Location;
use crate::error::StoreError;

/// The time that a query waits for a free connection, before it waits [`FREE_LOCK`] for a lock of
/// another process. Both together stay below the 5 s within which a request must be refused.
const FREE_CONNECTION: Duration = Duration::from_secs(2);
/// The same at a server. A pool that can't connect tries again at least twice in this time.
const FREE_SESSION: Duration = Duration::from_millis(1_500);
/// See [`FREE_CONNECTION`].
pub(super) const FREE_LOCK: Duration = Duration::from_millis(2_400);

const READERS: u32 = 6;
const WRITERS_AT_A_SERVER: u32 = 8;

/// A connection, a flag that marks it as broken, and the group with an open transaction in it.
pub(super) struct Slot {
    connection: AnyConnection,
    broken: bool,
    group: Option<Arc<Group>>,
}

impl Slot {
    /// Returns true if a group left its transaction open.
    pub(super) fn has_group(&self) -> bool {
        self.group.is_some()
    }

    /// Takes the group that left its transaction open.
    pub(super) fn take_group(&mut self) -> Option<Arc<Group>> {
        self.group.take()
    }

    /// Leaves the open transaction of a group to the next user of the connection.
    pub(super) fn keep_group(&mut self, group: Arc<Group>) {
        self.group = Some(group);
    }

    /// Marks the connection as broken: its state is unknown after a disk error. The pool drops it.
    pub(super) fn mark_broken(&mut self) {
        self.broken = true;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // The transaction ends with its connection.
        if let Some(group) = &self.group {
            group.decide(Err("the connection was closed".into()));
        }
    }
}

impl Deref for Slot {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.connection
    }
}

impl DerefMut for Slot {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.connection
    }
}

/// Opens connections for a pool.
#[derive(Debug)]
pub(super) struct Opener {
    location: Location,
    purpose: Purpose,
}

impl ManageConnection for Opener {
    type Connection = Slot;
    type Error = ConnectionError;

    fn connect(&self) -> Result<Slot, ConnectionError> {
        let connection = AnyConnection::open(&self.location, self.purpose)?;
        Ok(Slot { connection, broken: false, group: None })
    }

    fn is_valid(&self, slot: &mut Slot) -> Result<(), ConnectionError> {
        slot.ping().map_err(ConnectionError::CouldntSetupConfiguration)
    }

    fn has_broken(&self, slot: &mut Slot) -> bool {
        slot.broken
    }
}

/// The state of a pool, and its counts since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolReport {
    /// `write` or `read`.
    pub name: &'static str,
    /// The connections that work for a query.
    pub in_use: u32,
    /// The connections that are free.
    pub idle: u32,
    /// The most connections.
    pub max: u32,
    /// The time that queries waited for a connection, in total.
    pub waited: Duration,
    /// The queries that got no connection in time.
    pub timeouts: u64,
}

/// Counts the waits for a connection.
#[derive(Debug, Clone, Default)]
struct Waits(Arc<WaitCounts>);

#[derive(Debug, Default)]
struct WaitCounts {
    microseconds: AtomicU64,
    timeouts: AtomicU64,
}

impl WaitCounts {
    fn add(&self, waited: Duration) {
        let waited = u64::try_from(waited.as_micros()).unwrap_or(u64::MAX);
        self.microseconds.fetch_add(waited, Ordering::Relaxed);
    }
}

impl HandleEvent for Waits {
    fn handle_checkout(&self, event: CheckoutEvent) {
        self.0.add(event.duration());
    }

    fn handle_timeout(&self, event: TimeoutEvent) {
        self.0.add(event.timeout());
        self.0.timeouts.fetch_add(1, Ordering::Relaxed);
    }
}

/// The connections of one purpose, with the counts of their waits.
struct Counted {
    pool: Pool<Opener>,
    waits: Waits,
}

impl Counted {
    fn get(&self) -> Result<PooledConnection<Opener>, StoreError> {
        self.pool.get().map_err(|error| no_free_connection(&error))
    }

    fn report(&self, name: &'static str) -> PoolReport {
        let state = self.pool.state();
        PoolReport {
            name,
            in_use: state.connections.saturating_sub(state.idle_connections),
            idle: state.idle_connections,
            max: self.pool.max_size(),
            waited: Duration::from_micros(self.waits.0.microseconds.load(Ordering::Relaxed)),
            timeouts: self.waits.0.timeouts.load(Ordering::Relaxed),
        }
    }
}

/// The pools of writers and readers.
pub(super) struct Connections {
    writer: Counted,
    readers: Counted,
    /// The members of groups that wait for the writer.
    pub(super) queue: AtomicUsize,
}

impl Connections {
    pub(super) fn new(location: &Location) -> Self {
        let (at_a_server, writers, patience) = match location {
            Location::Sqlite(_) => (false, 1, FREE_CONNECTION),
            Location::Postgres(_) => (true, WRITERS_AT_A_SERVER, FREE_SESSION),
        };
        let pool = |purpose, size| {
            let waits = Waits::default();
            let pool = Pool::builder()
                .event_handler(Box::new(waits.clone()))
                .max_size(size)
                .min_idle(Some(1))
                .connection_timeout(patience)
                // A server restarts: a session that it ended is replaced before use. A file does
                // not disconnect.
                .test_on_check_out(at_a_server)
                .max_lifetime(None)
                .idle_timeout(None)
                .error_handler(Box::new(NopErrorHandler))
                .build_unchecked(Opener { location: location.clone(), purpose });
            Counted { pool, waits }
        };
        let (writer, readers) = (pool(Purpose::Write, writers), pool(Purpose::Read, READERS));
        Self { writer, readers, queue: AtomicUsize::new(0) }
    }

    /// Returns true at a file: its write transactions can share a commit.
    pub(super) fn has_one_writer(&self) -> bool {
        self.writer.pool.max_size() == 1
    }

    /// Returns the writer for a member of a group.
    pub(super) fn queued_writer(&self) -> Result<PooledConnection<Opener>, StoreError> {
        self.queue.fetch_add(1, Ordering::SeqCst);
        let writer = self.writer.get();
        self.queue.fetch_sub(1, Ordering::SeqCst);
        writer
    }

    /// Returns the number of members of groups that wait for the writer.
    pub(super) fn queue(&self) -> usize {
        self.queue.load(Ordering::SeqCst)
    }

    pub(super) fn writer(&self) -> Result<PooledConnection<Opener>, StoreError> {
        self.writer.get()
    }

    pub(super) fn reader(&self) -> Result<PooledConnection<Opener>, StoreError> {
        self.readers.get()
    }

    /// Returns the state of both pools.
    pub(super) fn reports(&self) -> [PoolReport; 2] {
        [self.writer.report("write"), self.readers.report("read")]
    }
}

fn no_free_connection(error: &r2d2::Error) -> StoreError {
    StoreError::Unavailable(format!("no connection became free: {error}"))
}
