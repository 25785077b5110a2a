ALTER TABLE audit DROP COLUMN request_id;
