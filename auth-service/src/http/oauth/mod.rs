//! The OAuth routes: tokens (RFC 6749), giving them up (RFC 7009), asking about them (RFC 7662).

mod client_authentication;
mod client_credentials;
mod error;
mod form;
mod introspect;
mod refresh;
mod revoke;
mod token;

pub(super) use introspect::{
    __path_introspect, IntrospectionAnswer, IntrospectionForm, introspect,
};
pub(super) use revoke::{__path_revoke, RevocationForm, revoke};
pub(super) use token::{__path_issue, TokenAnswer, TokenForm, issue};
