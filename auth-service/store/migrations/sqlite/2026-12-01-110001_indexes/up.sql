-- The feed is pruned from its beginning, in the order of positions.
DROP INDEX events_by_age;

-- One index finds all sessions of a user, as their deletion needs it, and the open ones.
DROP INDEX sessions_of_user;
DROP INDEX open_sessions_of_user;
CREATE INDEX sessions_of_user ON sessions (public_id, ended_at, last_used_at, created_at);

-- The list of open sessions begins with the latest one.
CREATE INDEX open_sessions_by_age ON sessions (created_at DESC, sid) WHERE ended_at IS NULL;

-- SQLite compares the condition with that of a query as text: a bound value is not a 1.
DROP INDEX users_admins;
CREATE INDEX users_admins ON users (admin) WHERE admin;
