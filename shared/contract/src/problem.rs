//! Error bodies: RFC 9457 problem details, and RFC 6749 §5.2 errors for the OAuth routes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The media type of a [`Problem`] (RFC 9457 §3).
pub const PROBLEM_MEDIA_TYPE: &str = "application/problem+json";

/// The description of an error, in words that the client may read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// Always `about:blank`: the status gives the kind of problem (RFC 9457 §4.2.1).
    #[serde(rename = "type")]
    pub type_: String,
    /// The reason phrase of the status.
    pub title: String,
    /// The HTTP status code.
    pub status: u16,
    /// The correction that the client must make.
    pub detail: String,
    /// The errors of each field, for a `422`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<String, Vec<String>>,
}

impl Problem {
    /// Creates a problem with this `status`. `title` is the reason phrase of the status.
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
    /// The correction that the client must make, in the characters that RFC 6749 allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
}
