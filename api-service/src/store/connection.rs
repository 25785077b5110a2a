//! Connections: one for writing, and pools for reading.

use std::path::Path;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use diesel::sqlite::SqliteConnection;
use diesel::{Connection, ConnectionError, ConnectionResult, QueryResult};
use signet_files::durable_file::folder_of;

use super::OpenError;

pub(super) type Readers = Pool<ConnectionManager<SqliteConnection>>;

/// The time that a connection waits for a lock of another one.
const PATIENCE: &str = "PRAGMA busy_timeout = 2000;";

/// `NORMAL` is enough: a power failure may lose the last commits, but each commit contains its feed
/// position, so the guard requests them again.
///
/// `secure_delete` removes the data of deleted users from the file.
///
/// `temp_store`: the ids of a million users, sorted in memory, take 60 MB.
///
/// `journal_size_limit`, in bytes: the end of a snapshot writes a long log, with the data of users
/// in it. The next write cuts it.
const WRITER: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; \
    PRAGMA secure_delete = ON; PRAGMA temp_store = FILE; PRAGMA journal_size_limit = 8388608;";

const READER: &str = "PRAGMA busy_timeout = 100; PRAGMA query_only = ON;";

/// The time that a reader waits for a connection. The pools have a connection for each reading
/// thread, so only a disk that hangs uses it up.
const WAIT: Duration = Duration::from_millis(500);

/// The time that the start waits for the first reader: a busy machine may start slowly.
const START_WAIT: Duration = Duration::from_secs(10);

/// Opens a connection for an inspection. It has written nothing yet.
pub(super) fn open(path: &Path) -> ConnectionResult<SqliteConnection> {
    let mut connection = SqliteConnection::establish(&path.to_string_lossy())?;
    connection.batch_execute(PATIENCE).map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

/// Configures the connection for writing to the replica at `path`.
pub(super) fn for_writing(connection: &mut SqliteConnection, path: &Path) -> QueryResult<()> {
    connection.batch_execute(WRITER)?;
    // Other folders may be read-only, or in memory. The pragma is deprecated; its alternative is an
    // environment variable.
    let folder = folder_of(path).to_string_lossy().replace('\'', "''");
    connection.batch_execute(&format!("PRAGMA temp_store_directory = '{folder}'"))
}

/// Creates a pool of `size` read-only connections. One is open on return, the others soon after.
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
