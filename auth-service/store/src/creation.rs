//! Opens a database: creates a missing file and its folder, the tables of this version and the
//! first feed position.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use signet_contract::clock::unix_micros;
use signet_files::durable_file::folder_of;
use signet_files::file_identity::FileIdentity;
use signet_files::{links, private};
use time::OffsetDateTime;

use super::connection::{AnyConnection, Purpose, pooler};
use super::location::Location;
use super::restore_detection::was_served;
use super::schema::{feed_position, keys};
use super::transaction::read_position;
use auth_domain::keys::KeyState;

pub(super) const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// The largest size, in bytes, of a checked file. Its check takes about a second.
const LARGEST_CHECKED: u64 = 256 * 1024 * 1024;

/// The action for a database that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existence {
    /// Creates it. The caller adds its first records.
    Create,
    /// Returns an error: a new database has nothing to read or repair.
    Expect,
}

/// An error from opening a database, in one line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database does not exist.
    #[error("there is no database at {0}; `auth-service init` makes one")]
    Missing(String),
    /// The folder or the file can't be made.
    #[error("can't make {0}: {1}")]
    Unwritable(PathBuf, io::Error),
    /// The file exists but can't be used.
    #[error("can't open the database {0}: {1}; if it is damaged, put a backup in its place")]
    Unusable(PathBuf, String),
    /// Another process holds the database locked.
    #[error("another process holds the database {0} locked; try again later")]
    Held(PathBuf),
    /// The note of the last service can't be compared or written.
    #[error("{0}")]
    Note(String),
    /// The `PostgreSQL` server does not answer or refuses.
    #[error("can't use the database {0}: {1}")]
    Refused(String, String),
}

/// The properties of an opened database.
pub(super) struct Opened {
    pub(super) location: Location,
    /// The identity of the file, with `SQLite` only.
    pub(super) identity: Option<FileIdentity>,
    pub(super) position: u64,
}

pub(super) fn open(
    location: &Location,
    existence: Existence,
    now: OffsetDateTime,
) -> Result<Opened, OpenError> {
    let location = match location {
        Location::Sqlite(file) => Location::Sqlite(find(file, existence)?),
        Location::Postgres(_) => location.clone(),
    };
    check_sessions(&location)?;
    let unusable = |why: String| unusable(&location, why);
    let mut connection =
        AnyConnection::open(&location, Purpose::Write).map_err(|e| unusable(one_line(&e)))?;
    let holds_tables = connection.holds_tables().map_err(|e| unusable(one_line(&e)))?;
    if existence == Existence::Expect && !holds_tables {
        return Err(OpenError::Missing(location.to_string()));
    }
    match connection.encoding_fault() {
        Ok(None) => {}
        Ok(Some(why)) => return Err(unusable(why)),
        Err(error) => return Err(unusable(one_line(&error))),
    }
    migrate(&mut connection).map_err(unusable)?;
    let position = connection
        .writing(|connection| start_feed(connection, now))
        .map_err(|e| unusable(one_line(&e)))?;
    let identity = match &location {
        Location::Sqlite(file) => {
            Some(FileIdentity::of(file).map_err(|error| unusable(error.to_string()))?)
        }
        Location::Postgres(_) => None,
    };
    Ok(Opened { location, identity, position })
}

fn unusable(location: &Location, why: String) -> OpenError {
    match location {
        // A lock can stop any step, and each step has its own error text.
        Location::Sqlite(file) if why.contains("database is locked") => {
            OpenError::Held(file.clone())
        }
        Location::Sqlite(file) => OpenError::Unusable(file.clone(), why),
        Location::Postgres(_) => OpenError::Refused(location.to_string(), why),
    }
}

/// Finds or creates a database file. Returns its absolute path, behind all links.
fn find(file: &Path, existence: Existence) -> Result<PathBuf, OpenError> {
    let file =
        links::resolve(file).map_err(|error| OpenError::Unwritable(file.to_owned(), error))?;
    // SQLite treats an empty file as a new database, which would hide the loss of all data.
    if std::fs::metadata(&file).is_ok_and(|found| found.len() == 0) && was_served(&file) {
        let why = "it is empty, but was served before".to_owned();
        return Err(OpenError::Unusable(file, why));
    }
    match existence {
        Existence::Create => make(&file)?,
        Existence::Expect if !file.exists() => {
            return Err(OpenError::Missing(file.display().to_string()));
        }
        Existence::Expect => {}
    }
    Ok(file)
}

/// Creates the folder of a database file, with access for its owner only.
pub fn make_folder(location: &Location) -> Result<(), OpenError> {
    let Location::Sqlite(file) = location else { return Ok(()) };
    let folder = folder_of(file);
    private::make_folder(folder).map_err(|error| OpenError::Unwritable(folder.to_owned(), error))
}

/// Creates the folder and an empty file that only its owner can read. `SQLite` gives the files
/// beside it the same mode.
fn make(file: &Path) -> Result<(), OpenError> {
    make_folder(&Location::Sqlite(file.to_owned()))?;
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(file)
        .map(drop)
        .map_err(|error| OpenError::Unwritable(file.to_owned(), error))
}

/// Checks a database before anything is written to it. Returns the thumbprint of the key that signs;
/// `None` if there is no database or no key yet.
pub fn inspect(location: &Location) -> Result<Option<String>, OpenError> {
    let location = match location {
        Location::Sqlite(file) => match find(file, Existence::Expect) {
            Err(OpenError::Missing(_)) => return Ok(None),
            found => {
                let file = found?;
                // Opened first, SQLite would leave files beside it that block the next start.
                private::check_file_writable(&file)
                    .map_err(|error| OpenError::Unusable(file.clone(), error.to_string()))?;
                Location::Sqlite(file)
            }
        },
        Location::Postgres(_) => location.clone(),
    };
    check(&location)?;
    check_sessions(&location)?;
    let unusable = |why: &dyn std::error::Error| unusable(&location, one_line(why));
    let mut connection =
        AnyConnection::open(&location, Purpose::Read).map_err(|error| unusable(&error))?;
    if !connection.holds_tables().map_err(|error| unusable(&error))? {
        return Ok(None);
    }
    let active = keys::table.filter(keys::state.eq(KeyState::Active.word())).select(keys::kid);
    active.get_result(&mut connection).optional().map_err(|error| unusable(&error))
}

/// Checks a database file for damage before it is served. Skips a file above [`LARGEST_CHECKED`]. A
/// `PostgreSQL` server checks its own data.
pub(super) fn check(location: &Location) -> Result<(), OpenError> {
    let unusable = |why: String| unusable(location, why);
    let Location::Sqlite(file) = location else { return Ok(()) };
    let size = std::fs::metadata(file).map_err(|error| unusable(error.to_string()))?.len();
    if size > LARGEST_CHECKED {
        return Ok(());
    }
    let mut connection =
        AnyConnection::open(location, Purpose::Read).map_err(|e| unusable(one_line(&e)))?;
    match connection.damage() {
        Ok(None) => Ok(()),
        Ok(Some(damage)) => Err(unusable(damage.replace('\n', " "))),
        Err(error) => Err(unusable(one_line(&error))),
    }
}

/// Checks that a `PostgreSQL` server gives each connection a session of its own.
fn check_sessions(location: &Location) -> Result<(), OpenError> {
    let Location::Postgres(server) = location else { return Ok(()) };
    match pooler::keeps_sessions(server) {
        Ok(true) => Ok(()),
        Ok(false) => Err(unusable(
            location,
            "a connection pooler gives each transaction another session; use its session mode \
             (PgBouncer: pool_mode = session), or the address of the server itself"
                .to_owned(),
        )),
        Err(error) => Err(unusable(location, one_line(&error))),
    }
}

/// Applies pending migrations in one transaction, so two processes that start together do it once.
fn migrate(connection: &mut AnyConnection) -> Result<(), String> {
    let applied = |connection: &mut AnyConnection| {
        connection.lock_for_migrations()?;
        match connection {
            AnyConnection::Sqlite(sqlite) => sqlite.run_pending_migrations(SQLITE_MIGRATIONS),
            AnyConnection::Postgres(postgres) => {
                postgres.run_pending_migrations(POSTGRES_MIGRATIONS)
            }
        }
        .map(drop)
        .map_err(diesel::result::Error::QueryBuilderError)
    };
    connection.writing(applied).map_err(|error| one_line(&error))
}

/// Sets the first position of a new database. Returns the current position.
fn start_feed(connection: &mut AnyConnection, now: OffsetDateTime) -> QueryResult<u64> {
    connection.lock_for_migrations()?;
    let known = feed_position::table.count().get_result::<i64>(connection)?;
    if known == 0 {
        diesel::insert_into(feed_position::table)
            .values((feed_position::id.eq(1), feed_position::seq.eq(unix_micros(now))))
            .execute(connection)?;
    }
    read_position(connection)
}

fn one_line(error: &dyn std::error::Error) -> String {
    error.to_string().replace('\n', " ")
}
