//! Detects a connection pooler that gives each transaction another session.
//!
//! The instance lock, the settings of a session and notifications need one session for as long as a
//! connection is open. Without it, locks and settings would reach the sessions of other programs.

use std::collections::HashMap;
use std::sync::mpsc;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::super::location::PostgresLocation;
use super::postgres::connect;

/// The clients that are compared. With as many poolers behind one address, each could get one
/// client, and none would show itself.
const CLIENTS: usize = 4;

/// The number of rounds. An idle pooler shows itself in the first one.
const ROUNDS: usize = 2;

/// The transactions of a client in a row. A pooler that takes its sessions in turn gives the second
/// one another session.
const IN_A_ROW: usize = 2;

/// The query for the session at the server. Two servers may have the same process id.
const SESSION: &str = "SELECT concat_ws(' ', pg_backend_pid(), pg_postmaster_start_time()) AS name";

/// The longest time for the check. A client that waits longer has no session yet: its pooler keeps
/// the sessions of the others for them.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(QueryableByName)]
struct Session {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Returns true if each connection has a session of its own for as long as it is open. It writes
/// nothing and changes no setting of a session.
pub(in super::super) fn keeps_sessions(location: &PostgresLocation) -> ConnectionResult<bool> {
    let (sender, checked) = mpsc::channel();
    let location = location.clone();
    std::thread::spawn(move || {
        // An error: the check took too long, and its result is not awaited.
        drop(sender.send(compare_sessions(&location)));
    });
    checked.recv_timeout(PATIENCE).unwrap_or(Ok(true))
}

fn compare_sessions(location: &PostgresLocation) -> ConnectionResult<bool> {
    let mut clients = vec![connect(location)?];
    // A server may have few places left. Then fewer clients are compared.
    while clients.len() < CLIENTS
        && let Ok(client) = connect(location)
    {
        clients.push(client);
    }
    let (mut owners, mut sessions) = (HashMap::new(), HashMap::new());
    for _ in 0..ROUNDS {
        for (owner, client) in clients.iter_mut().enumerate() {
            for _ in 0..IN_A_ROW {
                let session = match session_of(client) {
                    Ok(session) => session,
                    Err(_) if refuses_transactions(location) => return Ok(false),
                    Err(error) => return Err(ConnectionError::CouldntSetupConfiguration(error)),
                };
                let known = sessions.entry(owner).or_insert_with(|| session.clone());
                if *known != session || *owners.entry(session).or_insert(owner) != owner {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

/// Returns true if the server answers a query and fails at a transaction, as a pooler in statement
/// mode does. It ends the connection, and the client does not always get its reason.
fn refuses_transactions(location: &PostgresLocation) -> bool {
    connect(location).is_ok_and(|mut client| client.batch_execute("SELECT 1").is_ok())
        && connect(location).is_ok_and(|mut client| {
            client.transaction(|client| client.batch_execute("SELECT 1")).is_err()
        })
}

/// Returns the session that runs a transaction of `client`. The transaction keeps the two messages
/// of the query, which prepare and run it, in one session.
fn session_of(client: &mut PgConnection) -> QueryResult<String> {
    client.transaction(|client| {
        let session: Session = diesel::sql_query(SESSION).get_result(client)?;
        Ok(session.name)
    })
}
