//! The change feed: all changes in commit order, numbered without gaps.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::directory::UserState;

/// One change. The position (`seq`) rises by one from event to event of one database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// The feed position of this change.
    pub seq: u64,
    /// The time of the change (RFC 3339, UTC).
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The change itself.
    #[serde(flatten)]
    pub change: Change,
}

/// The type of an [`Event`], and its data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Change {
    /// A user signed up, or was created or imported.
    #[serde(rename = "user.created")]
    UserCreated(UserChange),
    /// The name, the address or the roles of a user changed.
    #[serde(rename = "user.updated")]
    UserUpdated(UserChange),
    /// A user was disabled.
    #[serde(rename = "user.disabled")]
    UserDisabled(UserChange),
    /// A disabled user was enabled again.
    #[serde(rename = "user.enabled")]
    UserEnabled(UserChange),
    /// A user was deleted.
    #[serde(rename = "user.deleted")]
    UserDeleted {
        /// The id of the user.
        public_id: Uuid,
    },
    /// One session ended.
    #[serde(rename = "session.revoked")]
    SessionRevoked {
        /// The session.
        sid: Uuid,
        /// The user of the session.
        public_id: Uuid,
    },
    /// All sessions of a user ended. Every token of the user with a `pos` below the `seq` of this
    /// event is refused, except the tokens of the session `except`.
    #[serde(rename = "user.sessions_revoked")]
    UserSessionsRevoked {
        /// The user of the sessions.
        public_id: Uuid,
        /// The one session that continues, if any.
        except: Option<Uuid>,
    },
    /// A client was removed. Its tokens with a `pos` below the `seq` of this event are refused.
    #[serde(rename = "client.removed")]
    ClientRemoved {
        /// The client.
        client_id: String,
    },
    /// A key was added to the key set.
    #[serde(rename = "key.published")]
    KeyPublished {
        /// The thumbprint of the key.
        kid: String,
    },
    /// A published key now signs the tokens.
    #[serde(rename = "key.activated")]
    KeyActivated {
        /// The thumbprint of the key.
        kid: String,
    },
    /// A key was revoked, and so was every token that it signed.
    #[serde(rename = "key.revoked")]
    KeyRevoked {
        /// The thumbprint of the key.
        kid: String,
    },
    /// A type of a later version. A reader ignores it.
    #[serde(other)]
    Unknown,
}

/// The record of a user after the change. Without the scope `directory:read` it has only
/// `public_id` and `state`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserChange {
    /// The id of the user.
    pub public_id: Uuid,
    /// The state after the change.
    pub state: UserState,
    /// The name, as the user typed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The e-mail address, as the user typed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The roles after the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
}

/// The answer of `GET /feed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedPage {
    /// The changes after the requested position, in commit order. Empty if none came in time.
    pub events: Vec<Event>,
    /// The position for the next request.
    pub next: u64,
    /// The oldest position still stored. A reader that needs an older one takes a new snapshot.
    pub oldest: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Event {
        serde_json::from_str(text).expect("an event")
    }

    #[test]
    fn unknown_event_type_is_ignored_with_its_position() {
        let event = parse(r#"{"seq":7,"type":"tenant.moved","at":"2026-01-02T03:04:05Z","x":[1]}"#);
        assert_eq!((event.seq, event.change), (7, Change::Unknown));
    }

    #[test]
    fn an_event_reads_as_it_was_written() {
        let text = r#"{"seq":8,"at":"2026-01-02T03:04:05Z","type":"user.sessions_revoked","public_id":"8c5f9f3e-7f5c-4d39-9a55-0f6a7f2b9a11","except":null}"#;
        assert_eq!(serde_json::to_string(&parse(text)).expect("JSON"), text);
    }
}
