-- What the client that logged in calls itself (User-Agent): who looks at the sessions of a user tells
-- them apart by it.
ALTER TABLE sessions ADD COLUMN user_agent TEXT;
