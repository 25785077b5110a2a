DROP INDEX open_sessions_by_age;
DROP INDEX sessions_of_user;
CREATE INDEX sessions_of_user ON sessions (public_id);
CREATE INDEX open_sessions_of_user ON sessions (public_id, last_used_at, created_at)
  WHERE ended_at IS NULL;
CREATE INDEX events_by_age ON events (at);
ALTER TABLE refresh_tokens ALTER COLUMN sid TYPE TEXT;
ALTER TABLE sessions ALTER COLUMN parent TYPE TEXT;
