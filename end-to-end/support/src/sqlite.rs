//! Files of `SQLite` databases.

use std::path::Path;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};

use crate::poll;

/// Waits until nobody has the database open that was dropped: its pool may still be opening one more
/// connection. Only then is all that was written in the file itself, and nobody writes to it any more.
pub fn until_closed(file: &Path) {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    let log = Path::new(&log);
    poll::until("every connection is closed", Duration::from_secs(20), || {
        // Who closes last removes the log. Of two that close at once, neither may be the last.
        if log.exists() {
            let name = file.to_str().expect("UTF-8");
            let mut last = SqliteConnection::establish(name).expect("a database");
            last.batch_execute("SELECT count(*) FROM sqlite_master").expect("readable");
        }
        !log.exists()
    });
}
