-- The feed is pruned from its beginning, in the order of positions.
DROP INDEX events_by_age;

-- One index finds all sessions of a user, as their deletion needs it, and the open ones.
DROP INDEX sessions_of_user;
DROP INDEX open_sessions_of_user;
CREATE INDEX sessions_of_user ON sessions (public_id, ended_at, last_used_at, created_at);

-- The list of open sessions begins with the latest one.
CREATE INDEX open_sessions_by_age ON sessions (created_at DESC, sid) WHERE ended_at IS NULL;

-- A comparison of two columns uses an index only if both have its collation.
ALTER TABLE refresh_tokens ALTER COLUMN sid TYPE TEXT COLLATE "C";
ALTER TABLE sessions ALTER COLUMN parent TYPE TEXT COLLATE "C";
