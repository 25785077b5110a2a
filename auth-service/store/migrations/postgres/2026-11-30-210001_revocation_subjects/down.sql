DROP INDEX revocations_by_subject;
ALTER TABLE revocations DROP COLUMN subject;
