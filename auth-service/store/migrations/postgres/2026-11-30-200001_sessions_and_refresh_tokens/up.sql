-- A session may come to hold several refresh tokens, and a session of a browser will have sessions of
-- clients beneath it. So refresh tokens get a table of their own, and a session says of what kind it
-- is, which session it belongs to, and when and by which methods (RFC 8176) its user logged in.

-- A refresh token is 64 bytes: 32 that all tokens of a family share, and 32 that each use changes. The
-- database holds hashes of both. A row says which token of the family is good now.
CREATE TABLE refresh_tokens (
  family           BYTEA  NOT NULL PRIMARY KEY CHECK (length(family) = 32),
  sid              TEXT   NOT NULL REFERENCES sessions (sid) ON DELETE CASCADE,
  current_hash     BYTEA  NOT NULL CHECK (length(current_hash) = 32),
  expires_at       BIGINT NOT NULL,
  -- The token before the current one, and its successor sealed under a key that only that token gives.
  previous_hash    BYTEA  CHECK (length(previous_hash) = 32),
  sealed_successor BYTEA,
  refreshed_at     BIGINT
);

-- A session that has ended kept no hash of its refresh token.
INSERT INTO refresh_tokens
  SELECT refresh_family, sid, refresh_hash, refresh_expires_at, previous_hash, sealed_successor,
         refreshed_at
  FROM sessions
  WHERE refresh_family IS NOT NULL AND refresh_hash IS NOT NULL AND refresh_expires_at IS NOT NULL;

CREATE INDEX refresh_tokens_of_session ON refresh_tokens (sid);

ALTER TABLE sessions
  DROP COLUMN refresh_family,
  DROP COLUMN refresh_hash,
  DROP COLUMN refresh_expires_at,
  DROP COLUMN previous_hash,
  DROP COLUMN sealed_successor,
  DROP COLUMN refreshed_at,
  ADD COLUMN kind TEXT NOT NULL DEFAULT 'login'
    CHECK (kind IN ('login', 'browser', 'app', 'offline')),
  ADD COLUMN parent TEXT REFERENCES sessions (sid) ON DELETE CASCADE,
  ADD COLUMN auth_time BIGINT NOT NULL DEFAULT 0,
  -- Separated by blanks.
  ADD COLUMN methods TEXT NOT NULL DEFAULT 'pwd';

UPDATE sessions SET auth_time = created_at;

ALTER TABLE sessions
  ALTER COLUMN audience DROP DEFAULT,
  ALTER COLUMN last_used_at DROP DEFAULT,
  ALTER COLUMN kind DROP DEFAULT,
  ALTER COLUMN auth_time DROP DEFAULT,
  ALTER COLUMN methods DROP DEFAULT;

CREATE INDEX sessions_by_parent ON sessions (parent) WHERE parent IS NOT NULL;
