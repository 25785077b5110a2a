//! One server per database: two would sign with different keys and miss each other's events.
//!
//! With `SQLite`, it is a kernel lock on a file beside the database. With `PostgreSQL`, it is a
//! lock of a session. Both are released when the process ends, for any reason.

use std::path::{Path, PathBuf};
use std::time::Duration;

use diesel::PgConnection;
use signet_files::file_lock::{FileLock, FileLockError};

use super::connection::{Purpose, postgres};
use super::location::{Location, PostgresLocation};

/// The time that a start waits for a server that is ending.
const PATIENCE: Duration = Duration::from_secs(1);
const RETRY: Duration = Duration::from_millis(20);

/// The interval between checks of the session.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// The number of checks in a row that find the lock taken before a server gives up. Its own
/// session, cut off, may hold the lock for a while.
const MOST_FAILED_CHECKS: u32 = 10;

/// A lock that a server holds for as long as it serves.
pub struct InstanceLock {
    held: Held,
}

enum Held {
    File(#[expect(dead_code, reason = "held until it is dropped")] FileLock),
    Session(PostgresLocation, Option<Box<PgConnection>>),
}

/// The reason a server can't start or continue.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another server serves the database.
    #[error("another auth-service serves the database {0}; stop it first")]
    Held(String),
    /// The lock file can't be made or locked.
    #[error("can't lock {0}: {1}")]
    Failed(PathBuf, std::io::Error),
    /// The `PostgreSQL` server does not answer or refuses.
    #[error("can't use the database {0}: {1}")]
    Refused(String, String),
}

impl InstanceLock {
    /// Takes the lock of a database, waiting up to one second for it.
    pub async fn take(location: &Location) -> Result<Self, LockError> {
        let held = match location {
            Location::Sqlite(file) => Held::File(lock_file(file).await?),
            Location::Postgres(server) => {
                let refused = |why| LockError::Refused(location.to_string(), why);
                let mut session = connect(server).await.map_err(refused)?;
                let deadline = tokio::time::Instant::now() + PATIENCE;
                while !postgres::lock_instance(&mut session).map_err(|e| refused(e.to_string()))? {
                    wait(deadline, location).await?;
                }
                Held::Session(server.clone(), Some(session))
            }
        };
        Ok(Self { held })
    }

    /// Returns true if a server may hold the lock of this database, or may have held it before.
    pub fn is_known(location: &Location) -> bool {
        match location {
            Location::Sqlite(file) => FileLock::is_known(file),
            Location::Postgres(_) => true,
        }
    }

    /// Returns true unless it is certain that no process holds the lock now.
    pub(super) fn may_be_held(location: &Location) -> bool {
        match location {
            Location::Sqlite(file) => FileLock::is_known(file) && FileLock::try_take(file).is_err(),
            Location::Postgres(_) => true,
        }
    }

    /// Keeps the lock. Returns when another server has it, which a cut session can cause.
    pub async fn lost(self) -> LockError {
        let Held::Session(server, mut session) = self.held else {
            let _held = self.held;
            return std::future::pending().await;
        };
        let mut failed = 0;
        while failed < MOST_FAILED_CHECKS {
            tokio::time::sleep(CHECK_INTERVAL).await;
            let place = server.clone();
            let checked = tokio::task::spawn_blocking(move || check(&place, session)).await;
            (session, failed) = match checked {
                Ok(Owner::This(session)) => (Some(session), 0),
                Ok(Owner::Other) => (None, failed + 1),
                Ok(Owner::Unknown) | Err(_) => (None, failed),
            };
        }
        LockError::Held(Location::Postgres(server).to_string())
    }
}

/// The owner of the instance lock.
enum Owner {
    This(Box<PgConnection>),
    Other,
    /// The database does not answer, so no other server can serve it either.
    Unknown,
}

/// Checks the session. If it is lost, takes the lock in another one.
fn check(server: &PostgresLocation, session: Option<Box<PgConnection>>) -> Owner {
    if let Some(mut session) = session
        && postgres::ping(&mut session).is_ok()
    {
        return Owner::This(session);
    }
    let Ok(session) = postgres::open(server, Purpose::Read) else { return Owner::Unknown };
    let mut session = Box::new(session);
    match postgres::lock_instance(&mut session) {
        Ok(true) => Owner::This(session),
        Ok(false) => Owner::Other,
        Err(_) => Owner::Unknown,
    }
}

async fn connect(server: &PostgresLocation) -> Result<Box<PgConnection>, String> {
    let server = server.clone();
    let opened = tokio::task::spawn_blocking(move || postgres::open(&server, Purpose::Read)).await;
    opened.map_err(|e| e.to_string())?.map(Box::new).map_err(|e| e.to_string())
}

async fn lock_file(database: &Path) -> Result<FileLock, LockError> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        match FileLock::try_take(database) {
            Ok(lock) => return Ok(lock),
            Err(FileLockError::Io { path, error }) => return Err(LockError::Failed(path, error)),
            Err(FileLockError::InUse(_)) => {
                wait(deadline, &Location::Sqlite(database.to_owned())).await?;
            }
        }
    }
}

/// Waits for the next try, or fails if the deadline has passed.
async fn wait(deadline: tokio::time::Instant, location: &Location) -> Result<(), LockError> {
    if tokio::time::Instant::now() >= deadline {
        return Err(LockError::Held(location.to_string()));
    }
    tokio::time::sleep(RETRY).await;
    Ok(())
}
