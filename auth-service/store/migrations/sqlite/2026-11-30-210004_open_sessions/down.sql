DROP INDEX open_sessions_of_user;
