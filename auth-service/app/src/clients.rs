//! Use cases of operators on clients: list, add, rotate the secret, remove.

use std::path::Path;
use std::time::Duration;
use std::{fs, io};

use serde::{Deserialize, Serialize};
use signet_contract::client_id;
pub use signet_files::durable_file::folder_of;
use signet_files::{durable_file, private};
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Array, ArrayBuilder, ObjectBuilder, SchemaType, Type};
use zeroize::Zeroizing;

use crate::error::{AppError, Conflict, Entity};
use auth_domain::audit::Act;
use auth_domain::clients::{Client, new_secret, parse_scopes, secret_hash};
use auth_store::Store;

/// Returns every client, by id, as it is at the time `now`.
pub fn list_clients(store: &Store, now: OffsetDateTime) -> Result<ClientList, AppError> {
    let clients = store.list_clients()?;
    let clients = clients.iter().map(|client| ClientEntry::of(client, now)).collect();
    Ok(ClientList { clients, next: None })
}

/// Registers a client with a new secret. `keep_secret` stores the secret for the operator, before
/// the database changes.
///
/// # Errors
///
/// [`Conflict::ClientExists`], or the error of `keep_secret`.
pub fn add_client(
    store: &Store,
    NewClient { client_id, scopes, audiences }: NewClient,
    act: &Act,
    keep_secret: impl FnOnce(&str) -> Result<(), AppError>,
) -> Result<ClientWithSecret, AppError> {
    let taken = || Conflict::ClientExists(client_id.clone()).into();
    // Without this check, `keep_secret` could replace the secret of the client that exists.
    if store.find_client(&client_id)?.is_some() {
        return Err(taken());
    }
    let secret = new_secret().map_err(AppError::internal)?;
    keep_secret(&secret)?;
    let client = Client::new(&client_id, scopes, secret_hash(&secret), act.at);
    let client = Client { audiences, ..client };
    if !store.add_client(&client, act)? {
        return Err(taken());
    }
    tracing::info!(by = act.by.id().map(display), %client_id, "an operator added a client");
    Ok(ClientWithSecret { client: ClientEntry::of(&client, act.at), client_secret: secret })
}

/// Gives a client a new secret. The previous secret stays good for `overlap`, and an older one ends.
/// `keep_secret` stores the new secret for the operator, before the database changes: a crash can't
/// lose the only good secret.
///
/// # Errors
///
/// [`Entity::Client`] is not found, or the error of `keep_secret`.
pub fn rotate_client_secret(
    store: &Store,
    client_id: &str,
    overlap: Duration,
    act: &Act,
    keep_secret: impl FnOnce(&str) -> Result<(), AppError>,
) -> Result<ClientWithSecret, AppError> {
    let unknown = || AppError::not_found(Entity::Client, client_id);
    store.find_client(client_id)?.ok_or_else(unknown)?;
    let secret = new_secret().map_err(AppError::internal)?;
    keep_secret(&secret)?;
    let rotated = store.rotate_client_secret(client_id, &secret_hash(&secret), overlap, act)?;
    let client = rotated.ok_or_else(unknown)?;
    tracing::info!(
        by = act.by.id().map(display),
        client_id,
        ?overlap,
        "an operator rotated a client's secret"
    );
    Ok(ClientWithSecret { client: ClientEntry::of(&client, act.at), client_secret: secret })
}

/// Removes a client. Every guard refuses its tokens, even if the id is registered again.
///
/// # Errors
///
/// [`Entity::Client`] is not found.
pub fn remove_client(store: &Store, client_id: &str, act: &Act) -> Result<(), AppError> {
    if !store.remove_client(client_id, act)? {
        return Err(AppError::not_found(Entity::Client, client_id));
    }
    tracing::info!(by = act.by.id().map(display), %client_id, "an operator removed a client");
    Ok(())
}

/// Checks that a secret can be written to `file`. Writes nothing.
pub fn check_secret_file(file: &Path) -> Result<(), AppError> {
    let failed = |error: io::Error| AppError::file("write", file, &error);
    if file.is_dir() {
        return Err(failed(io::ErrorKind::IsADirectory.into()));
    }
    // Only `init` makes the folder of a secret.
    fs::metadata(folder_of(file)).map_err(failed)?;
    private::check_writable(folder_of(file)).map_err(failed)
}

/// Writes a secret into a file that only its owner can read.
pub fn write_secret(file: &Path, secret: &str) -> Result<(), AppError> {
    let line = Zeroizing::new(format!("{secret}\n"));
    durable_file::write(file, line.as_bytes(), 0o600)
        .map_err(|error| AppError::file("write", file, &error))
}

/// A client to register. Either `scope` or `scopes` may name scopes, not both; so for audiences.
#[derive(Deserialize, ToSchema)]
#[schema(max_properties = 32)]
pub struct ClientForm {
    /// 1 to 64 characters out of `A-Z a-z 0-9 . _ -`, not a UUID, not `first-party`.
    #[serde(default)]
    #[schema(required, pattern = "^[A-Za-z0-9._-]{1,64}$")]
    pub client_id: String,
    /// The scopes that its tokens may hold, separated by spaces; none if left out.
    #[schema(pattern = r"^[ !#-\[\]-~]*$")]
    pub scope: Option<String>,
    /// The same scopes as an array.
    #[schema(schema_with = scopes)]
    pub scopes: Option<Vec<String>>,
    /// The audiences, beside the issuer, for which it may get tokens, separated by spaces: each one
    /// of `AUTH_AUDIENCE`. None if left out.
    pub audience: Option<String>,
    /// The same audiences as an array.
    #[schema(schema_with = audiences)]
    pub audiences: Option<Vec<String>>,
}

fn scopes() -> Array {
    let scope = ObjectBuilder::new().pattern(Some(r"^[!#-\[\]-~]+$"));
    names(scope, "The same scopes as an array, in JSON only. Not together with `scope`.")
}

fn audiences() -> Array {
    let audience = ObjectBuilder::new().pattern(Some(r"^\S+$"));
    names(audience, "The same audiences as an array, in JSON only. Not together with `audience`.")
}

fn names(name: ObjectBuilder, description: &str) -> Array {
    let list = ArrayBuilder::new().schema_type(SchemaType::from_iter([Type::Array, Type::Null]));
    list.items(name.schema_type(Type::String)).description(Some(description)).build()
}

/// A form without faults.
pub struct NewClient {
    client_id: String,
    scopes: Vec<String>,
    audiences: Vec<String>,
}

impl ClientForm {
    /// Checks every field. `known_audiences` are those of `AUTH_AUDIENCE`.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] for the first field with a fault.
    pub fn check(self, known_audiences: &[String]) -> Result<NewClient, AppError> {
        client_id::check(&self.client_id).map_err(|why| AppError::invalid("client_id", why))?;
        let (field, text) = one_list(["scope", "scopes"], self.scope, self.scopes)?;
        let scopes = parse_scopes(&text).ok_or_else(|| {
            AppError::invalid(field, "holds a character that RFC 6749 does not allow")
        })?;
        let (field, text) = one_list(["audience", "audiences"], self.audience, self.audiences)?;
        let mut audiences: Vec<String> = Vec::new();
        for audience in text.split_ascii_whitespace() {
            if !known_audiences.iter().any(|known| known == audience) {
                let known = known_audiences.join(", ");
                let why = format!("holds an audience that is not in AUTH_AUDIENCE: {known}");
                return Err(AppError::invalid(field, why));
            }
            if !audiences.iter().any(|held| held == audience) {
                audiences.push(audience.to_owned());
            }
        }
        Ok(NewClient { client_id: self.client_id, scopes, audiences })
    }
}

/// Returns the names that a form has as a text or as a list, separated by spaces, with the field
/// that has them.
fn one_list(
    [text_field, list_field]: [&'static str; 2],
    text: Option<String>,
    list: Option<Vec<String>>,
) -> Result<(&'static str, String), AppError> {
    let (text, list) = (text.unwrap_or_default(), list.unwrap_or_default());
    if list.is_empty() {
        return Ok((text_field, text));
    }
    if !text.is_empty() {
        let why = format!("can't be set together with `{text_field}`");
        return Err(AppError::invalid(list_field, why));
    }
    if list.iter().any(|name| name.is_empty() || name.contains(char::is_whitespace)) {
        return Err(AppError::invalid(
            list_field,
            format!("holds a text that is not one {text_field}"),
        ));
    }
    Ok((list_field, list.join(" ")))
}

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
    /// The audiences, beside the issuer, for which it may get tokens.
    pub audiences: Vec<String>,
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

impl ClientEntry {
    fn of(client: &Client, now: OffsetDateTime) -> Self {
        Self {
            client_id: client.client_id.clone(),
            scope: client.scopes.join(" "),
            audiences: client.audiences.clone(),
            created_at: client.created_at,
            secret_changed_at: client.secret_at,
            previous_secret_until: client.good_previous(now).map(|previous| previous.until),
        }
    }
}

/// A client with its new secret. No other answer shows the secret.
#[derive(Serialize, ToSchema)]
pub struct ClientWithSecret {
    /// The client.
    #[serde(flatten)]
    pub client: ClientEntry,
    /// The new secret.
    #[schema(value_type = String)]
    pub client_secret: Zeroizing<String>,
}
