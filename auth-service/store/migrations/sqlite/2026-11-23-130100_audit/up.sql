-- What was done and refused: who, what, whom, when, from where. Rows are added and, when they are old,
-- removed; never changed. No name, address or secret is in them, so that a deleted user's rows stay.
CREATE TABLE audit (
  -- Never given out again, also when the last row is removed.
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  at           INTEGER NOT NULL,
  actor_type   TEXT    NOT NULL,
  actor        TEXT,
  action       TEXT    NOT NULL,
  -- Why it was refused; none if it was done.
  refused      TEXT,
  subject_type TEXT    NOT NULL,
  subject      TEXT,
  -- The user concerned, whatever the subject is.
  public_id    TEXT,
  -- A network address, `command line` or `server`; none if unknown.
  origin       TEXT,
  detail       TEXT
) STRICT;

CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_action ON audit (action, id);
CREATE INDEX audit_by_actor ON audit (actor, id) WHERE actor IS NOT NULL;
CREATE INDEX audit_by_subject ON audit (subject, id) WHERE subject IS NOT NULL;
CREATE INDEX audit_by_user ON audit (public_id, id) WHERE public_id IS NOT NULL;

CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE(ABORT, 'a row of the audit log is never changed');
END;
