-- The id of the request, as the log has it; none for a command, the server and rows of earlier versions.
ALTER TABLE audit ADD COLUMN request_id TEXT;
