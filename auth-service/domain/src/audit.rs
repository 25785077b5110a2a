//! The audit log: actor, action, subject, time and origin of each change and each refusal.
//!
//! A method that changes something takes an [`Act`], and the store writes the row in the
//! transaction of the change: neither exists without the other. A refusal has a row of its own. A
//! call that changes nothing writes no row.
//!
//! Rows hold ids and fixed words, never typed text: no name, no secret, and not the address of a
//! log-in that fits no account. People type passwords into the wrong field, and a log has more
//! readers, and for longer, than a user table. A keyed hash would distinguish guesses at one
//! address from guesses at many. The rows' origins do that too, without one more key to guard.

use std::net::IpAddr;
use std::sync::Arc;

use serde::Serialize;
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::ToSchema;
use uuid::Uuid;

mod allowance;
mod words;

pub use allowance::Allowance;
pub use words::{Action, Reason};

/// The author of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A user, proven by password or token.
    User(Uuid),
    /// A client. `first-party`, which proves nothing, if the caller showed a user's own token.
    Client(String),
    /// An operator: a person who may run commands on the machine.
    Operator,
    /// The server itself, by its schedule.
    Server,
    /// An unproven caller.
    Nobody,
}

impl Actor {
    /// Returns the word for the kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Client(_) => "client",
            Self::Operator => "operator",
            Self::Server => "server",
            Self::Nobody => "nobody",
        }
    }

    /// Returns the id, if the kind has ids.
    pub fn id(&self) -> Option<String> {
        match self {
            Self::User(public_id) => Some(public_id.to_string()),
            Self::Client(client_id) => Some(client_id.clone()),
            Self::Operator | Self::Server | Self::Nobody => None,
        }
    }

    /// Returns the action for an end of one session of `owner` by this actor.
    pub fn ends_session_of(&self, owner: Uuid) -> Action {
        if *self == Self::User(owner) { Action::Logout } else { Action::SessionRevoke }
    }

    /// Returns the action for an end of every session of `owner` by this actor.
    pub fn ends_sessions_of(&self, owner: Uuid) -> Action {
        if *self == Self::User(owner) { Action::LogoutAll } else { Action::UserLogout }
    }
}

/// The origin of a request. The default is an unknown origin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestOrigin {
    /// The caller's address, as trusted proxies report it.
    pub address: Option<IpAddr>,
    /// The id of the request, as the log has it.
    pub request_id: Option<Arc<str>>,
}

/// The origin of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A request.
    Request(RequestOrigin),
    /// A command on the machine.
    CommandLine,
    /// The server itself.
    Server,
}

impl Origin {
    /// Returns the text for the audit log; `None` for a request without an address.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Request(origin) => origin.address.map(|address| address.to_string()),
            Self::CommandLine => Some("command line".into()),
            Self::Server => Some("server".into()),
        }
    }

    /// Returns the id of the request; `None` for a command and for the server itself.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Request(origin) => origin.request_id.as_deref(),
            Self::CommandLine | Self::Server => None,
        }
    }
}

/// The actor, origin and time of an action. The port that takes it names the action and subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// The actor.
    pub by: Actor,
    /// The origin.
    pub from: Origin,
    /// The time.
    pub at: OffsetDateTime,
}

impl Act {
    fn by_request(by: Actor, from: &RequestOrigin, at: OffsetDateTime) -> Self {
        Self { by, from: Origin::Request(from.clone()), at }
    }

    /// Creates the act of a user, calling from `from`.
    pub fn by_user(public_id: Uuid, from: &RequestOrigin, at: OffsetDateTime) -> Self {
        Self::by_request(Actor::User(public_id), from, at)
    }

    /// Creates the act of a client, calling from `from`.
    pub fn by_client(client_id: &str, from: &RequestOrigin, at: OffsetDateTime) -> Self {
        Self::by_request(Actor::Client(client_id.to_owned()), from, at)
    }

    /// Creates the act of a command.
    pub fn by_operator(at: OffsetDateTime) -> Self {
        Self { by: Actor::Operator, from: Origin::CommandLine, at }
    }

    /// Creates the act of the server itself.
    pub fn by_server(at: OffsetDateTime) -> Self {
        Self { by: Actor::Server, from: Origin::Server, at }
    }

    /// Creates the act of an unproven caller, calling from `from`.
    pub fn by_nobody(from: &RequestOrigin, at: OffsetDateTime) -> Self {
        Self::by_request(Actor::Nobody, from, at)
    }

    /// Returns the row for an action that was done.
    pub fn done(&self, action: Action, subject: Subject) -> NewAuditRow {
        NewAuditRow { act: self.clone(), action, subject, refused: None, detail: None }
    }

    /// Returns the row for an action that was refused.
    pub fn refused(&self, action: Action, subject: Subject, why: Reason) -> NewAuditRow {
        NewAuditRow { refused: Some(why), ..self.done(action, subject) }
    }
}

/// The subject of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A user.
    User(Uuid),
    /// A session: its id, and its user's id.
    Session(Uuid, Uuid),
    /// A client.
    Client(String),
    /// A signing key.
    Key(String),
    /// An unknown subject.
    Unknown,
}

impl Subject {
    /// Returns the word for the kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Session(..) => "session",
            Self::Client(_) => "client",
            Self::Key(_) => "key",
            Self::Unknown => "unknown",
        }
    }

    /// Returns the id.
    pub fn id(&self) -> Option<String> {
        match self {
            Self::User(id) | Self::Session(id, _) => Some(id.to_string()),
            Self::Client(id) | Self::Key(id) => Some(id.clone()),
            Self::Unknown => None,
        }
    }

    /// Returns the id of the user concerned.
    pub fn user(&self) -> Option<Uuid> {
        match self {
            Self::User(public_id) | Self::Session(_, public_id) => Some(*public_id),
            Self::Client(_) | Self::Key(_) | Self::Unknown => None,
        }
    }
}

/// A row to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAuditRow {
    /// The actor, origin and time.
    pub act: Act,
    /// The action.
    pub action: Action,
    /// The subject.
    pub subject: Subject,
    /// The reason of a refusal; `None` if it was done.
    pub refused: Option<Reason>,
    /// Details in fixed words: roles, scopes, a state.
    pub detail: Option<String>,
}

impl NewAuditRow {
    /// Returns the same row with this detail.
    #[must_use]
    pub fn saying(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }
}

/// One thing that was done or refused. It holds ids, no names and no secrets.
// The words are strings: another version may have written others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuditRow {
    /// The number of the row; it rises from row to row.
    pub id: u64,
    /// The time of the action.
    #[serde(with = "rfc3339")]
    pub at: OffsetDateTime,
    /// `user`, `client`, `operator` (a command), `server` (its schedule) or `nobody` (unproven).
    pub actor_type: String,
    /// The id of the user or the client that acted.
    pub actor: Option<String>,
    /// The action, such as `login` or `user.disable`.
    pub action: String,
    /// `done` or `refused`.
    pub outcome: &'static str,
    /// The reason of a refusal, such as `wrong_password`.
    #[serde(rename = "reason")]
    pub refused: Option<String>,
    /// `user`, `session`, `client`, `key` or `unknown`.
    pub subject_type: String,
    /// The id of the subject.
    pub subject: Option<String>,
    /// The id of the user concerned, for any kind of subject.
    #[serde(rename = "user")]
    pub public_id: Option<String>,
    /// A network address, `command line` or `server`.
    #[serde(rename = "from")]
    pub origin: Option<String>,
    /// The id of the request, as `X-Request-Id` and the log have it; null for a command or the server.
    pub request_id: Option<String>,
    /// Roles, scopes, and the like.
    pub detail: Option<String>,
}

/// The rows to read. Every condition that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// Only rows older than the one with this id.
    pub before: Option<u64>,
    /// At most this many.
    pub limit: u32,
    /// Only actions of this actor.
    pub actor: Option<String>,
    /// Only this action.
    pub action: Option<String>,
    /// Only actions on this subject.
    pub subject: Option<String>,
    /// Only rows that concern this user.
    pub public_id: Option<Uuid>,
    /// Only from this time on.
    pub since: Option<OffsetDateTime>,
    /// Only before this time.
    pub until: Option<OffsetDateTime>,
}
