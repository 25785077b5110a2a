//! Error bodies: RFC 9457 problem details, and RFC 6749 §5.2 for the OAuth routes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The media type of a [`Problem`] (RFC 9457 §3).
pub const PROBLEM_MEDIA_TYPE: &str = "application/problem+json";

/// What went wrong, in words that the client may read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `about:blank`: the status says what kind of problem it is (RFC 9457 §4.2.1).
    #[serde(rename = "type")]
    pub type_: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status code, again.
    pub status: u16,
    /// What to mend.
    pub detail: String,
    /// For a `422`: per field, what is wrong with it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<String, Vec<String>>,
}

impl Problem {
    /// A problem of the general kind that `status` names; `title` is that status in words.
    pub fn new(status: u16, title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            type_: "about:blank".into(),
            title: title.into(),
            status,
            detail: detail.into(),
            errors: BTreeMap::new(),
        }
    }
}

/// An error of an OAuth route (RFC 6749 §5.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OAuthError {
    /// The code, such as `invalid_grant`.
    pub error: String,
    /// What to mend, in the characters that RFC 6749 allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
}
