ALTER TABLE sessions ADD COLUMN refresh_family BYTEA CHECK (length(refresh_family) = 32);
ALTER TABLE sessions ADD COLUMN refresh_hash BYTEA CHECK (length(refresh_hash) = 32);
ALTER TABLE sessions ADD COLUMN refresh_expires_at BIGINT;
ALTER TABLE sessions ADD COLUMN previous_hash BYTEA CHECK (length(previous_hash) = 32);
ALTER TABLE sessions ADD COLUMN sealed_successor BYTEA;
ALTER TABLE sessions ADD COLUMN refreshed_at BIGINT;
UPDATE sessions SET
  refresh_family = r.family,
  refresh_hash = CASE WHEN ended_at IS NULL THEN r.current_hash END,
  refresh_expires_at = r.expires_at,
  previous_hash = CASE WHEN ended_at IS NULL THEN r.previous_hash END,
  sealed_successor = CASE WHEN ended_at IS NULL THEN r.sealed_successor END,
  refreshed_at = r.refreshed_at
  FROM refresh_tokens r WHERE r.sid = sessions.sid;
CREATE UNIQUE INDEX sessions_by_family ON sessions (refresh_family)
  WHERE refresh_family IS NOT NULL;
DROP TABLE refresh_tokens;
DROP INDEX sessions_by_parent;
ALTER TABLE sessions DROP COLUMN parent;
ALTER TABLE sessions DROP COLUMN methods;
ALTER TABLE sessions DROP COLUMN auth_time;
ALTER TABLE sessions DROP COLUMN kind;
