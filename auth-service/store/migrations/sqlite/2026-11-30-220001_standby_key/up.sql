-- A rotation to the standby key that waits until the key is ripe.
ALTER TABLE keys ADD COLUMN rotation_requested INTEGER NOT NULL DEFAULT 0 CHECK (rotation_requested IN (0, 1));

-- There is one standby key. Of several pending keys of an earlier version, the newest stays.
UPDATE keys SET state = 'retired', since = CAST(unixepoch('subsec') * 1000000 AS INTEGER)
  WHERE state = 'pending' AND EXISTS (
    SELECT 1 FROM keys AS newer
      WHERE newer.state = 'pending' AND (newer.added_at, newer.kid) > (keys.added_at, keys.kid)
  );
-- In an earlier version, a pending key signed after its lead.
UPDATE keys SET rotation_requested = 1 WHERE state = 'pending';

CREATE UNIQUE INDEX keys_one_standby ON keys (state) WHERE state = 'pending';
