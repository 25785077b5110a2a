DROP INDEX users_admins;
CREATE INDEX users_admins ON users (admin) WHERE admin = 1;
DROP INDEX open_sessions_by_age;
DROP INDEX sessions_of_user;
CREATE INDEX sessions_of_user ON sessions (public_id);
CREATE INDEX open_sessions_of_user ON sessions (public_id, last_used_at, created_at)
  WHERE ended_at IS NULL;
CREATE INDEX events_by_age ON events (at);
