//! The audit log: who did what to whom, when, from where, and what was refused.
//!
//! Whatever changes something takes an [`Act`], and the store writes the row in the transaction that
//! makes the change: neither exists without the other. A refusal is a row of its own. A change that
//! finds everything as it is to be leaves none.
//!
//! Rows hold ids and words of ours, nothing that was typed: no name, no secret, and not the address
//! of a log-in that fits no account. People type passwords into the wrong field, and a log is read by
//! more eyes, and for longer, than a user table. A keyed hash would tell guesses at one address from
//! guesses at many, which the rows' origins tell as well, for one more key to guard.

use std::net::IpAddr;

use serde::Serialize;
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::ToSchema;
use uuid::Uuid;

use super::error::StoreResult;

mod allowance;
mod words;

pub use allowance::Allowance;
pub use words::{Action, Reason};

/// Who does something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A user, proven by password or token.
    User(Uuid),
    /// A client; `first-party`, which proves nothing, where a user's own token was shown.
    Client(String),
    /// Whoever may run commands on the machine.
    Operator,
    /// The server by itself: its schedule says so.
    Server,
    /// Somebody unproven.
    Nobody,
}

impl Actor {
    /// The word for its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Client(_) => "client",
            Self::Operator => "operator",
            Self::Server => "server",
            Self::Nobody => "nobody",
        }
    }

    /// Its id, where its kind has ids.
    pub fn id(&self) -> Option<String> {
        match self {
            Self::User(public_id) => Some(public_id.to_string()),
            Self::Client(client_id) => Some(client_id.clone()),
            Self::Operator | Self::Server | Self::Nobody => None,
        }
    }

    /// What an end of one session of `owner` is, by this actor.
    pub fn ends_session_of(&self, owner: Uuid) -> Action {
        if *self == Self::User(owner) { Action::Logout } else { Action::SessionRevoke }
    }

    /// What an end of every session of `owner` is, by this actor.
    pub fn ends_sessions_of(&self, owner: Uuid) -> Action {
        if *self == Self::User(owner) { Action::LogoutAll } else { Action::UserLogout }
    }
}

/// From where something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The caller's address, as trusted proxies tell it.
    Address(IpAddr),
    /// A command on the machine.
    CommandLine,
    /// The server itself.
    Server,
    /// A caller without an address.
    Unknown,
}

impl From<Option<IpAddr>> for Origin {
    fn from(address: Option<IpAddr>) -> Self {
        address.map_or(Self::Unknown, Self::Address)
    }
}

impl Origin {
    /// As the log tells it.
    pub fn told(self) -> Option<String> {
        match self {
            Self::Address(address) => Some(address.to_string()),
            Self::CommandLine => Some("command line".into()),
            Self::Server => Some("server".into()),
            Self::Unknown => None,
        }
    }
}

/// Who does something, from where, and when. What is done, and to whom, the port says that takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Who.
    pub by: Actor,
    /// From where.
    pub from: Origin,
    /// When.
    pub at: OffsetDateTime,
}

impl Act {
    /// A user's, calling from `from`.
    pub fn by_user(public_id: Uuid, from: Option<IpAddr>, at: OffsetDateTime) -> Self {
        Self { by: Actor::User(public_id), from: from.into(), at }
    }

    /// A client's, calling from `from`.
    pub fn by_client(client_id: &str, from: Option<IpAddr>, at: OffsetDateTime) -> Self {
        Self { by: Actor::Client(client_id.to_owned()), from: from.into(), at }
    }

    /// A command's.
    pub fn by_operator(at: OffsetDateTime) -> Self {
        Self { by: Actor::Operator, from: Origin::CommandLine, at }
    }

    /// The server's own.
    pub fn by_server(at: OffsetDateTime) -> Self {
        Self { by: Actor::Server, from: Origin::Server, at }
    }

    /// Somebody's who proved nothing, calling from `from`.
    pub fn by_nobody(from: Option<IpAddr>, at: OffsetDateTime) -> Self {
        Self { by: Actor::Nobody, from: from.into(), at }
    }

    /// The row for what was done.
    pub fn done(&self, action: Action, whom: Subject) -> Entry {
        Entry { act: self.clone(), action, whom, refused: None, detail: None }
    }

    /// The row for what was refused.
    pub fn refused(&self, action: Action, whom: Subject, why: Reason) -> Entry {
        Entry { refused: Some(why), ..self.done(action, whom) }
    }
}

/// To whom or what something is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A user.
    User(Uuid),
    /// A session, and whose it is.
    Session(Uuid, Uuid),
    /// A client.
    Client(String),
    /// A signing key.
    Key(String),
    /// Nobody that is known.
    Unknown,
}

impl Subject {
    /// The word for its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Session(..) => "session",
            Self::Client(_) => "client",
            Self::Key(_) => "key",
            Self::Unknown => "unknown",
        }
    }

    /// Its id.
    pub fn id(&self) -> Option<String> {
        match self {
            Self::User(id) | Self::Session(id, _) => Some(id.to_string()),
            Self::Client(id) | Self::Key(id) => Some(id.clone()),
            Self::Unknown => None,
        }
    }

    /// The user concerned.
    pub fn user(&self) -> Option<Uuid> {
        match self {
            Self::User(public_id) | Self::Session(_, public_id) => Some(*public_id),
            Self::Client(_) | Self::Key(_) | Self::Unknown => None,
        }
    }
}

/// A row to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Who, from where, when.
    pub act: Act,
    /// What.
    pub action: Action,
    /// Whom.
    pub whom: Subject,
    /// Why not, if it was not done.
    pub refused: Option<Reason>,
    /// What else there is to say, in words of ours: roles, scopes, a state.
    pub detail: Option<String>,
}

impl Entry {
    /// The same, with more to say.
    #[must_use]
    pub fn saying(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }
}

/// One thing that was done or refused. It holds ids, no names and no secrets.
// Its words are texts: another version may have written others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AuditRow)]
pub struct Record {
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
    /// The id of the user concerned, whatever the subject is.
    #[serde(rename = "user")]
    pub public_id: Option<String>,
    /// A network address, `command line` or `server`.
    #[serde(rename = "from")]
    pub origin: Option<String>,
    /// Roles, scopes, and the like.
    pub detail: Option<String>,
}

/// Which rows to read. Every condition that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// Only rows older than the one with this id.
    pub before: Option<u64>,
    /// At most this many.
    pub limit: u32,
    /// Only what this actor did.
    pub actor: Option<String>,
    /// Only this.
    pub action: Option<String>,
    /// Only what was done to this subject.
    pub subject: Option<String>,
    /// Only what concerns this user.
    pub public_id: Option<Uuid>,
    /// Only from this time on.
    pub since: Option<OffsetDateTime>,
    /// Only before this time.
    pub until: Option<OffsetDateTime>,
}

/// What the domain asks of the store for the audit log. Nothing changes a row.
pub trait AuditStore: Send + Sync {
    /// Adds a row that belongs to no change: a refusal.
    fn note(&self, entry: &Entry) -> StoreResult<()>;

    /// Rows, the latest first.
    fn list_audit(&self, query: &AuditQuery) -> StoreResult<Vec<Record>>;

    /// Removes rows of before `before`; gives how many.
    fn prune_audit(&self, before: OffsetDateTime) -> StoreResult<usize>;
}
