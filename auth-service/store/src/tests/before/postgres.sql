-- A database of the version before sessions and refresh tokens were split, written by that version on
-- 2026-11-30. Each line below has the refresh tokens of one session in the order of their issue.
-- tokens fresh QDNJJo4pWTzwXMvohkK_bqjnXlgmcZFAo3o3UpA3JS7cZCM6YeRq_7y3PIgTIzNAiZw0i7QSefB30HQRyeBvLQ
-- tokens used-once YduSD_4A3vEVOM5Qum0ErcIq1yygZpIhrk50UqfLQTKbrWpDdJ0BCZ8M2U4uEs6wbCfNSdaMauLdUvMsBsY2Kw YduSD_4A3vEVOM5Qum0ErcIq1yygZpIhrk50UqfLQTIGQqHQXS1R1PXflzUEHTd4ccdnPRMWCk-kRKa8D8qSjw
-- tokens logged-out TGGc6Xpspm0HUSHunUVagza5IyZPJ8BqJIkTmawivCkssfE-fig92n_0Xqy2AuS6En0Wj8VOsAxn6XQ9jw-8gQ
-- tokens twice S0bTAqN7SaRdLZZACUmNYXTtRnQeedbYPcRg8C9RCtNm78EPGbKfmrOTDqsE-c5KO4hQLmNIq94a-Soj29Tcwg S0bTAqN7SaRdLZZACUmNYXTtRnQeedbYPcRg8C9RCtPgyioaKWmbu4Pi4R2OJA0OB2AoI6ZuNhSOGGIvgSOMpA S0bTAqN7SaRdLZZACUmNYXTtRnQeedbYPcRg8C9RCtPEpc--zJrB4wI39z5vxata_StdfbhJdbGDPoekfuTZlw
CREATE FUNCTION public.audit_is_never_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  RAISE EXCEPTION 'a row of the audit log is never changed';
END
$$;
CREATE TABLE public.__diesel_schema_migrations (
    version character varying(50) NOT NULL,
    run_on timestamp without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);
CREATE TABLE public.audit (
    id bigint NOT NULL,
    at bigint NOT NULL,
    actor_type text NOT NULL COLLATE pg_catalog."C",
    actor text COLLATE pg_catalog."C",
    action text NOT NULL COLLATE pg_catalog."C",
    refused text COLLATE pg_catalog."C",
    subject_type text NOT NULL COLLATE pg_catalog."C",
    subject text COLLATE pg_catalog."C",
    public_id text COLLATE pg_catalog."C",
    origin text COLLATE pg_catalog."C",
    detail text COLLATE pg_catalog."C"
);
ALTER TABLE public.audit ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.clients (
    client_id text NOT NULL COLLATE pg_catalog."C",
    scopes text NOT NULL,
    secret_hash bytea NOT NULL,
    created_at bigint NOT NULL,
    secret_at bigint DEFAULT 0 NOT NULL,
    previous_hash bytea,
    previous_until bigint,
    CONSTRAINT clients_previous_hash_check CHECK ((length(previous_hash) = 32)),
    CONSTRAINT clients_secret_hash_check CHECK ((length(secret_hash) = 32))
);
CREATE TABLE public.events (
    seq bigint NOT NULL,
    at bigint NOT NULL,
    public_id text COLLATE pg_catalog."C",
    body text NOT NULL
);
CREATE TABLE public.feed_position (
    id integer NOT NULL,
    seq bigint NOT NULL,
    CONSTRAINT feed_position_id_check CHECK ((id = 1))
);
CREATE TABLE public.first_start (
    id integer NOT NULL,
    done_at bigint NOT NULL,
    CONSTRAINT first_start_id_check CHECK ((id = 1))
);
CREATE TABLE public.guards (
    client_id text NOT NULL COLLATE pg_catalog."C",
    instance text NOT NULL COLLATE pg_catalog."C",
    kids text NOT NULL,
    "position" bigint NOT NULL,
    confirmed_at bigint NOT NULL,
    first_seen bigint NOT NULL,
    seen_at bigint NOT NULL
);
CREATE TABLE public.keys (
    kid text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL COLLATE pg_catalog."C",
    since bigint NOT NULL,
    n text NOT NULL,
    e text NOT NULL,
    added_at bigint NOT NULL,
    served_at bigint,
    longest_life_micros bigint,
    signed boolean NOT NULL,
    last_expiry bigint,
    CONSTRAINT keys_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'active'::text, 'retiring'::text, 'retired'::text, 'revoked'::text])))
);
CREATE TABLE public.known_addresses (
    public_id text NOT NULL COLLATE pg_catalog."C",
    address text NOT NULL,
    last_at bigint NOT NULL
);
CREATE TABLE public.revocations (
    seq bigint NOT NULL,
    at bigint NOT NULL,
    body text NOT NULL
);
CREATE TABLE public.served (
    id integer NOT NULL,
    card text NOT NULL,
    CONSTRAINT served_id_check CHECK ((id = 1))
);
CREATE TABLE public.sessions (
    sid text NOT NULL COLLATE pg_catalog."C",
    public_id text NOT NULL COLLATE pg_catalog."C",
    client_id text NOT NULL COLLATE pg_catalog."C",
    address text,
    created_at bigint NOT NULL,
    ended_at bigint,
    audience text DEFAULT ''::text NOT NULL,
    last_used_at bigint DEFAULT 0 NOT NULL,
    refresh_family bytea,
    refresh_hash bytea,
    refresh_expires_at bigint,
    previous_hash bytea,
    sealed_successor bytea,
    refreshed_at bigint,
    user_agent text,
    CONSTRAINT sessions_previous_hash_check CHECK ((length(previous_hash) = 32)),
    CONSTRAINT sessions_refresh_family_check CHECK ((length(refresh_family) = 32)),
    CONSTRAINT sessions_refresh_hash_check CHECK ((length(refresh_hash) = 32))
);
CREATE TABLE public.users (
    public_id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL,
    email text NOT NULL,
    email_key text NOT NULL COLLATE pg_catalog."C",
    password_hash text NOT NULL,
    state text NOT NULL COLLATE pg_catalog."C",
    admin boolean NOT NULL,
    created_at bigint NOT NULL,
    created_seq bigint,
    changed_at bigint DEFAULT 0 NOT NULL,
    tokens_from bigint DEFAULT 0 NOT NULL,
    CONSTRAINT users_state_check CHECK ((state = ANY (ARRAY['active'::text, 'disabled'::text])))
);
INSERT INTO public.__diesel_schema_migrations VALUES ('20260101000000', '2026-11-30 13:39:23.730294');
INSERT INTO public.__diesel_schema_migrations VALUES ('20261123100001', '2026-11-30 13:39:23.730294');
INSERT INTO public.__diesel_schema_migrations VALUES ('20261123102000', '2026-11-30 13:39:23.730294');
INSERT INTO public.__diesel_schema_migrations VALUES ('20261123130100', '2026-11-30 13:39:23.730294');
INSERT INTO public.__diesel_schema_migrations VALUES ('20261123131101', '2026-11-30 13:39:23.730294');
INSERT INTO public.__diesel_schema_migrations VALUES ('20261123131102', '2026-11-30 13:39:23.730294');
INSERT INTO public.__diesel_schema_migrations VALUES ('20261123131103', '2026-11-30 13:39:23.730294');
INSERT INTO public.__diesel_schema_migrations VALUES ('20261130170701', '2026-11-30 13:39:23.730294');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (1, 1796045964177975, 'operator', NULL, 'key.generate', NULL, 'key', 'L2QPrvaBs6JEBTylpxXrJVAPOrFg4wsyZ0H4AyA-f0U', NULL, 'command line', NULL);
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (2, 1796045964177975, 'operator', NULL, 'key.activate', NULL, 'key', 'L2QPrvaBs6JEBTylpxXrJVAPOrFg4wsyZ0H4AyA-f0U', NULL, 'command line', NULL);
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (3, 1796045964177975, 'operator', NULL, 'client.add', NULL, 'client', 'api-service', NULL, 'command line', 'directory:read events:read');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (4, 1796045965402041, 'nobody', NULL, 'signup', NULL, 'user', 'e54a5c77-f8fc-4b54-a0f1-7a54d10dd2c3', 'e54a5c77-f8fc-4b54-a0f1-7a54d10dd2c3', '127.0.0.1', NULL);
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (5, 1796045965532096, 'nobody', NULL, 'signup', NULL, 'user', '9cd733b0-5d29-4feb-930a-b71067d122fb', '9cd733b0-5d29-4feb-930a-b71067d122fb', '127.0.0.1', NULL);
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (6, 1796045965617482, 'user', 'e54a5c77-f8fc-4b54-a0f1-7a54d10dd2c3', 'login', NULL, 'session', '91087ec1-5059-4ab8-add4-7aa649fa8ae1', 'e54a5c77-f8fc-4b54-a0f1-7a54d10dd2c3', '127.0.0.1', NULL);
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (7, 1796045966486961, 'user', 'e54a5c77-f8fc-4b54-a0f1-7a54d10dd2c3', 'login', NULL, 'session', '3afcc6fc-e068-4d93-bd3c-4924a2e5c43f', 'e54a5c77-f8fc-4b54-a0f1-7a54d10dd2c3', '127.0.0.1', NULL);
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (8, 1796045967544269, 'user', '9cd733b0-5d29-4feb-930a-b71067d122fb', 'login', NULL, 'session', '5210a6b5-eae7-4e88-b599-81ff92ab2a25', '9cd733b0-5d29-4feb-930a-b71067d122fb', '127.0.0.1', NULL);
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (9, 1796045968479646, 'user', '9cd733b0-5d29-4feb-930a-b71067d122fb', 'logout', NULL, 'session', '5210a6b5-eae7-4e88-b599-81ff92ab2a25', '9cd733b0-5d29-4feb-930a-b71067d122fb', '127.0.0.1', NULL);
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (10, 1796045968607818, 'user', '9cd733b0-5d29-4feb-930a-b71067d122fb', 'login', NULL, 'session', 'ea054a39-8a9e-4c6c-bb0d-f91cb6871e30', '9cd733b0-5d29-4feb-930a-b71067d122fb', '127.0.0.1', NULL);
INSERT INTO public.clients VALUES ('api-service', 'directory:read events:read', '\x9438aa20e01c399b39e568c7d8f8c36798bd085e2f1f5550578b665da49d8c68', 1796045964177975, 1796045964177975, NULL, NULL);
INSERT INTO public.events VALUES (1796045964987888, 1796045965402041, 'e54a5c77-f8fc-4b54-a0f1-7a54d10dd2c3', '{"type":"user.created","public_id":"e54a5c77-f8fc-4b54-a0f1-7a54d10dd2c3","state":"active","name":"ann","email":"ann@example.org","roles":["user"]}');
INSERT INTO public.events VALUES (1796045964987889, 1796045965532096, '9cd733b0-5d29-4feb-930a-b71067d122fb', '{"type":"user.created","public_id":"9cd733b0-5d29-4feb-930a-b71067d122fb","state":"active","name":"bob","email":"bob@example.org","roles":["user"]}');
INSERT INTO public.events VALUES (1796045964987890, 1796045968479646, NULL, '{"type":"session.revoked","sid":"5210a6b5-eae7-4e88-b599-81ff92ab2a25","public_id":"9cd733b0-5d29-4feb-930a-b71067d122fb"}');
INSERT INTO public.feed_position VALUES (1, 1796045964987890);
INSERT INTO public.first_start VALUES (1, 1796045964177975);
INSERT INTO public.keys VALUES ('L2QPrvaBs6JEBTylpxXrJVAPOrFg4wsyZ0H4AyA-f0U', 'active', 1796045964177975, 'kAc2_WVwzOD70ezmbOXwYQZUm84Ps5B3zt9ui1HS0mPcuJX2zXfuww88qR-qRe5L38yrM5M2eYuVj_Q5WEykWrBLVfrKYpAFHPHV-1LKYDS01HvSll6b4TLW5wPrwFyC4fpju77Kry1OpegUOI9gnE5DIWYUpQCrw1Yspdv_fKbu6PCnqkFyLArb7qr35O9vcVrPDBxRQgIR66zhuXy0iXrYug3GdoivXbpUSoN_EMLKTkR4utI9W7tVSq00YU4YvH69wM29CbuaqrLuLrP9ejVFW-KqW-s-o86BEFkNzmXQFDXDJ1Puvwi1Oxk7LCvuPo9eGLNBpwcW9_-G43Ie7Q', 'AQAB', 1796045964177975, 1796045965343021, 1800000000, true, NULL);
INSERT INTO public.known_addresses VALUES ('e54a5c77-f8fc-4b54-a0f1-7a54d10dd2c3', '127.0.0.1', 1796045966486961);
INSERT INTO public.known_addresses VALUES ('9cd733b0-5d29-4feb-930a-b71067d122fb', '127.0.0.1', 1796045968607818);
INSERT INTO public.revocations VALUES (1796045964987890, 1796045968479646, '{"type":"session.revoked","sid":"5210a6b5-eae7-4e88-b599-81ff92ab2a25","public_id":"9cd733b0-5d29-4feb-930a-b71067d122fb"}');
INSERT INTO public.served VALUES (1, '7713958633011125988 1 16466');
INSERT INTO public.sessions VALUES ('91087ec1-5059-4ab8-add4-7aa649fa8ae1', 'e54a5c77-f8fc-4b54-a0f1-7a54d10dd2c3', 'first-party', '127.0.0.1', 1796045965617482, NULL, 'api-service', 1796045965617482, '\x1c1a6ee21746103f90a5804061001dd765f5323da6d22aac5fb2a1d2c0bb4874', '\xdc26f0d032bdea356975ddabbeeb1a258da4d0219d2d6b8eb9327155118b3e9e', 1798637965617482, NULL, NULL, NULL, 'fresh');
INSERT INTO public.sessions VALUES ('3afcc6fc-e068-4d93-bd3c-4924a2e5c43f', 'e54a5c77-f8fc-4b54-a0f1-7a54d10dd2c3', 'first-party', '127.0.0.1', 1796045966486961, NULL, 'api-service', 1796045967071487, '\x23ba3717abeab11aba2ebef6ac3728e9bb046fd4fefdcba9313b656fd8a5945e', '\x08d9330dc8e5c0098014a4f3f81e37e3c41051007cee51f60cf3aff477cb08ef', 1798637967071487, '\x6d0901740d366b6b2e1084982793bdff79fc22462539a9385fa1da1530a88106', '\x98708ff974bb3c1c787891ea6470f33169e8179cc6f737601263d3d23b41cd6f199c5de4f5c7d7c323af2692c985b59d7124a3bbaff30be1bb25b022', 1796045967071487, 'used-once');
INSERT INTO public.sessions VALUES ('5210a6b5-eae7-4e88-b599-81ff92ab2a25', '9cd733b0-5d29-4feb-930a-b71067d122fb', 'first-party', '127.0.0.1', 1796045967544269, 1796045968479646, 'api-service', 1796045967544269, '\xe3b9276a2613bdf08074910a1fe388c10f6a7751071c342085779802a8280ba3', NULL, 1798637967544269, NULL, NULL, NULL, 'logged-out');
INSERT INTO public.sessions VALUES ('ea054a39-8a9e-4c6c-bb0d-f91cb6871e30', '9cd733b0-5d29-4feb-930a-b71067d122fb', 'first-party', '127.0.0.1', 1796045968607818, NULL, 'api-service', 1796045969570929, '\x52707878a5191b8268efd190db5e5e3c6d35bac2d33b412c73b22c0c9fc3f729', '\xef44ca52781781b309c75a56dfdf42a094401def3839393eb3221ed8d0b30c79', 1798637969570929, '\xb4533d27c39bbed5a7bba696e79d0d01f46ff727d93855cc75fd0b82faf73fb6', '\x3ea691553b5e61bcb3b9a8a1baf25ac1bd8d097baa74af4b80ffda27445e9941122047cf195be50ae4bf88c26535574ea78ef351802f38de6c5d9a16', 1796045969570929, 'twice');
INSERT INTO public.users VALUES ('e54a5c77-f8fc-4b54-a0f1-7a54d10dd2c3', 'ann', 'ann@example.org', 'ann@example.org', '$argon2id$v=19$m=19456,t=2,p=1$CchmRCO6XgNnis0IF0vwVw$4Hk8PeIIMMffxkkEI38CfoO05rHN8L9ZHInjhCrfkXI', 'active', false, 1796045965402041, 1796045964987888, 1796045965402041, 0);
INSERT INTO public.users VALUES ('9cd733b0-5d29-4feb-930a-b71067d122fb', 'bob', 'bob@example.org', 'bob@example.org', '$argon2id$v=19$m=19456,t=2,p=1$l1SiNiQ2leGttIaIyLNvmg$Pi9WMEcKSmN4+Vgck8SGzLBjoBAbeVL/Jf5xkS5Ytn8', 'active', false, 1796045965532096, 1796045964987889, 1796045965532096, 0);
SELECT pg_catalog.setval('public.audit_id_seq', 10, true);
ALTER TABLE ONLY public.__diesel_schema_migrations
    ADD CONSTRAINT __diesel_schema_migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.clients
    ADD CONSTRAINT clients_pkey PRIMARY KEY (client_id);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.feed_position
    ADD CONSTRAINT feed_position_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.first_start
    ADD CONSTRAINT first_start_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.guards
    ADD CONSTRAINT guards_pkey PRIMARY KEY (client_id, instance);
ALTER TABLE ONLY public.keys
    ADD CONSTRAINT keys_pkey PRIMARY KEY (kid);
ALTER TABLE ONLY public.known_addresses
    ADD CONSTRAINT known_addresses_pkey PRIMARY KEY (public_id, address);
ALTER TABLE ONLY public.revocations
    ADD CONSTRAINT revocations_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.served
    ADD CONSTRAINT served_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (sid);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_created_seq_key UNIQUE (created_seq);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_email_key_key UNIQUE (email_key);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (public_id);
CREATE INDEX audit_by_action ON public.audit USING btree (action, id);
CREATE INDEX audit_by_actor ON public.audit USING btree (actor, id) WHERE (actor IS NOT NULL);
CREATE INDEX audit_by_subject ON public.audit USING btree (subject, id) WHERE (subject IS NOT NULL);
CREATE INDEX audit_by_time ON public.audit USING btree (at);
CREATE INDEX audit_by_user ON public.audit USING btree (public_id, id) WHERE (public_id IS NOT NULL);
CREATE INDEX events_by_age ON public.events USING btree (at);
CREATE INDEX events_of_user ON public.events USING btree (public_id) WHERE (public_id IS NOT NULL);
CREATE UNIQUE INDEX keys_one_active ON public.keys USING btree (state) WHERE (state = 'active'::text);
CREATE INDEX known_addresses_by_age ON public.known_addresses USING btree (last_at);
CREATE INDEX revocations_by_age ON public.revocations USING btree (at);
CREATE UNIQUE INDEX sessions_by_family ON public.sessions USING btree (refresh_family) WHERE (refresh_family IS NOT NULL);
CREATE INDEX sessions_by_use ON public.sessions USING btree (last_used_at);
CREATE INDEX sessions_of_user ON public.sessions USING btree (public_id);
CREATE INDEX users_admins ON public.users USING btree (admin) WHERE admin;
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON public.audit FOR EACH ROW EXECUTE FUNCTION public.audit_is_never_changed();
ALTER TABLE ONLY public.known_addresses
    ADD CONSTRAINT known_addresses_public_id_fkey FOREIGN KEY (public_id) REFERENCES public.users(public_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_public_id_fkey FOREIGN KEY (public_id) REFERENCES public.users(public_id) ON DELETE CASCADE;
