//! The clients: services that get tokens for themselves.

use serde::Serialize;
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::ToSchema;

use auth_domain::clients::Client;

/// Every client, by id.
#[derive(Serialize, ToSchema)]
pub struct ClientList {
    /// The clients, in the order of their ids.
    pub clients: Vec<ClientEntry>,
    /// Always null: there is one page.
    pub next: Option<String>,
}

/// A client.
#[derive(Serialize, ToSchema)]
pub struct ClientEntry {
    /// The client's id.
    pub client_id: String,
    /// The scopes that its tokens may hold, separated by blanks.
    pub scope: String,
    /// The time of its registration.
    #[serde(with = "rfc3339")]
    pub created_at: OffsetDateTime,
    /// The time of the last change of its secret.
    #[serde(with = "rfc3339")]
    pub secret_changed_at: OffsetDateTime,
    /// The end of the time in which the secret before is good too; null if it is not good.
    #[serde(with = "rfc3339::option")]
    pub previous_secret_until: Option<OffsetDateTime>,
}

impl ClientList {
    /// Returns the clients as they are at the time `now`.
    pub fn of(clients: &[Client], now: OffsetDateTime) -> Self {
        let entry = |client| ClientEntry::of(client, now);
        Self { clients: clients.iter().map(entry).collect(), next: None }
    }
}

impl ClientEntry {
    /// Returns the client as it is at the time `now`.
    pub fn of(client: &Client, now: OffsetDateTime) -> Self {
        Self {
            client_id: client.client_id.clone(),
            scope: client.scopes.join(" "),
            created_at: client.created_at,
            secret_changed_at: client.secret_at,
            previous_secret_until: client.good_previous(now).map(|previous| previous.until),
        }
    }
}
