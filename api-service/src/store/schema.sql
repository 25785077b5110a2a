-- The replica of one guard instance. It may be deleted at any time: everything in it comes from
-- the issuer again. So there are no migrations: another user_version means another file.
--
-- `sum` is a checksum over the other columns that come from outside (see sums.rs): SQLite notices
-- a damaged page structure, not a damaged value.
--
-- The table `users` is not here: each snapshot brings a new one (see staged_users.sql).

CREATE TABLE revocations (
    seq   INTEGER NOT NULL PRIMARY KEY,
    event TEXT    NOT NULL,
    sum   INTEGER NOT NULL
) STRICT;

-- instance, position, feed_contact, keys, keys_etag, keys_contact
CREATE TABLE replica_state (
    name  TEXT    NOT NULL PRIMARY KEY,
    value TEXT    NOT NULL,
    sum   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
