-- While a new secret is handed round, the one before it is good as well, for a while.
ALTER TABLE clients ADD COLUMN secret_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN previous_hash BLOB CHECK (length(previous_hash) = 32);
ALTER TABLE clients ADD COLUMN previous_until INTEGER;

UPDATE clients SET secret_at = created_at;
