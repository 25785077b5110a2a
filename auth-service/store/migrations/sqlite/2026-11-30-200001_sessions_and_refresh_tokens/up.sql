-- A session may come to hold several refresh tokens, and a session of a browser will have sessions of
-- clients beneath it. So refresh tokens get a table of their own, and a session says of what kind it
-- is, which session it belongs to, and when and by which methods (RFC 8176) its user logged in.

ALTER TABLE sessions RENAME TO sessions_before;
DROP INDEX sessions_of_user;
DROP INDEX sessions_by_use;

CREATE TABLE sessions (
  sid          TEXT    NOT NULL PRIMARY KEY,
  kind         TEXT    NOT NULL CHECK (kind IN ('login', 'browser', 'app', 'offline')),
  parent       TEXT    REFERENCES sessions (sid) ON DELETE CASCADE,
  public_id    TEXT    NOT NULL REFERENCES users (public_id) ON DELETE CASCADE,
  client_id    TEXT    NOT NULL,
  audience     TEXT    NOT NULL,
  address      TEXT,
  -- User-Agent of the log-in.
  user_agent   TEXT,
  auth_time    INTEGER NOT NULL,
  -- Separated by blanks.
  methods      TEXT    NOT NULL,
  created_at   INTEGER NOT NULL,
  -- Time of the last token issued in the session.
  last_used_at INTEGER NOT NULL,
  ended_at     INTEGER
) STRICT;

INSERT INTO sessions
  SELECT sid, 'login', NULL, public_id, client_id, audience, address, user_agent, created_at, 'pwd',
         created_at, last_used_at, ended_at
  FROM sessions_before;

CREATE INDEX sessions_of_user ON sessions (public_id);
CREATE INDEX sessions_by_use ON sessions (last_used_at);
CREATE INDEX sessions_by_parent ON sessions (parent) WHERE parent IS NOT NULL;

-- A refresh token is 64 bytes: 32 that all tokens of a family share, and 32 that each use changes. The
-- database holds hashes of both. A row says which token of the family is good now.
CREATE TABLE refresh_tokens (
  family           BLOB    NOT NULL PRIMARY KEY CHECK (length(family) = 32),
  sid              TEXT    NOT NULL REFERENCES sessions (sid) ON DELETE CASCADE,
  current_hash     BLOB    NOT NULL CHECK (length(current_hash) = 32),
  expires_at       INTEGER NOT NULL,
  -- The token before the current one, and its successor sealed under a key that only that token gives.
  previous_hash    BLOB    CHECK (length(previous_hash) = 32),
  sealed_successor BLOB,
  refreshed_at     INTEGER
) STRICT, WITHOUT ROWID;

-- A session that has ended kept no hash of its refresh token.
INSERT INTO refresh_tokens
  SELECT refresh_family, sid, refresh_hash, refresh_expires_at, previous_hash, sealed_successor,
         refreshed_at
  FROM sessions_before
  WHERE refresh_family IS NOT NULL AND refresh_hash IS NOT NULL AND refresh_expires_at IS NOT NULL;

CREATE INDEX refresh_tokens_of_session ON refresh_tokens (sid);

DROP TABLE sessions_before;
