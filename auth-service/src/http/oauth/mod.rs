//! The OAuth routes (RFC 6749).

mod client_authentication;
mod error;
mod token;

pub(super) use token::{__path_issue, TokenAnswer, TokenForm, issue};
