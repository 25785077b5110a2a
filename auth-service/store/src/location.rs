//! The location of a database. The scheme of its URL gives the kind.

use std::fmt;
use std::path::PathBuf;

use signet_files::{secret, text};
use url::Url;
use zeroize::Zeroizing;

/// The location of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A `SQLite` file on this machine.
    Sqlite(PathBuf),
    /// A database on a `PostgreSQL` server.
    Postgres(PostgresLocation),
}

/// Writes the location without the password.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(file) => write!(f, "{}", file.display()),
            Self::Postgres(postgres) => f.write_str(postgres.url.as_str()),
        }
    }
}

/// A database on a `PostgreSQL` server, and the password for it.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresLocation {
    /// The URL without the password.
    url: Url,
    password: Password,
}

impl fmt::Debug for PostgresLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresLocation").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

#[derive(Clone, PartialEq, Eq)]
enum Password {
    None,
    Known(Zeroizing<String>),
    /// The file is read at each connection, so that a changed password takes effect.
    InFile(PathBuf),
}

/// The longest password file, in bytes.
const LONGEST_PASSWORD: usize = 16 * 1024;

/// The parameters added to a URL that does not set them. A connection to a silent server fails
/// within the time that a request may wait.
const DEFAULTS: [(&str, &str); 6] = [
    ("application_name", "signet"),
    ("connect_timeout", "2"),
    ("tcp_user_timeout", "4000"),
    ("keepalives_idle", "3"),
    ("keepalives_interval", "1"),
    ("keepalives_count", "2"),
];

impl PostgresLocation {
    /// Parses a `postgres://` URL. The error contains no part of it.
    pub fn parse(value: &str) -> Result<Self, String> {
        let mut url = Url::parse(value).map_err(|_| "is not a URL")?;
        let in_query = |name: &str| url.query_pairs().any(|(key, _)| key == name);
        if in_query("password") {
            return Err("has a password after the `?`, which logs would show; \
                        put it before the `@` or into AUTH_DATABASE_PASSWORD_FILE"
                .into());
        }
        if url.path().trim_matches('/').is_empty() && !in_query("dbname") {
            return Err("names no database".into());
        }
        if url.fragment().is_some() {
            return Err("has a fragment; write a `#` in a password as %23".into());
        }
        let password = match url.password() {
            Some(encoded) => {
                let decoded =
                    decode(encoded).ok_or("has a password that is not percent-encoded UTF-8")?;
                Password::Known(Zeroizing::new(decoded))
            }
            None => Password::None,
        };
        if password != Password::None {
            url.set_password(None).map_err(|()| "has a password and no host")?;
        }
        Ok(Self { url, password })
    }

    /// Returns the location with the password in a file, or `None` if it has a password already.
    pub fn with_password_file(self, file: PathBuf) -> Option<Self> {
        let known = self.password != Password::None;
        (!known).then(|| Self { password: Password::InFile(file), ..self })
    }

    /// Returns the current password.
    pub(super) fn password(&self) -> Result<Option<Zeroizing<String>>, String> {
        match &self.password {
            Password::None => Ok(None),
            Password::Known(password) => Ok(Some(password.clone())),
            Password::InFile(file) => {
                let line = secret::read(file, LONGEST_PASSWORD).map_err(|error| {
                    format!("can't read the password file {}: {error}", file.display())
                })?;
                Ok(Some(Zeroizing::new(text::without_line_end(&line).to_owned())))
            }
        }
    }

    /// Returns the connection string for libpq, with this password.
    pub(super) fn connection_string(&self, password: Option<&str>) -> Zeroizing<String> {
        let mut text = Zeroizing::new(self.url.as_str().to_owned());
        let mut add = |name: &str, value: &str| {
            let separator = if text.contains('?') { '&' } else { '?' };
            text.push(separator);
            text.push_str(name);
            text.push('=');
            for byte in value.bytes() {
                if byte.is_ascii_alphanumeric() {
                    text.push(char::from(byte));
                } else {
                    text.push('%');
                    for half in [byte >> 4, byte & 15] {
                        let digit = char::from_digit(half.into(), 16);
                        text.extend(digit.map(|digit| digit.to_ascii_uppercase()));
                    }
                }
            }
        };
        for (name, value) in DEFAULTS {
            if !self.url.query_pairs().any(|(key, _)| key == name) {
                add(name, value);
            }
        }
        if let Some(password) = password {
            add("password", password);
        }
        text
    }
}

/// Decodes percent-encoding.
fn decode(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            u8::try_from(digit()? * 16 + digit()?).ok()?
        } else {
            byte
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn password_is_kept_and_not_shown() {
        let location = PostgresLocation::parse("postgres://u:p%40s%26s+%C3%A4@db:5433/auth?a=b");
        let location = location.expect("a location");
        let shown = Location::Postgres(location.clone()).to_string();
        assert_eq!(shown, "postgres://u@db:5433/auth?a=b");
        let debug = format!("{location:?}");
        assert!(!debug.contains("p%40s") && !debug.contains("p@s"), "{debug}");
        let password = location.password().expect("read").expect("a password");
        assert_eq!(password.as_str(), "p@s&s+ä");
        let string = location.connection_string(Some(&password));
        assert!(string.starts_with("postgres://u@db:5433/auth?a=b&application"), "{string:?}");
        assert!(string.ends_with("&password=p%40s%26s%2B%C3%A4"), "{string:?}");
    }

    #[test]
    fn password_file_is_read_at_each_connection() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("password");
        let location = PostgresLocation::parse("postgres://u@db/auth").expect("a location");
        let location = location.with_password_file(file.clone()).expect("no other password");
        assert!(location.password().expect_err("missing").contains("password file"));
        for (content, password) in
            [("one\n", "one"), ("two words \r\n", "two words "), ("\u{feff}a\r\n", "a"), ("", "")]
        {
            std::fs::write(&file, content).expect("written");
            assert_eq!(location.password().expect("read").expect("one").as_str(), password);
        }
        std::fs::write(&file, b"\xff\xfea\0").expect("written");
        let told = location.password().expect_err("UTF-16");
        assert!(told.contains("password") && told.contains("UTF-16"), "{told}");
        let twice = PostgresLocation::parse("postgres://u:p@db/auth").expect("a location");
        assert_eq!(twice.with_password_file(file), None);
    }

    #[test]
    fn parameter_of_the_url_overrides_the_default() {
        let location = PostgresLocation::parse("postgres://db/auth?connect_timeout=9");
        let string = location.expect("a location").connection_string(None);
        assert_eq!(string.matches("connect_timeout").count(), 1);
    }
}
