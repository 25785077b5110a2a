-- The issuer refuses the user's tokens whose feed position (`pos`) is below this one. A removed role
-- raises it: sessions go on, and the tokens that carry the role end.
ALTER TABLE users ADD COLUMN tokens_from BIGINT NOT NULL DEFAULT 0;
