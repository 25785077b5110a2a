//! Parsers of values that only this service has.

use std::path::PathBuf;

use shared::service::settings::path;
use url::Host;

use crate::domain::visibility::Visibility;

/// The users who may read other users' records.
pub(super) fn visibility(value: &str) -> Result<Visibility, String> {
    match value {
        "everyone" => Ok(Visibility::Everyone),
        "admin" => Ok(Visibility::Admins),
        _ => Err("is not known".into()),
    }
}

/// The file of a replica. Only SQLite: it is one file per instance and may be deleted at any time.
pub(super) fn sqlite_file(value: &str) -> Result<PathBuf, String> {
    let Some(file) = value.strip_prefix("sqlite://") else {
        return Err("is not a sqlite:// address".into());
    };
    if file.is_empty() || file.ends_with('/') {
        return Err("names no file".into());
    }
    if file.contains(['?', '#']) {
        return Err("has a query or a fragment".into());
    }
    path(file)
}

/// A host name or an address, without scheme and port. Compared without regard to case.
pub(super) fn host_name(value: &str) -> Result<String, String> {
    Host::parse(value).map(|host| host.to_string()).map_err(|_| "is not a host name".into())
}
