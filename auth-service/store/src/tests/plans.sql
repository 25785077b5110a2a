-- Enough rows that PostgreSQL tells an index that fits from one that it reads as a whole.
INSERT INTO users (public_id, name, email, email_key, password_hash, state, admin, created_at, created_seq)
  SELECT 'user ' || n, 'Ann', 'a', 'a' || n, 'h', 'active', n = 1, n, -n FROM generate_series(1, 300) n;
INSERT INTO sessions (sid, kind, public_id, client_id, audience, auth_time, methods, created_at,
                      last_used_at, ended_at)
  SELECT 'session ' || n, 'login', 'user ' || n, 'c', 'a', n, 'pwd', n, n, CASE n % 2 WHEN 1 THEN n END
  FROM generate_series(1, 300) n;
INSERT INTO refresh_tokens (family, sid, current_hash, expires_at)
  SELECT decode(lpad(n::text, 64, '0'), 'hex'), 'session ' || n, decode(lpad('', 64, '0'), 'hex'), n
  FROM generate_series(1, 300) n;
INSERT INTO known_addresses (public_id, address, last_at)
  SELECT 'user ' || n, 'a', n FROM generate_series(1, 300) n;
INSERT INTO events (seq, at, public_id, body) SELECT -n, n, 'user ' || n, '{}' FROM generate_series(1, 300) n;
INSERT INTO revocations (seq, at, body, subject)
  SELECT -n, n, '{}', 'subject ' || n FROM generate_series(1, 300) n;
INSERT INTO audit (at, actor_type, actor, action, subject_type, subject, public_id)
  SELECT n, 'user', 'user ' || n, 'action ' || n % 20, 'user', 'user ' || n, 'user ' || n
  FROM generate_series(1, 300) n;
ANALYZE users, sessions, refresh_tokens, known_addresses, events, revocations, audit;
-- A plan for any values. Without scans as a choice, a scan shows that no index fits.
SET plan_cache_mode = force_generic_plan;
SET enable_seqscan = off;
