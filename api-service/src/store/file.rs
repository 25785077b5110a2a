//! The file of the replica: opened if it can be trusted, otherwise set aside and created again.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use diesel::QueryResult;
use diesel::connection::SimpleConnection;
use diesel::sqlite::SqliteConnection;
use signet_files::durable_file::folder_of;
use signet_files::private;
use uuid::Uuid;

use super::inspection::{self, Finding};
use super::{OpenError, connection, staging, state};

/// Creates the folder of the replica, with access for its owner only.
pub(super) fn prepare_folder(path: &Path) -> Result<(), OpenError> {
    let folder = folder_of(path);
    private::make_folder(folder).map_err(|error| OpenError::io(folder, &error))
}

/// Returns the connection that writes to the replica at `path`.
pub(super) fn open_or_rebuild(path: &Path) -> Result<SqliteConnection, OpenError> {
    // Created here and not by SQLite: the file has names and addresses, so only its owner may read
    // it. The files that SQLite adds get their mode from it.
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|error| OpenError::io(path, &error))?;
    drop(file);

    let why = match connection::open(path) {
        Ok(mut found) => match inspection::inspect(&mut found) {
            Ok(Finding::Whole) => {
                let ready = connection::for_writing(&mut found, path);
                return ready.map(|()| found).map_err(|error| OpenError::io(path, &error));
            }
            Ok(Finding::Empty) => return begin(found, path),
            Ok(Finding::Foreign) => return Err(OpenError::Foreign(path.to_owned())),
            Ok(Finding::OtherVersion(version)) => format!("it is of version {version}"),
            Ok(Finding::Damaged(why)) => why,
            Err(error) => error.to_string(),
        },
        Err(error) => error.to_string(),
    };
    set_aside(path)?;
    tracing::warn!(
        replica = %path.display(), %why,
        "the replica can't be trusted: it is begun anew, from a snapshot of the issuer"
    );
    let fresh = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    fresh.map_err(|error| OpenError::io(path, &error))?;
    begin(connection::open(path).map_err(|error| OpenError::io(path, &error))?, path)
}

/// Creates the tables of a new replica, and the instance id of this guard.
fn begin(mut connection: SqliteConnection, path: &Path) -> Result<SqliteConnection, OpenError> {
    let ready = connection::for_writing(&mut connection, path);
    ready.map_err(|error| OpenError::io(path, &error))?;
    let made: QueryResult<()> = connection.immediate_transaction(|connection| {
        connection.batch_execute(include_str!("schema.sql"))?;
        staging::begin(connection)?;
        staging::finish(connection)?;
        connection.batch_execute(&inspection::mark())?;
        state::put(connection, state::INSTANCE, &Uuid::new_v4().to_string())
    });
    made.map_err(|error| OpenError::io(path, &error))?;
    Ok(connection)
}

/// Renames the file, and removes the files that SQLite added. One damaged file is kept for an
/// operator to examine.
fn set_aside(path: &Path) -> Result<(), OpenError> {
    fs::rename(path, with_suffix(path, ".damaged")).map_err(|error| OpenError::io(path, &error))?;
    for suffix in ["-wal", "-shm", "-journal"] {
        let beside = with_suffix(path, suffix);
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(OpenError::io(&beside, &error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}
