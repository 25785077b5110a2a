//! Clients: services that authenticate with a secret and get tokens for themselves
//! (RFC 6749 §4.4).

use time::OffsetDateTime;

use super::error::StoreResult;

/// A registered client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The client's id: never the shape of a user's, never a reserved one.
    pub client_id: String,
    /// What its tokens may hold.
    pub scopes: Vec<String>,
    /// SHA-256 of the secret. The secret holds 256 random bits, so a plain hash is enough.
    pub secret_hash: [u8; 32],
    /// When it was registered.
    pub created_at: OffsetDateTime,
}

/// What the domain asks of the store for clients.
pub trait ClientStore: Send + Sync {
    /// Registers a client; `false` if the id is taken.
    fn add_client(&self, client: &Client) -> StoreResult<bool>;

    /// The client with this id.
    fn find_client(&self, client_id: &str) -> StoreResult<Option<Client>>;

    /// Every client, by id.
    fn list_clients(&self) -> StoreResult<Vec<Client>>;

    /// Gives a client a new secret; `false` if there is none such.
    fn set_client_secret(&self, client_id: &str, secret_hash: &[u8; 32]) -> StoreResult<bool>;

    /// Removes a client and says so in the feed (`client.removed`); `false` if there is none such.
    fn remove_client(&self, client_id: &str, now: OffsetDateTime) -> StoreResult<bool>;
}
