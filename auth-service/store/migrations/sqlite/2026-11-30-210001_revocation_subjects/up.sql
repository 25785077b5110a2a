-- The client or key that a revocation ends; none for sessions, which are found by their own rows.
-- Each call of a guard looks for the removal of its client.
ALTER TABLE revocations ADD COLUMN subject TEXT;

UPDATE revocations SET subject = coalesce(body ->> 'client_id', body ->> 'kid')
  WHERE body ->> 'type' IN ('client.removed', 'key.revoked');

CREATE INDEX revocations_by_subject ON revocations (subject) WHERE subject IS NOT NULL;
