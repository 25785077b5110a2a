-- The number of audited acts and refreshes. Some are no events, so the position alone does not show that
-- a backup is behind. Counted in SQLite files only: a server has other marks of a restore.
ALTER TABLE feed_position ADD COLUMN acts INTEGER NOT NULL DEFAULT 0;
