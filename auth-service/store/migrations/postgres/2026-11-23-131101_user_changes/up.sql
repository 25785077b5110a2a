-- When state, roles or password last changed; until then, when the account was made.
ALTER TABLE users ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0;

UPDATE users SET changed_at = created_at;
