//! `PostgreSQL`: opens sessions and runs the statements that only `PostgreSQL` has.
//!
//! Writers run at READ COMMITTED and lock the rows that they decide by. If they decide by more than
//! one row, they take an [`AdvisoryLock`]. Readers see one state of the database (REPEATABLE READ).

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Text};

use super::super::location::PostgresLocation;
use super::super::schema::feed_position;
use super::super::values::position_column;
use super::{AdvisoryLock, Purpose};
use auth_domain::users::User;

/// The channel that notifies every listening process of a commit.
const CHANNEL: &str = "signet";

/// The payload of a notification that requires a new read of the keys.
const KEYS: &str = "keys";

/// The first half of every advisory lock of Signet (`SGNT`), distinct from other programs' locks.
const LOCKS: i32 = 0x5347_4e54;

/// The second half of the instance lock. Each [`AdvisoryLock`] has its own.
const INSTANCE: i32 = 0;

/// Timeouts keep a request below 5 s: 1.5 s for a free connection, and 1 s for each of at most
/// three locks. A confirmed commit survives a power cut, for any default of the database.
const SETUP: &str = "SET statement_timeout = 2400; SET lock_timeout = 1000; \
    SET idle_in_transaction_session_timeout = 10000; SET tcp_keepalives_idle = 3; \
    SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 2; \
    SELECT set_config('synchronous_commit', 'on', false) \
    WHERE current_setting('synchronous_commit') = 'off';";

const WRITER: &str = "SET default_transaction_isolation = 'read committed'; \
    SET default_transaction_read_only = off";

const READER: &str = "SET default_transaction_isolation = 'repeatable read'; \
    SET default_transaction_read_only = on";

diesel::define_sql_function! {
    /// Takes an advisory lock until the session ends. Returns true if it was free.
    fn pg_try_advisory_lock(class: Integer, object: Integer) -> Bool;
}

#[derive(QueryableByName)]
struct Encoding {
    #[diesel(sql_type = Text)]
    server_encoding: String,
}

#[derive(QueryableByName)]
struct Exists {
    #[diesel(sql_type = Bool)]
    found: bool,
}

/// Opens a session. No error holds the password.
pub(in super::super) fn open(
    location: &PostgresLocation,
    purpose: Purpose,
) -> ConnectionResult<PgConnection> {
    let mut connection = connect(location)?;
    let purpose = match purpose {
        Purpose::Write => WRITER,
        Purpose::Read => READER,
    };
    connection
        .batch_execute(SETUP)
        .and_then(|()| connection.batch_execute(purpose))
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

/// Opens a session with the settings of the server.
pub(super) fn connect(location: &PostgresLocation) -> ConnectionResult<PgConnection> {
    let password = location.password().map_err(ConnectionError::BadConnection)?;
    let string = location.connection_string(password.as_ref().map(|text| text.as_str()));
    PgConnection::establish(&string).map_err(|error| {
        let mut line = one_line(&error.to_string());
        if let Some(password) = password.filter(|password| !password.is_empty()) {
            line = line.replace(password.as_str(), "***");
        }
        ConnectionError::BadConnection(line)
    })
}

/// Joins the lines of a libpq error, of which the later ones are indented.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Fails if the session no longer answers.
pub(in super::super) fn ping(connection: &mut PgConnection) -> QueryResult<()> {
    diesel::sql_query("SELECT 1").execute(connection).map(drop)
}

/// Returns true if the database holds Signet's tables, of any version.
pub(super) fn holds_tables(connection: &mut PgConnection) -> QueryResult<bool> {
    let table = "SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL AS found";
    diesel::sql_query(table).get_result::<Exists>(connection).map(|row| row.found)
}

/// The query for values that differ after a restore. A dump creates another table. A server that
/// was restored to a point in time, or promoted, continues in another timeline.
const IDENTITY: &str = "SELECT concat_ws(' ', s.system_identifier, c.timeline_id, \
    'feed_position'::regclass::oid) FROM pg_control_system() AS s, pg_control_checkpoint() AS c";

/// Returns true if [`note_served`] recorded this same database.
pub(super) fn was_served(connection: &mut PgConnection) -> QueryResult<bool> {
    let known = format!("SELECT EXISTS (SELECT FROM served WHERE card = ({IDENTITY})) AS found");
    diesel::sql_query(known).get_result::<Exists>(connection).map(|row| row.found)
}

/// Records the identity of this database in the database itself.
pub(super) fn note_served(connection: &mut PgConnection) -> QueryResult<()> {
    let note = format!(
        "INSERT INTO served (id, card) VALUES (1, ({IDENTITY})) \
         ON CONFLICT (id) DO UPDATE SET card = excluded.card"
    );
    diesel::sql_query(note).execute(connection).map(drop)
}

/// Returns the encoding of the database, which must support every name.
pub(super) fn encoding(connection: &mut PgConnection) -> QueryResult<String> {
    let encoding = diesel::sql_query("SHOW server_encoding").get_result::<Encoding>(connection)?;
    Ok(encoding.server_encoding)
}

/// Lets the rest of this transaction wait as long as another process may take to migrate.
pub(super) fn extend_time_limits(connection: &mut PgConnection) -> QueryResult<()> {
    connection.batch_execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 60000")
}

/// See [`super::AnyConnection::lock`].
pub(super) fn lock_advisory(connection: &mut PgConnection, lock: AdvisoryLock) -> QueryResult<()> {
    diesel::sql_query("SELECT pg_advisory_xact_lock($1, $2)")
        .bind::<Integer, _>(LOCKS)
        .bind::<Integer, _>(lock as i32)
        .execute(connection)
        .map(drop)
}

/// Takes the instance lock if it is free. Returns true if it was.
pub(in super::super) fn lock_instance(connection: &mut PgConnection) -> QueryResult<bool> {
    diesel::select(pg_try_advisory_lock(LOCKS, INSTANCE)).get_result(connection)
}

/// Raises the feed position by `count` and returns the new one.
pub(super) fn advance_position(connection: &mut PgConnection, count: i64) -> QueryResult<i64> {
    diesel::update(feed_position::table)
        .set(feed_position::seq.eq(feed_position::seq + count.into_sql::<BigInt>()))
        .returning(feed_position::seq)
        .get_result(connection)
}

/// Sets the places of new users in the order of creation.
pub(in super::super) fn place_users(
    connection: &mut PgConnection,
    created: &[User],
) -> QueryResult<()> {
    let ids: Vec<String> = created.iter().map(|user| user.public_id.to_string()).collect();
    let seqs: Vec<i64> = created.iter().map(|user| position_column(user.created_seq)).collect();
    diesel::sql_query(
        "UPDATE users SET created_seq = placed.seq FROM unnest($1::text[], $2::bigint[]) AS placed (public_id, seq) \
         WHERE users.public_id = placed.public_id",
    )
    .bind::<Array<Text>, _>(ids)
    .bind::<Array<BigInt>, _>(seqs)
    .execute(connection)
    .map(drop)
}

/// Notifies every listener of this transaction after its commit.
pub(super) fn notify(connection: &mut PgConnection, keys: bool) -> QueryResult<()> {
    let payload = if keys { KEYS } else { "feed" };
    diesel::sql_query("SELECT pg_notify($1, $2)")
        .bind::<Text, _>(CHANNEL)
        .bind::<Text, _>(payload)
        .execute(connection)
        .map(drop)
}

/// Starts to listen for notifications.
pub(in super::super) fn listen(connection: &mut PgConnection) -> QueryResult<()> {
    connection.batch_execute(&format!("LISTEN {CHANNEL}"))
}

/// The notifications since the last read.
#[derive(Debug, Default)]
pub(in super::super) struct Notifications {
    /// True if any notification arrived.
    pub(in super::super) any: bool,
    /// True if the keys may have changed.
    pub(in super::super) keys: bool,
}

/// Reads the notifications that have arrived. It does not wait.
pub(in super::super) fn notifications(connection: &mut PgConnection) -> QueryResult<Notifications> {
    let mut arrived = Notifications::default();
    for notification in connection.notifications_iter() {
        arrived.any = true;
        arrived.keys |= notification?.payload == KEYS;
    }
    Ok(arrived)
}
