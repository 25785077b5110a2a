-- Times are microseconds since the Unix epoch; ids are UUIDs as text; a position is a `seq` of the
-- feed. What is compared, and not only read by people, compares by its bytes, whatever the
-- language of the database.

CREATE TABLE users (
  public_id     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  name          TEXT NOT NULL,
  email         TEXT NOT NULL,
  email_key     TEXT COLLATE "C" NOT NULL UNIQUE,
  password_hash TEXT NOT NULL,
  state         TEXT COLLATE "C" NOT NULL CHECK (state IN ('active', 'disabled')),
  admin         BOOLEAN NOT NULL,
  created_at    BIGINT NOT NULL,
  -- Null only inside the transaction that creates the row: the position is drawn last.
  created_seq   BIGINT UNIQUE
);

CREATE INDEX users_admins ON users (admin) WHERE admin;

CREATE TABLE sessions (
  sid        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  public_id  TEXT COLLATE "C" NOT NULL REFERENCES users (public_id) ON DELETE CASCADE,
  client_id  TEXT COLLATE "C" NOT NULL,
  address    TEXT,
  created_at BIGINT NOT NULL,
  ended_at   BIGINT
);

CREATE INDEX sessions_of_user ON sessions (public_id);
CREATE INDEX sessions_by_age ON sessions (created_at);

-- Where a user has logged in from before: such an address has its own count of failures.
CREATE TABLE known_addresses (
  public_id TEXT COLLATE "C" NOT NULL REFERENCES users (public_id) ON DELETE CASCADE,
  address   TEXT NOT NULL,
  last_at   BIGINT NOT NULL,
  PRIMARY KEY (public_id, address)
);

CREATE INDEX known_addresses_by_age ON known_addresses (last_at);

CREATE TABLE clients (
  client_id   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  scopes      TEXT NOT NULL,
  secret_hash BYTEA NOT NULL CHECK (length(secret_hash) = 32),
  created_at  BIGINT NOT NULL
);

CREATE TABLE keys (
  kid                 TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  state               TEXT COLLATE "C" NOT NULL
                      CHECK (state IN ('pending', 'active', 'retiring', 'retired', 'revoked')),
  since               BIGINT NOT NULL,
  n                   TEXT NOT NULL,
  e                   TEXT NOT NULL,
  added_at            BIGINT NOT NULL,
  served_at           BIGINT,
  longest_life_micros BIGINT,
  signed              BOOLEAN NOT NULL,
  last_expiry         BIGINT
);

-- Exactly one key signs: the database itself refuses a second one.
CREATE UNIQUE INDEX keys_one_active ON keys (state) WHERE state = 'active';

CREATE TABLE events (
  seq       BIGINT NOT NULL PRIMARY KEY,
  at        BIGINT NOT NULL,
  -- Whose data the body holds, so that a deleted user's can be taken out.
  public_id TEXT COLLATE "C",
  body      TEXT NOT NULL
);

CREATE INDEX events_by_age ON events (at);
CREATE INDEX events_of_user ON events (public_id) WHERE public_id IS NOT NULL;

-- The events that end tokens, kept apart: a snapshot tells them for as long as such a token could
-- live, however short the feed is kept.
CREATE TABLE revocations (
  seq  BIGINT NOT NULL PRIMARY KEY,
  at   BIGINT NOT NULL,
  body TEXT NOT NULL
);

CREATE INDEX revocations_by_age ON revocations (at);

-- One row: the position of the last event. The first one is set when the database is created.
CREATE TABLE feed_position (
  id  INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  seq BIGINT NOT NULL
);

-- One row once the first client was registered: a later start revives none that was removed.
CREATE TABLE first_start (
  id      INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  done_at BIGINT NOT NULL
);

-- One row once a server has served: which database that was, so that a restored one gives itself
-- away. With SQLite this lies beside the file.
CREATE TABLE served (
  id   INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  card TEXT NOT NULL
);
