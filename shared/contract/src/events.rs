//! The change feed: what happened, in commit order, numbered without gaps.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::directory::UserState;

/// One change. Positions (`seq`) of one database rise by one from event to event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// The feed position of this change.
    pub seq: u64,
    /// When it was made (RFC 3339, UTC).
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What was changed.
    #[serde(flatten)]
    pub change: Change,
}

/// What an [`Event`] tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Change {
    /// A user signed up, or was created or imported.
    #[serde(rename = "user.created")]
    UserCreated(UserChange),
    /// A name, an address or the roles changed.
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
        /// Who.
        public_id: Uuid,
    },
    /// One session ended.
    #[serde(rename = "session.revoked")]
    SessionRevoked {
        /// The session.
        sid: Uuid,
        /// Whose session it was.
        public_id: Uuid,
    },
    /// All of a user's sessions ended: every token of theirs whose `pos` is below this event's
    /// `seq` is refused, but that of `except`.
    #[serde(rename = "user.sessions_revoked")]
    UserSessionsRevoked {
        /// Whose sessions.
        public_id: Uuid,
        /// The one session that goes on, if any.
        except: Option<Uuid>,
    },
    /// A client was removed: its tokens whose `pos` is below this event's `seq` are refused.
    #[serde(rename = "client.removed")]
    ClientRemoved {
        /// The client.
        client_id: String,
    },
    /// A key entered the key set.
    #[serde(rename = "key.published")]
    KeyPublished {
        /// The key's thumbprint.
        kid: String,
    },
    /// A published key signs from now on.
    #[serde(rename = "key.activated")]
    KeyActivated {
        /// The key's thumbprint.
        kid: String,
    },
    /// A key and every token signed with it are void.
    #[serde(rename = "key.revoked")]
    KeyRevoked {
        /// The key's thumbprint.
        kid: String,
    },
    /// A type of a later version. A reader passes over it.
    #[serde(other)]
    Unknown,
}

/// A user's record after the change. Without the scope `directory:read` only `public_id` and
/// `state` are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserChange {
    /// Who.
    pub public_id: Uuid,
    /// The state after the change.
    pub state: UserState,
    /// The name, as typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The e-mail address, as typed.
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
    /// The changes after the position asked for, in commit order; empty if none came in time.
    pub events: Vec<Event>,
    /// The position to ask from next.
    pub next: u64,
    /// The oldest position still kept. Who needs an older one takes a new snapshot.
    pub oldest: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Event {
        serde_json::from_str(text).expect("an event")
    }

    #[test]
    fn an_event_of_a_later_version_is_passed_over_with_its_position() {
        let event = parse(r#"{"seq":7,"type":"tenant.moved","at":"2026-01-02T03:04:05Z","x":[1]}"#);
        assert_eq!((event.seq, event.change), (7, Change::Unknown));
    }

    #[test]
    fn an_event_reads_as_it_was_written() {
        let text = r#"{"seq":8,"at":"2026-01-02T03:04:05Z","type":"user.sessions_revoked","public_id":"8c5f9f3e-7f5c-4d39-9a55-0f6a7f2b9a11","except":null}"#;
        assert_eq!(serde_json::to_string(&parse(text)).expect("JSON"), text);
    }
}
