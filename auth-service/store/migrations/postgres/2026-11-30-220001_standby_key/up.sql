-- The time at which an operator asked for a rotation that waits until the standby key is ripe.
ALTER TABLE keys ADD COLUMN rotation_requested_at BIGINT;

-- There is one standby key. Of several pending keys of an earlier version, the newest stays.
UPDATE keys SET state = 'retired', since = CAST(EXTRACT(EPOCH FROM now()) * 1000000 AS BIGINT)
  WHERE state = 'pending' AND EXISTS (
    SELECT 1 FROM keys AS newer
      WHERE newer.state = 'pending' AND (newer.added_at, newer.kid) > (keys.added_at, keys.kid)
  );
-- In an earlier version, a pending key signed after its lead.
UPDATE keys SET rotation_requested_at = added_at WHERE state = 'pending';

CREATE UNIQUE INDEX keys_one_standby ON keys (state) WHERE state = 'pending';
