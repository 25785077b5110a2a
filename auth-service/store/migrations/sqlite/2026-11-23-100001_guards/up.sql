-- The guards that follow the feed, as the server last wrote them down: for commands beside it, and
-- for its next start. What they said a moment ago, it has in memory.
CREATE TABLE guards (
  client_id    TEXT    NOT NULL,
  instance     TEXT    NOT NULL,
  -- The thumbprints of the keys it holds, separated by commas.
  kids         TEXT    NOT NULL,
  -- The feed position up to which it has applied everything, and since when it has.
  position     INTEGER NOT NULL,
  confirmed_at INTEGER NOT NULL,
  first_seen   INTEGER NOT NULL,
  seen_at      INTEGER NOT NULL,
  PRIMARY KEY (client_id, instance)
) STRICT, WITHOUT ROWID;
