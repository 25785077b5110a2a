//! Parameters of an OAuth form (RFC 6749 §3.2): an empty one counts as none.

use zeroize::Zeroizing;

use super::error::TokenError;
use crate::http::body::{Fields, WrongType};

pub(super) fn take(form: &mut Fields, name: &'static str) -> Result<Zeroizing<String>, TokenError> {
    form.take(name).map_err(|WrongType(_)| TokenError::InvalidRequest("a parameter is no text"))
}

/// The parameter, if it is given.
pub(super) fn given(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
