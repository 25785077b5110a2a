DROP INDEX keys_one_standby;
ALTER TABLE keys DROP COLUMN rotation_requested_at;
