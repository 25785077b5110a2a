-- The replica of one guard instance. It may be deleted at any time: everything in it comes from
-- the issuer again. So there are no migrations: another user_version means another file.
--
-- `sum` is a checksum over the other columns that come from outside (see sums.rs): SQLite notices
-- a damaged page structure, not a damaged value.

-- Deleted users stay, without name and address, as places that a cursor can name.
CREATE TABLE users (
    ordinal   INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    public_id BLOB    NOT NULL UNIQUE,
    name      TEXT    NOT NULL,
    email     TEXT    NOT NULL,
    state     TEXT    NOT NULL CHECK (state IN ('active', 'disabled', 'deleted')),
    roles     TEXT    NOT NULL,
    sum       INTEGER NOT NULL
) STRICT;

-- A snapshot on its way in.
CREATE TABLE staged_users (
    ordinal   INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    public_id BLOB    NOT NULL UNIQUE,
    name      TEXT    NOT NULL,
    email     TEXT    NOT NULL,
    state     TEXT    NOT NULL CHECK (state IN ('active', 'disabled')),
    roles     TEXT    NOT NULL,
    sum       INTEGER NOT NULL
) STRICT;

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
