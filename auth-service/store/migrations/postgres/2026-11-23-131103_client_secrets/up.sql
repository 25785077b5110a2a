-- While a new secret is handed round, the one before it is good as well, for a while.
ALTER TABLE clients ADD COLUMN secret_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN previous_hash BYTEA CHECK (length(previous_hash) = 32);
ALTER TABLE clients ADD COLUMN previous_until BIGINT;

UPDATE clients SET secret_at = created_at;
