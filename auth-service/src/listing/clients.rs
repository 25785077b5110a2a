//! The services that get tokens for themselves.

use serde::Serialize;
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::ToSchema;

use crate::domain::clients::Client;

/// Every client, by id.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClientList {
    pub(crate) clients: Vec<ClientEntry>,
    /// Always null: there is no other page.
    pub(crate) next: Option<String>,
}

/// A client.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClientEntry {
    pub(crate) client_id: String,
    /// What its tokens may hold, separated by blanks.
    pub(crate) scope: String,
    #[serde(with = "rfc3339")]
    pub(crate) created_at: OffsetDateTime,
    #[serde(with = "rfc3339")]
    pub(crate) secret_changed_at: OffsetDateTime,
    /// Until when the secret before is good; null if it is not.
    #[serde(with = "rfc3339::option")]
    pub(crate) previous_secret_until: Option<OffsetDateTime>,
}

impl ClientList {
    /// The clients as they are at the time `now`.
    pub(crate) fn of(clients: &[Client], now: OffsetDateTime) -> Self {
        let entry = |client| ClientEntry::of(client, now);
        Self { clients: clients.iter().map(entry).collect(), next: None }
    }
}

impl ClientEntry {
    /// The client as it is at the time `now`.
    pub(crate) fn of(client: &Client, now: OffsetDateTime) -> Self {
        Self {
            client_id: client.client_id.clone(),
            scope: client.scopes.join(" "),
            created_at: client.created_at,
            secret_changed_at: client.secret_at,
            previous_secret_until: client.good_previous(now).map(|previous| previous.until),
        }
    }
}
