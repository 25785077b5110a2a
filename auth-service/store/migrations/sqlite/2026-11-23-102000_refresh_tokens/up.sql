-- A refresh token is 64 bytes: 32 that stay within a session (the family) and 32 that each use
-- changes. Only hashes of them are kept. A session without one can't be refreshed.

ALTER TABLE sessions ADD COLUMN audience TEXT NOT NULL DEFAULT '';
-- When a token of the session was last issued.
ALTER TABLE sessions ADD COLUMN last_used_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN refresh_family BLOB CHECK (length(refresh_family) = 32);
ALTER TABLE sessions ADD COLUMN refresh_hash BLOB CHECK (length(refresh_hash) = 32);
ALTER TABLE sessions ADD COLUMN refresh_expires_at INTEGER;
-- The one before, and what it was exchanged for, sealed under a key that only it gives.
ALTER TABLE sessions ADD COLUMN previous_hash BLOB CHECK (length(previous_hash) = 32);
ALTER TABLE sessions ADD COLUMN sealed_successor BLOB;
ALTER TABLE sessions ADD COLUMN refreshed_at INTEGER;

UPDATE sessions SET last_used_at = created_at;

CREATE UNIQUE INDEX sessions_by_family ON sessions (refresh_family)
  WHERE refresh_family IS NOT NULL;
DROP INDEX sessions_by_age;
CREATE INDEX sessions_by_use ON sessions (last_used_at);
