-- The users of a snapshot on their way in. At its end, this table becomes `users`, with an index.
--
-- Deleted users stay, without name and address, as places that a cursor can name. So no ordinal is
-- used again.
DROP TABLE IF EXISTS staged_users;
CREATE TABLE staged_users (
    ordinal   INTEGER NOT NULL PRIMARY KEY,
    public_id BLOB    NOT NULL,
    name      TEXT    NOT NULL,
    email     TEXT    NOT NULL,
    state     TEXT    NOT NULL CHECK (state IN ('active', 'disabled', 'deleted')),
    roles     TEXT    NOT NULL,
    sum       INTEGER NOT NULL
) STRICT;
