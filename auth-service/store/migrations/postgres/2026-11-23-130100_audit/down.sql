DROP TABLE audit;
DROP FUNCTION audit_is_never_changed();
