-- Times are microseconds since the Unix epoch; ids are UUIDs as text; a position is a `seq` of the
-- feed.

CREATE TABLE users (
  public_id     TEXT    NOT NULL PRIMARY KEY,
  name          TEXT    NOT NULL,
  email         TEXT    NOT NULL,
  email_key     TEXT    NOT NULL UNIQUE,
  password_hash TEXT    NOT NULL,
  state         TEXT    NOT NULL CHECK (state IN ('active', 'disabled')),
  admin         INTEGER NOT NULL CHECK (admin IN (0, 1)),
  created_at    INTEGER NOT NULL,
  -- Null only inside the transaction that creates the row: the position is drawn last.
  created_seq   INTEGER UNIQUE
) STRICT;

CREATE INDEX users_admins ON users (admin) WHERE admin = 1;

CREATE TABLE sessions (
  sid        TEXT    NOT NULL PRIMARY KEY,
  public_id  TEXT    NOT NULL REFERENCES users (public_id) ON DELETE CASCADE,
  client_id  TEXT    NOT NULL,
  address    TEXT,
  created_at INTEGER NOT NULL,
  ended_at   INTEGER
) STRICT;

CREATE INDEX sessions_of_user ON sessions (public_id);
CREATE INDEX sessions_by_age ON sessions (created_at);

-- Where a user has logged in from before: such an address has its own count of failures.
CREATE TABLE known_addresses (
  public_id TEXT    NOT NULL REFERENCES users (public_id) ON DELETE CASCADE,
  address   TEXT    NOT NULL,
  last_at   INTEGER NOT NULL,
  PRIMARY KEY (public_id, address)
) STRICT, WITHOUT ROWID;

CREATE INDEX known_addresses_by_age ON known_addresses (last_at);

CREATE TABLE clients (
  client_id   TEXT    NOT NULL PRIMARY KEY,
  scopes      TEXT    NOT NULL,
  secret_hash BLOB    NOT NULL CHECK (length(secret_hash) = 32),
  created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE keys (
  kid                 TEXT    NOT NULL PRIMARY KEY,
  state               TEXT    NOT NULL
                      CHECK (state IN ('pending', 'active', 'retiring', 'retired', 'revoked')),
  since               INTEGER NOT NULL,
  n                   TEXT    NOT NULL,
  e                   TEXT    NOT NULL,
  added_at            INTEGER NOT NULL,
  served_at           INTEGER,
  longest_life_micros INTEGER,
  signed              INTEGER NOT NULL CHECK (signed IN (0, 1)),
  last_expiry         INTEGER
) STRICT;

-- Exactly one key signs: the database itself refuses a second one.
CREATE UNIQUE INDEX keys_one_active ON keys (state) WHERE state = 'active';

CREATE TABLE events (
  seq       INTEGER NOT NULL PRIMARY KEY,
  at        INTEGER NOT NULL,
  -- Whose data the body holds, so that a deleted user's can be taken out.
  public_id TEXT,
  body      TEXT    NOT NULL
) STRICT;

CREATE INDEX events_by_age ON events (at);
CREATE INDEX events_of_user ON events (public_id) WHERE public_id IS NOT NULL;

-- The events that end tokens, kept apart: a snapshot tells them for as long as such a token could
-- live, however short the feed is kept.
CREATE TABLE revocations (
  seq  INTEGER NOT NULL PRIMARY KEY,
  at   INTEGER NOT NULL,
  body TEXT    NOT NULL
) STRICT;

CREATE INDEX revocations_by_age ON revocations (at);

-- One row: the position of the last event. The first one is set when the database is created.
CREATE TABLE feed_position (
  id  INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  seq INTEGER NOT NULL
) STRICT;

-- One row once the first client was registered: a later start revives none that was removed.
CREATE TABLE first_start (
  id      INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  done_at INTEGER NOT NULL
) STRICT;
