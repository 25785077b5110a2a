//! Client authentication by a secret (RFC 6749 §2.3.1).

use signet_contract::claims::FIRST_PARTY;
use zeroize::Zeroizing;

use super::refusal;
use crate::AppState;
use crate::error::AppError;
use auth_domain::audit::{Act, Action, Actor, Reason, RequestOrigin, Subject};
use auth_domain::clients::Client;
use auth_domain::service_tokens::authentic;
use auth_store::{Store, StoreResult};

/// The proof of a client's identity, as the request presents it.
pub enum ClientProof {
    /// No proof, and no client id except `first-party`.
    None,
    /// A client id and a secret.
    Secret {
        /// The id, as typed.
        client_id: String,
        /// The secret, as typed.
        secret: Zeroizing<String>,
    },
    /// A malformed header, or only one of id and secret.
    Malformed,
}

/// The client of an OAuth request, with the act that the audit log records.
pub struct OAuthCaller {
    /// The client's id; `first-party` for a caller without a proof.
    pub client_id: String,
    /// The act of this client: address and time of the request.
    pub act: Act,
    /// The record; `None` for `first-party`.
    registered: Option<Registered>,
}

/// A client that presented its secret.
pub(super) struct Registered {
    /// The record.
    pub(super) client: Client,
    /// The feed position before the record was read. A removal that the read does not see has a
    /// later position.
    pub(super) pos: u64,
}

impl AppState {
    /// Authenticates the client of an OAuth request. A caller without a proof is `first-party`.
    ///
    /// # Errors
    ///
    /// [`Reason::UnknownClient`] or [`Reason::WrongSecret`].
    pub async fn authenticate_client(
        &self,
        proof: ClientProof,
        from: RequestOrigin,
    ) -> Result<OAuthCaller, AppError> {
        let (client_id, secret) = match proof {
            ClientProof::None => {
                let act = Act::by_client(FIRST_PARTY, &from, self.clock.now());
                return Ok(OAuthCaller { client_id: FIRST_PARTY.into(), act, registered: None });
            }
            ClientProof::Malformed => {
                return Err(unknown(self, &Act::by_nobody(&from, self.clock.now())).await);
            }
            ClientProof::Secret { client_id, secret } => (client_id, secret),
        };
        let wanted = client_id.clone();
        let (pos, client) = self.run(move |store| find(store, &wanted)).await?;
        let now = self.clock.now();
        let good = authentic(client.as_ref(), &secret, now);
        let unproven = Act::by_nobody(&from, now);
        match client {
            Some(client) if good => {
                let act = Act::by_client(&client_id, &from, now);
                Ok(OAuthCaller { client_id, act, registered: Some(Registered { client, pos }) })
            }
            Some(client) => {
                let (action, subject) =
                    (Action::ClientAuthenticate, Subject::Client(client.client_id));
                Err(refusal(self, &unproven, action, subject, Reason::WrongSecret).await)
            }
            None => Err(unknown(self, &unproven).await),
        }
    }
}

impl OAuthCaller {
    /// Returns the registered client.
    ///
    /// # Errors
    ///
    /// [`Reason::UnknownClient`] for `first-party`.
    pub(super) async fn registered(&self, app: &AppState) -> Result<&Registered, AppError> {
        match &self.registered {
            Some(registered) => Ok(registered),
            None => Err(unknown(app, &Act { by: Actor::Nobody, ..self.act.clone() }).await),
        }
    }
}

/// Records the refusal of an unknown client. The typed id may be a secret, so the row has no id.
async fn unknown(app: &AppState, act: &Act) -> AppError {
    refusal(app, act, Action::ClientAuthenticate, Subject::Unknown, Reason::UnknownClient).await
}

fn find(store: &Store, client_id: &str) -> StoreResult<(u64, Option<Client>)> {
    let pos = store.position()?;
    Ok((pos, store.find_client(client_id)?))
}
