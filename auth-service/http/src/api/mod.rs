//! The routes of people's own accounts and sessions.

pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod password;
pub(crate) mod sessions;
pub(crate) mod signup;
