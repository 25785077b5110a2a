//! Tests of the public routes by requests and answers, over a real database in its own folder. Each
//! route has a file, named after its path.

mod actors;
mod admin_clients;
mod admin_sessions;
mod admin_users;
mod audit;
mod bodies;
mod browsers;
mod caller;
mod described_values;
mod directory_users;
mod feed;
mod guard_list;
mod guards;
mod keys;
mod login;
mod login_throttle;
mod login_uniform;
mod logout;
mod oauth2_introspect;
mod oauth2_refresh;
mod oauth2_revoke;
mod oauth2_token;
mod openapi;
mod operators;
mod own_sessions;
mod password;
mod server;
mod signup;
mod unauthorized;
mod well_known;
