//! Files of `SQLite` databases.

use std::path::Path;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};

use crate::poll;

/// Waits until no process has the dropped database open; its pool may still be opening a
/// connection. Only then does the file hold all writes, and no write follows.
pub fn until_closed(file: &Path) {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    let log = Path::new(&log);
    poll::until("every connection is closed", Duration::from_secs(20), || {
        // The last connection to close removes the log. Of two at once, neither may do so.
        if log.exists() {
            let name = file.to_str().expect("UTF-8");
            let mut last = SqliteConnection::establish(name).expect("a database");
            // It is locked while another connection closes; then the next look decides.
            let _ = last.batch_execute("SELECT count(*) FROM sqlite_master");
        }
        !log.exists()
    });
}

/// Runs statements on a file.
pub fn execute(file: &Path, statements: &str) {
    let name = file.to_str().expect("UTF-8");
    let mut connection = SqliteConnection::establish(name).expect("a database");
    connection.batch_execute(statements).expect("executed");
}
