-- The guards that follow the feed, as the server last wrote them down: for commands beside it, and
-- for its next start. What they said a moment ago, it has in memory.
CREATE TABLE guards (
  client_id    TEXT COLLATE "C" NOT NULL,
  instance     TEXT COLLATE "C" NOT NULL,
  -- The thumbprints of the keys it holds, separated by commas.
  kids         TEXT NOT NULL,
  -- The feed position up to which it has applied everything, and since when it has.
  position     BIGINT NOT NULL,
  confirmed_at BIGINT NOT NULL,
  first_seen   BIGINT NOT NULL,
  seen_at      BIGINT NOT NULL,
  PRIMARY KEY (client_id, instance)
);
