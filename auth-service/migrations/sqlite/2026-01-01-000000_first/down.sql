DROP TABLE feed_position;
DROP TABLE revocations;
DROP TABLE events;
DROP TABLE keys;
DROP TABLE clients;
DROP TABLE known_addresses;
DROP TABLE sessions;
DROP TABLE users;
