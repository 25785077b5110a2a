//! api-service from outside: its routes with a real guard and a real replica, and its commands. The
//! issuer is down in all of these tests, so the guard only has its held data.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "what a test's own parts can't do, fails it"
)]

mod app;
mod browsers;
mod commands;
mod descriptions;
mod user;
mod user_list;
mod verify;
