ALTER TABLE feed_position DROP COLUMN acts;
