ALTER TABLE clients DROP COLUMN previous_until;
ALTER TABLE clients DROP COLUMN previous_hash;
ALTER TABLE clients DROP COLUMN secret_at;
