-- Each log-in looks for the user's open sessions beyond the limit. Ended ones stay for a day.
CREATE INDEX open_sessions_of_user ON sessions (public_id, last_used_at, created_at)
  WHERE ended_at IS NULL;
