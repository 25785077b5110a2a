//! Connections: one that writes, and pools of readers.

use std::path::Path;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use diesel::sqlite::SqliteConnection;
use diesel::{Connection, ConnectionError, ConnectionResult, QueryResult};

use super::OpenError;

pub(super) type Readers = Pool<ConnectionManager<SqliteConnection>>;

/// What no other connection may be in the way of.
const PATIENCE: &str = "PRAGMA busy_timeout = 2000;";

/// `NORMAL` is enough: a power cut may lose the last commits, but each holds its feed position, so
/// the guard asks for them again.
///
/// Deleted users leave nothing behind in the file (`secure_delete`).
const WRITER: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; \
    PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;";

const READER: &str = "PRAGMA busy_timeout = 100; PRAGMA query_only = ON;";

/// How long a reader waits for a connection. The pools are as large as their users are many, so
/// only a disk that hangs lets it get that far.
const WAIT: Duration = Duration::from_millis(500);

/// How long the start waits for the first reader: a machine that starts much at once is slow.
const START_WAIT: Duration = Duration::from_secs(10);

/// A connection that has written nothing yet, to look at what is there.
pub(super) fn open(path: &Path) -> ConnectionResult<SqliteConnection> {
    let mut connection = SqliteConnection::establish(&path.to_string_lossy())?;
    connection.batch_execute(PATIENCE).map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

/// Makes it the connection that writes.
pub(super) fn for_writing(connection: &mut SqliteConnection) -> QueryResult<()> {
    connection.batch_execute(WRITER)
}

/// A pool of `size` connections that only read. One is open when this returns, the others soon.
pub(super) fn readers(path: &Path, size: usize) -> Result<Readers, OpenError> {
    let readers = Pool::builder()
        .max_size(u32::try_from(size.max(1)).unwrap_or(u32::MAX))
        .connection_timeout(WAIT)
        .test_on_check_out(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connection_customizer(Box::new(Reader))
        .build_unchecked(ConnectionManager::new(path.to_string_lossy()));
    readers.get_timeout(START_WAIT).map_err(|error| OpenError::io(path, &error))?;
    Ok(readers)
}

#[derive(Debug)]
struct Reader;

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for Reader {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
        connection.batch_execute(READER).map_err(diesel::r2d2::Error::QueryError)
    }
}
