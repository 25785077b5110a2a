-- The audiences, beside the issuer, for which the client may get tokens; separated by spaces.
ALTER TABLE clients ADD COLUMN audiences TEXT NOT NULL DEFAULT '';
