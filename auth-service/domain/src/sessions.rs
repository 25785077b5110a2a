//! Sessions: one for each log-in. Every token of a session carries its `sid`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use signet_contract::clock::{from_unix_micros, unix_micros};
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::ToSchema;
use uuid::Uuid;

use super::page::NoCursor;

/// An open session, with the data that a token of it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The session's id.
    pub sid: Uuid,
    /// The user's id.
    pub public_id: Uuid,
    /// The user's roles when it was opened or refreshed.
    pub roles: Vec<String>,
    /// The feed position, read after the user's row was locked.
    pub pos: u64,
}

/// An open session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SessionEntry)]
pub struct SessionRecord {
    /// The session's id, the `sid` of its tokens.
    pub sid: Uuid,
    /// The user's id.
    pub public_id: Uuid,
    /// The client that the session was opened for.
    pub client_id: String,
    /// The network address of the log-in.
    pub address: Option<String>,
    /// The `User-Agent` of the log-in.
    pub user_agent: Option<String>,
    /// The time of the log-in.
    #[serde(with = "rfc3339")]
    pub created_at: OffsetDateTime,
    /// The time of the last token issued in it.
    #[serde(with = "rfc3339")]
    pub last_used_at: OffsetDateTime,
    /// The end of its refresh token, unless the token is used before.
    #[serde(with = "rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
}

/// The most characters that are kept of a `User-Agent`.
const LONGEST_AGENT: usize = 200;

/// Returns the part of a `User-Agent` that is kept: it is a stranger's text, for people to read.
pub fn agent(header: &str) -> Option<String> {
    let kept: String = header.chars().filter(|c| !c.is_control()).take(LONGEST_AGENT).collect();
    Some(kept.trim().to_owned()).filter(|kept| !kept.is_empty())
}

/// A place in the list of sessions: that of the last session of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionCursor {
    /// The time at which that session was opened.
    pub created_at: OffsetDateTime,
    /// Its id.
    pub sid: Uuid,
}

impl SessionCursor {
    /// Returns the place of a session.
    pub fn of(record: &SessionRecord) -> Self {
        Self { created_at: record.created_at, sid: record.sid }
    }
}

impl std::fmt::Display for SessionCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let micros = unix_micros(self.created_at).to_be_bytes();
        let bytes: Vec<u8> = micros.into_iter().chain(self.sid.into_bytes()).collect();
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl std::str::FromStr for SessionCursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NoCursor)?;
        let (micros, sid) = bytes.split_first_chunk().ok_or(NoCursor)?;
        Ok(Self {
            created_at: from_unix_micros(i64::from_be_bytes(*micros)),
            sid: Uuid::from_slice(sid).map_err(|_| NoCursor)?,
        })
    }
}

/// A page of sessions to read.
#[derive(Debug, Clone, Default)]
pub struct SessionQuery {
    /// Only those of this user.
    pub public_id: Option<Uuid>,
    /// Only those that come after this place.
    pub after: Option<SessionCursor>,
    /// At most this many.
    pub limit: u32,
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn cursor_is_parsed_only_as_written() {
        let created_at = datetime!(2026-01-02 03:04:05.678901 UTC);
        let cursor = SessionCursor { created_at, sid: Uuid::from_u128(7) };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for other in ["", "0", "AAAA", &format!("{cursor}A"), &cursor.to_string()[1..]] {
            assert_eq!(other.parse::<SessionCursor>(), Err(NoCursor), "{other}");
        }
    }

    #[test]
    fn user_agent_is_one_short_line() {
        assert_eq!(agent(" curl/8.5.0 ").as_deref(), Some("curl/8.5.0"));
        assert_eq!(agent("a\u{1b}[31mb\u{7f}").as_deref(), Some("a[31mb"));
        assert_eq!(agent(&"é".repeat(1_000)).map(|kept| kept.chars().count()), Some(200));
        for none in ["", "  ", "\t"] {
            assert_eq!(agent(none), None);
        }
    }
}
