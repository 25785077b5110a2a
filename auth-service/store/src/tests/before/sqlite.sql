-- A database of the version before sessions and refresh tokens were split, written by that version on
-- 2026-11-30. Each line below has the refresh tokens of one session in the order of their issue.
-- tokens fresh wpg-idLa5a5whJJ2UNeRMjmd03lvcaBEggM4muMW_EhR4ksgU8z3HZZJVcapgwSzMf4o7f-hF6Alqzw7cTLjkA
-- tokens used-once X-kMMV6uu93Chewx9hURtc54YKE0CWCI96AH4mc5Fc0hEgqMSgXykRPWlpkUgmnU4fm41UDEMfjcH4yDgFEIXQ X-kMMV6uu93Chewx9hURtc54YKE0CWCI96AH4mc5Fc0GzFIWKYFDufdgPn1Ubm12bjPGKetv1A43ujW6Yfoe-A
-- tokens logged-out C4hA9hmBceoRXdg6xt5RfIabfhW07mCjYymS4873un8_IAwbId1-OI5m8kQ8D2S3F2Im6Z0s_AMwxYQ-cyJVVQ
-- tokens twice or1pX0iELgT9y7stufI_TjpwPba15vjhtIHwTJKb5QlsMnc94peYVKUh8wAcHLkeRXo61LAz0LlSy77Rjx8DZA or1pX0iELgT9y7stufI_TjpwPba15vjhtIHwTJKb5QmoXTRHvnGiv14wpMtCqIa--SEiRmiyDiBKwYRk2-o1Gg or1pX0iELgT9y7stufI_TjpwPba15vjhtIHwTJKb5QmMo4AAvM3f6NnCKGQGTYwcChwKvJS0dMzeydxNb14nhw
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE __diesel_schema_migrations (
       version VARCHAR(50) PRIMARY KEY NOT NULL,
       run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
INSERT INTO __diesel_schema_migrations VALUES('20260101000000','2026-11-30 13:39:17');
INSERT INTO __diesel_schema_migrations VALUES('20261123100001','2026-11-30 13:39:17');
INSERT INTO __diesel_schema_migrations VALUES('20261123102000','2026-11-30 13:39:17');
INSERT INTO __diesel_schema_migrations VALUES('20261123130100','2026-11-30 13:39:17');
INSERT INTO __diesel_schema_migrations VALUES('20261123131101','2026-11-30 13:39:17');
INSERT INTO __diesel_schema_migrations VALUES('20261123131102','2026-11-30 13:39:17');
INSERT INTO __diesel_schema_migrations VALUES('20261123131103','2026-11-30 13:39:17');
INSERT INTO __diesel_schema_migrations VALUES('20261130170701','2026-11-30 13:39:17');
CREATE TABLE users (
  public_id     TEXT    NOT NULL PRIMARY KEY,
  name          TEXT    NOT NULL,
  email         TEXT    NOT NULL,
  email_key     TEXT    NOT NULL UNIQUE,
  password_hash TEXT    NOT NULL,
  state         TEXT    NOT NULL CHECK (state IN ('active', 'disabled')),
  admin         INTEGER NOT NULL CHECK (admin IN (0, 1)),
  created_at    INTEGER NOT NULL,
  -- Null only inside the transaction that creates the row: the position is drawn last.
  created_seq   INTEGER UNIQUE
, changed_at INTEGER NOT NULL DEFAULT 0, tokens_from INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO users VALUES('35d04b39-c738-4fb0-988e-96f8e5bd6461','ann','ann@example.org','ann@example.org','$argon2id$v=19$m=19456,t=2,p=1$ddYVcyQM4vdbuIFVQPpI9Q$+hLzu1SqJTHYoqSCxMbC72AwdHbW6jwu8wM9si2XH/0','active',0,1796045958726518,1796045958244930,1796045958726518,0);
INSERT INTO users VALUES('cf15483f-cdf3-45e7-ac3a-3be60b6f62dd','bob','bob@example.org','bob@example.org','$argon2id$v=19$m=19456,t=2,p=1$FzqmtP6HzBm9eF7IJipmog$kVsYRK+kJ62wMEVgrn/G+ejOAWevHwc1YWr7W/lsgHc','active',0,1796045959050552,1796045958244931,1796045959050552,0);
CREATE TABLE sessions (
  sid        TEXT    NOT NULL PRIMARY KEY,
  public_id  TEXT    NOT NULL REFERENCES users (public_id) ON DELETE CASCADE,
  client_id  TEXT    NOT NULL,
  address    TEXT,
  created_at INTEGER NOT NULL,
  ended_at   INTEGER
, audience TEXT NOT NULL DEFAULT '', last_used_at INTEGER NOT NULL DEFAULT 0, refresh_family BLOB CHECK (length(refresh_family) = 32), refresh_hash BLOB CHECK (length(refresh_hash) = 32), refresh_expires_at INTEGER, previous_hash BLOB CHECK (length(previous_hash) = 32), sealed_successor BLOB, refreshed_at INTEGER, user_agent TEXT) STRICT;
INSERT INTO sessions VALUES('9e00cced-2480-48f9-a514-f0852eb08a67','35d04b39-c738-4fb0-988e-96f8e5bd6461','first-party','127.0.0.1',1796045959274513,NULL,'api-service',1796045959274513,X'90927fa9cd754dcc767584b4f2d7bdad9a8b101162a0fc7a3190299a1b8990d2',X'96d4465ac5f46cf8656bdce5c19c2214ee9f8c232d0e90aaa917304c5af72881',1798637959274513,NULL,NULL,NULL,'fresh');
INSERT INTO sessions VALUES('bb2be116-cdbc-43f8-870c-9f4523abf456','35d04b39-c738-4fb0-988e-96f8e5bd6461','first-party','127.0.0.1',1796045959933168,NULL,'api-service',1796045960203079,X'b3c29f7c1d47db45a16d40978cb59f975612e71eacdbe09b3d0abdfe267e9ea3',X'8a816b39403c2c8dd95ad4d373e0e5c42c13254cde997e076b8e7c22143b1efb',1798637960203079,X'7db70e1a1df15d9f25d78615d7f039636ed4c37f7c7fd615c742e25053729a3a',X'f048cace5610fc60ef5ab2c2b70f4742c289905c16c2f155d2ff60d79f00789db716d9cb7594bd7c71142be99c8cb68fc58d75df694e344b494a3fd3',1796045960203079,'used-once');
INSERT INTO sessions VALUES('b16e1a16-bf8f-4914-aaf6-751b83feccea','cf15483f-cdf3-45e7-ac3a-3be60b6f62dd','first-party','127.0.0.1',1796045960611766,1796045961540646,'api-service',1796045960611766,X'4a7f0aedabb38538bafc895b91b53eae352affec9ba1d729702afda034546204',NULL,1798637960611766,NULL,NULL,NULL,'logged-out');
INSERT INTO sessions VALUES('dbec3ccd-458d-43bb-bbd7-360b66fc40ef','cf15483f-cdf3-45e7-ac3a-3be60b6f62dd','first-party','127.0.0.1',1796045961758455,NULL,'api-service',1796045962587080,X'c894a5c13490c3a83621db81303f7106fc66fed535b0de558cea2166e1984032',X'a9dd23af4b8767f81aaab9f67765529cf50c85a12b962c02232f1b0fbcc9c4d6',1798637962587080,X'e1a3789f1fa07cadb9c8342809b14aaf8545cae33e006581223d218e24c10856',X'f440b5a6f5fde494e2b295c888a14232c06349caf755d6186ff75298a2b9f4370ee183c82de720319ceae34b8240fbd4c552710287a19922dc34f06b',1796045962587080,'twice');
CREATE TABLE known_addresses (
  public_id TEXT    NOT NULL REFERENCES users (public_id) ON DELETE CASCADE,
  address   TEXT    NOT NULL,
  last_at   INTEGER NOT NULL,
  PRIMARY KEY (public_id, address)
) STRICT, WITHOUT ROWID;
INSERT INTO known_addresses VALUES('35d04b39-c738-4fb0-988e-96f8e5bd6461','127.0.0.1',1796045959933168);
INSERT INTO known_addresses VALUES('cf15483f-cdf3-45e7-ac3a-3be60b6f62dd','127.0.0.1',1796045961758455);
CREATE TABLE clients (
  client_id   TEXT    NOT NULL PRIMARY KEY,
  scopes      TEXT    NOT NULL,
  secret_hash BLOB    NOT NULL CHECK (length(secret_hash) = 32),
  created_at  INTEGER NOT NULL
, secret_at INTEGER NOT NULL DEFAULT 0, previous_hash BLOB CHECK (length(previous_hash) = 32), previous_until INTEGER) STRICT;
INSERT INTO clients VALUES('api-service','directory:read events:read',X'99d3f368c959246c2ca4ad5d0627c68a0247292e961864bebd86078b89b0f411',1796045957914423,1796045957914423,NULL,NULL);
CREATE TABLE keys (
  kid                 TEXT    NOT NULL PRIMARY KEY,
  state               TEXT    NOT NULL
                      CHECK (state IN ('pending', 'active', 'retiring', 'retired', 'revoked')),
  since               INTEGER NOT NULL,
  n                   TEXT    NOT NULL,
  e                   TEXT    NOT NULL,
  added_at            INTEGER NOT NULL,
  served_at           INTEGER,
  longest_life_micros INTEGER,
  signed              INTEGER NOT NULL CHECK (signed IN (0, 1)),
  last_expiry         INTEGER
) STRICT;
INSERT INTO keys VALUES('W71w8UiXVj37Z_WoIUXzYUBMNUH7pEz9Hidqy7aHy_Q','active',1796045957914423,'zBG1DHgPvtQO8aFfVDGZu8FO38D_O-bQFGaY--RgyCZZfVFa3uWnt8h0KG1XsElFy4hzrBFK7ieCbgD0yLrnBjNkIzqdRnA6t1_cJQgP6q9yFFfqY_fdiLtJtEsuIgvIa9Ey5ahOqT6io-g37nMx4ceurfbYFJGENFZJiiGUr43i6rJZ8ZDj81G_-SP7y2Jo5OsYqJKcpsR1GvQSULG_3rk64g4ov17bUd3qWIIDG6zdOOi4_g9050UX7qRtMJRdK7qHRBBVprxcAOOkq_s1lXm4T9JjuXoUNuBMQfbzDXM6ciOzw8YRwijbacuw4c5HuVi_ltO8lJlWyzdMANAQ8Q','AQAB',1796045957914423,1796045958407458,1800000000,1,NULL);
CREATE TABLE events (
  seq       INTEGER NOT NULL PRIMARY KEY,
  at        INTEGER NOT NULL,
  -- Whose data the body holds, so that a deleted user's can be taken out.
  public_id TEXT,
  body      TEXT    NOT NULL
) STRICT;
INSERT INTO events VALUES(1796045958244930,1796045958726518,'35d04b39-c738-4fb0-988e-96f8e5bd6461','{"type":"user.created","public_id":"35d04b39-c738-4fb0-988e-96f8e5bd6461","state":"active","name":"ann","email":"ann@example.org","roles":["user"]}');
INSERT INTO events VALUES(1796045958244931,1796045959050552,'cf15483f-cdf3-45e7-ac3a-3be60b6f62dd','{"type":"user.created","public_id":"cf15483f-cdf3-45e7-ac3a-3be60b6f62dd","state":"active","name":"bob","email":"bob@example.org","roles":["user"]}');
INSERT INTO events VALUES(1796045958244932,1796045961540646,NULL,'{"type":"session.revoked","sid":"b16e1a16-bf8f-4914-aaf6-751b83feccea","public_id":"cf15483f-cdf3-45e7-ac3a-3be60b6f62dd"}');
CREATE TABLE revocations (
  seq  INTEGER NOT NULL PRIMARY KEY,
  at   INTEGER NOT NULL,
  body TEXT    NOT NULL
) STRICT;
INSERT INTO revocations VALUES(1796045958244932,1796045961540646,'{"type":"session.revoked","sid":"b16e1a16-bf8f-4914-aaf6-751b83feccea","public_id":"cf15483f-cdf3-45e7-ac3a-3be60b6f62dd"}');
CREATE TABLE feed_position (
  id  INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  seq INTEGER NOT NULL
) STRICT;
INSERT INTO feed_position VALUES(1,1796045958244932);
CREATE TABLE first_start (
  id      INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  done_at INTEGER NOT NULL
) STRICT;
INSERT INTO first_start VALUES(1,1796045957914423);
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
INSERT INTO audit VALUES(1,1796045957914423,'operator',NULL,'key.generate',NULL,'key','W71w8UiXVj37Z_WoIUXzYUBMNUH7pEz9Hidqy7aHy_Q',NULL,'command line',NULL);
INSERT INTO audit VALUES(2,1796045957914423,'operator',NULL,'key.activate',NULL,'key','W71w8UiXVj37Z_WoIUXzYUBMNUH7pEz9Hidqy7aHy_Q',NULL,'command line',NULL);
INSERT INTO audit VALUES(3,1796045957914423,'operator',NULL,'client.add',NULL,'client','api-service',NULL,'command line','directory:read events:read');
INSERT INTO audit VALUES(4,1796045958726518,'nobody',NULL,'signup',NULL,'user','35d04b39-c738-4fb0-988e-96f8e5bd6461','35d04b39-c738-4fb0-988e-96f8e5bd6461','127.0.0.1',NULL);
INSERT INTO audit VALUES(5,1796045959050552,'nobody',NULL,'signup',NULL,'user','cf15483f-cdf3-45e7-ac3a-3be60b6f62dd','cf15483f-cdf3-45e7-ac3a-3be60b6f62dd','127.0.0.1',NULL);
INSERT INTO audit VALUES(6,1796045959274513,'user','35d04b39-c738-4fb0-988e-96f8e5bd6461','login',NULL,'session','9e00cced-2480-48f9-a514-f0852eb08a67','35d04b39-c738-4fb0-988e-96f8e5bd6461','127.0.0.1',NULL);
INSERT INTO audit VALUES(7,1796045959933168,'user','35d04b39-c738-4fb0-988e-96f8e5bd6461','login',NULL,'session','bb2be116-cdbc-43f8-870c-9f4523abf456','35d04b39-c738-4fb0-988e-96f8e5bd6461','127.0.0.1',NULL);
INSERT INTO audit VALUES(8,1796045960611766,'user','cf15483f-cdf3-45e7-ac3a-3be60b6f62dd','login',NULL,'session','b16e1a16-bf8f-4914-aaf6-751b83feccea','cf15483f-cdf3-45e7-ac3a-3be60b6f62dd','127.0.0.1',NULL);
INSERT INTO audit VALUES(9,1796045961540646,'user','cf15483f-cdf3-45e7-ac3a-3be60b6f62dd','logout',NULL,'session','b16e1a16-bf8f-4914-aaf6-751b83feccea','cf15483f-cdf3-45e7-ac3a-3be60b6f62dd','127.0.0.1',NULL);
INSERT INTO audit VALUES(10,1796045961758455,'user','cf15483f-cdf3-45e7-ac3a-3be60b6f62dd','login',NULL,'session','dbec3ccd-458d-43bb-bbd7-360b66fc40ef','cf15483f-cdf3-45e7-ac3a-3be60b6f62dd','127.0.0.1',NULL);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('audit',10);
CREATE INDEX users_admins ON users (admin) WHERE admin = 1;
CREATE INDEX sessions_of_user ON sessions (public_id);
CREATE INDEX known_addresses_by_age ON known_addresses (last_at);
CREATE UNIQUE INDEX keys_one_active ON keys (state) WHERE state = 'active';
CREATE INDEX events_by_age ON events (at);
CREATE INDEX events_of_user ON events (public_id) WHERE public_id IS NOT NULL;
CREATE INDEX revocations_by_age ON revocations (at);
CREATE UNIQUE INDEX sessions_by_family ON sessions (refresh_family)
  WHERE refresh_family IS NOT NULL;
CREATE INDEX sessions_by_use ON sessions (last_used_at);
CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_action ON audit (action, id);
CREATE INDEX audit_by_actor ON audit (actor, id) WHERE actor IS NOT NULL;
CREATE INDEX audit_by_subject ON audit (subject, id) WHERE subject IS NOT NULL;
CREATE INDEX audit_by_user ON audit (public_id, id) WHERE public_id IS NOT NULL;
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE(ABORT, 'a row of the audit log is never changed');
END;
COMMIT;
