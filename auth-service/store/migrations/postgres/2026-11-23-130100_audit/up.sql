-- What was done and refused: who, what, whom, when, from where. Rows are added and, when they are old,
-- removed; never changed. No name, address or secret is in them, so that a deleted user's rows stay.
CREATE TABLE audit (
  -- Never given out again, also when the last row is removed.
  id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at           BIGINT NOT NULL,
  actor_type   TEXT COLLATE "C" NOT NULL,
  actor        TEXT COLLATE "C",
  action       TEXT COLLATE "C" NOT NULL,
  -- Why it was refused; none if it was done.
  refused      TEXT COLLATE "C",
  subject_type TEXT COLLATE "C" NOT NULL,
  subject      TEXT COLLATE "C",
  -- The user concerned, whatever the subject is.
  public_id    TEXT COLLATE "C",
  -- A network address, `command line` or `server`; none if unknown.
  origin       TEXT COLLATE "C",
  detail       TEXT COLLATE "C"
);

CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_action ON audit (action, id);
CREATE INDEX audit_by_actor ON audit (actor, id) WHERE actor IS NOT NULL;
CREATE INDEX audit_by_subject ON audit (subject, id) WHERE subject IS NOT NULL;
CREATE INDEX audit_by_user ON audit (public_id, id) WHERE public_id IS NOT NULL;

CREATE FUNCTION audit_is_never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a row of the audit log is never changed';
END
$$;

CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
FOR EACH ROW EXECUTE FUNCTION audit_is_never_changed();
