//! `/admin/clients`: the clients (services that get their own tokens), for operators.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use signet_contract::problem::Problem;
use signet_service::problem_response::ProblemError;
use signet_service::settings::duration;
use utoipa::ToSchema;

use crate::Issuer;
use crate::edge::answer;
use crate::edge::body;
use crate::edge::callers::Admin;
use crate::edge::query::wrong;
use crate::edge::refusals::{NoSuchClient, NotAnOperator, Unreadable, Unwritable, WrongBody};
use auth_app::listing::clients::{ClientEntry, ClientList};
use auth_domain::clients::{
    Client, LONGEST_OVERLAP, USUAL_OVERLAP, check_id, new_secret, parse_scopes, secret_hash,
};

/// A client with its new secret. No other answer shows the secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClientWithSecret {
    #[serde(flatten)]
    client: ClientEntry,
    client_secret: String,
}

/// A client to register.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ClientForm {
    /// 1 to 64 characters out of `A-Z a-z 0-9 . _ -`, not a UUID, not `first-party`.
    #[serde(default)]
    #[schema(required)]
    client_id: String,
    /// The scopes that its tokens may hold, separated by spaces; none if left out.
    scope: Option<String>,
    /// The same scopes as an array, in JSON only.
    scopes: Option<Vec<String>>,
}

/// The options of a secret rotation.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SecretRotationForm {
    /// The time that the previous secret stays good, such as `1h`: `24h` if left out, at most `7d`;
    /// `0s` ends it at once.
    overlap: Option<String>,
}

fn unknown() -> ProblemError {
    ProblemError::new(StatusCode::NOT_FOUND, "There is no such client.")
}

/// The clients, by id.
#[utoipa::path(
    get, path = "/admin/clients", tag = "Operators", operation_id = "listClients",
    security(("admin" = [])),
    responses(
        (status = 200, description = "The clients.", body = ClientList),
        NotAnOperator,
        Unreadable,
    )
)]
pub(crate) async fn list(
    request: HttpRequest,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, actix_web::Error> {
    Admin::of(&request, &issuer).await?;
    let clients = issuer.ask(|store| store.list_clients()).await?;
    Ok(answer::json(StatusCode::OK, ClientList::of(&clients, issuer.clock.now())))
}

/// Registers a client.
#[utoipa::path(
    post, path = "/admin/clients", tag = "Operators", operation_id = "addClient",
    security(("admin" = [])),
    request_body(content = ClientForm),
    responses(
        (status = 201, description = "The client; its secret is told only here.", body = ClientWithSecret),
        NotAnOperator,
        (status = 409, description = "There is a client of this id.", body = Problem, content_type = "application/problem+json"),
        WrongBody,
        (status = 422, description = "A field has a value that it can't have.", body = Problem, content_type = "application/problem+json"),
        Unwritable,
    )
)]
pub(crate) async fn add(
    request: HttpRequest,
    payload: web::Payload,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, actix_web::Error> {
    let admin = Admin::of(&request, &issuer).await?;
    let ClientForm { client_id, scope, scopes } = body::read(&request, payload, body::ANY).await?;
    check_id(&client_id).map_err(|why| wrong("client_id", why.to_string()))?;
    let scopes = scopes_of(scope.unwrap_or_default(), &scopes.unwrap_or_default())?;
    let secret = new_secret().map_err(crate::edge::legacy::of_signing)?;
    let act = issuer.act_of(&request, admin.public_id);
    let client = Client::new(&client_id, scopes, secret_hash(&secret), act.at);
    let body = ClientWithSecret {
        client: ClientEntry::of(&client, act.at),
        client_secret: secret.to_string(),
    };
    if !issuer.ask(move |store| store.add_client(&client, &act)).await? {
        let line = "There is a client of this id.";
        return Err(ProblemError::new(StatusCode::CONFLICT, line).into());
    }
    tracing::info!(by = %admin.public_id, %client_id, "an operator added a client");
    Ok(answer::json(StatusCode::CREATED, body))
}

/// Reads the scopes from one of the two members that can name them.
fn scopes_of(text: String, texts: &[String]) -> Result<Vec<String>, ProblemError> {
    if !text.is_empty() && !texts.is_empty() {
        return Err(wrong("scopes", "is there beside `scope`, which says the same"));
    }
    if texts.iter().any(|scope| scope.is_empty() || scope.contains(char::is_whitespace)) {
        return Err(wrong("scopes", "holds what is no single scope"));
    }
    let (name, list) = if texts.is_empty() { ("scope", text) } else { ("scopes", texts.join(" ")) };
    let not_allowed = || wrong(name, "holds a character that RFC 6749 does not allow");
    parse_scopes(&list).ok_or_else(not_allowed)
}

/// Gives a client a new secret.
///
/// The previous secret stays good for a while, so that the new one can be deployed. An older secret
/// is void. The client's tokens stay good.
#[utoipa::path(
    post, path = "/admin/clients/{client_id}/rotate-secret", tag = "Operators",
    operation_id = "rotateClientSecret",
    security(("admin" = [])),
    params(("client_id" = String, Path, description = "The client's id.")),
    request_body(content = Option<SecretRotationForm>),
    responses(
        (status = 201, description = "The client; its new secret is told only here.", body = ClientWithSecret),
        NotAnOperator,
        NoSuchClient,
        WrongBody,
        (status = 422, description = "`overlap` is no duration up to 7 days.", body = Problem, content_type = "application/problem+json"),
        Unwritable,
    )
)]
pub(crate) async fn rotate_secret(
    request: HttpRequest,
    payload: web::Payload,
    client_id: web::Path<String>,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, actix_web::Error> {
    let admin = Admin::of(&request, &issuer).await?;
    let asked: SecretRotationForm = body::read(&request, payload, body::ANY).await?;
    let overlap = match asked.overlap.as_deref().unwrap_or_default() {
        "" => USUAL_OVERLAP,
        text => {
            duration(Duration::ZERO, LONGEST_OVERLAP)(text).map_err(|why| wrong("overlap", why))?
        }
    };
    let secret = new_secret().map_err(crate::edge::legacy::of_signing)?;
    let (act, hash) = (issuer.act_of(&request, admin.public_id), secret_hash(&secret));
    let (now, wanted) = (act.at, client_id.into_inner());
    let rotated =
        issuer.ask(move |store| store.rotate_client_secret(&wanted, &hash, overlap, &act)).await?;
    let client = rotated.ok_or_else(unknown)?;
    tracing::info!(by = %admin.public_id, client_id = %client.client_id, ?overlap, "an operator rotated a client's secret");
    let client = ClientEntry::of(&client, now);
    let body = ClientWithSecret { client, client_secret: secret.to_string() };
    Ok(answer::json(StatusCode::CREATED, body))
}

/// Removes a client.
///
/// Every guard refuses its tokens, even if the id is registered again.
#[utoipa::path(
    delete, path = "/admin/clients/{client_id}", tag = "Operators", operation_id = "removeClient",
    security(("admin" = [])),
    params(("client_id" = String, Path, description = "The client's id.")),
    responses(
        (status = 204, description = "The client is gone."),
        NotAnOperator,
        NoSuchClient,
        Unwritable,
    )
)]
pub(crate) async fn remove(
    request: HttpRequest,
    client_id: web::Path<String>,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, actix_web::Error> {
    let admin = Admin::of(&request, &issuer).await?;
    let (act, wanted) = (issuer.act_of(&request, admin.public_id), client_id.clone());
    if !issuer.ask(move |store| store.remove_client(&wanted, &act)).await? {
        return Err(unknown().into());
    }
    tracing::info!(by = %admin.public_id, client_id = ?client_id.as_str(), "an operator removed a client");
    Ok(answer::done())
}
