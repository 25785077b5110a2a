//! `/admin/clients`: the clients (services that get their own tokens), for operators.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use signet_contract::problem::Problem;
use signet_service::api_description::TokenRefusals;
use signet_service::settings::duration;
use utoipa::ToSchema;

use crate::edge::{
    Admin, ApiError, ClientId, Strict, Then, answer,
    query::wrong,
    refusals::{NoSuchClient, Unreadable, Unwritable, WrongBody},
};
use auth_app::AppState;
use auth_app::clients::{self, ClientForm, ClientList, ClientWithSecret};
use auth_domain::clients::{LONGEST_OVERLAP, USUAL_OVERLAP};

/// The options of a secret rotation.
#[derive(Deserialize, ToSchema)]
#[schema(max_properties = 32)]
pub(crate) struct SecretRotationForm {
    /// The time that the previous secret stays good, such as `1h`: `24h` if left out, at most `7d`;
    /// `0s` ends it at once.
    #[schema(pattern = "^([0-9]{1,5}s|[0-9]{1,4}m|[0-9]{1,2}h|[0-7]d)?$")]
    overlap: Option<String>,
}

/// The clients, by id.
#[utoipa::path(
    get, path = "/admin/clients", tag = "Operators", operation_id = "listClients",
    security(("admin" = [])),
    responses(
        (status = 200, description = "The clients.", body = ClientList),
        TokenRefusals,
        Unreadable,
    )
)]
pub(crate) async fn list(_: Admin, app: web::Data<AppState>) -> Result<HttpResponse, ApiError> {
    let now = app.clock.now();
    let list = app.run(move |store| clients::list_clients(store, now)).await?;
    Ok(answer::json(StatusCode::OK, list))
}

/// Registers a client.
#[utoipa::path(
    post, path = "/admin/clients", tag = "Operators", operation_id = "addClient",
    security(("admin" = [])),
    request_body(content = ClientForm),
    responses(
        (status = 201, description = "The client; its secret is told only here.", body = ClientWithSecret),
        TokenRefusals,
        (status = 409, description = "There is a client of this id.", body = Problem, content_type = "application/problem+json"),
        WrongBody,
        (status = 422, description = "A field has a value that it can't have.", body = Problem, content_type = "application/problem+json"),
        Unwritable,
    )
)]
pub(crate) async fn add(
    request: Then<Admin, Strict<ClientForm>>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let Then(admin, Strict(form)) = request;
    let act = admin.act(&app);
    let client = form.check(&app.tokens.audiences)?;
    let keep = |_: &str| Ok(());
    let added = app.run(move |store| clients::add_client(store, client, &act, keep)).await?;
    Ok(answer::json(StatusCode::CREATED, added))
}

/// Gives a client a new secret.
///
/// The previous secret stays good for a while, so that the new one can be deployed. An older secret
/// is void. The client's tokens stay good.
#[utoipa::path(
    post, path = "/admin/clients/{client_id}/rotate-secret", tag = "Operators",
    operation_id = "rotateClientSecret",
    security(("admin" = [])),
    params(("client_id" = String, Path, pattern = "^[A-Za-z0-9._-]{1,64}$", description = "The client's id.")),
    request_body(content = Option<SecretRotationForm>),
    responses(
        (status = 201, description = "The client; its new secret is told only here.", body = ClientWithSecret),
        TokenRefusals,
        NoSuchClient,
        WrongBody,
        (status = 422, description = "`overlap` is no duration up to 7 days.", body = Problem, content_type = "application/problem+json"),
        Unwritable,
    )
)]
pub(crate) async fn rotate_secret(
    request: Then<Admin, (Strict<SecretRotationForm>, ClientId)>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let Then(admin, (Strict(form), ClientId(client_id))) = request;
    let act = admin.act(&app);
    let overlap = match form.overlap.as_deref().unwrap_or_default() {
        "" => USUAL_OVERLAP,
        text => {
            duration(Duration::ZERO, LONGEST_OVERLAP)(text).map_err(|why| wrong("overlap", why))?
        }
    };
    let rotate = move |store: &_| {
        clients::rotate_client_secret(store, &client_id, overlap, &act, |_| Ok(()))
    };
    Ok(answer::json(StatusCode::CREATED, app.run(rotate).await?))
}

/// Removes a client.
///
/// Every guard refuses its tokens, even if the id is registered again.
#[utoipa::path(
    delete, path = "/admin/clients/{client_id}", tag = "Operators", operation_id = "removeClient",
    security(("admin" = [])),
    params(("client_id" = String, Path, pattern = "^[A-Za-z0-9._-]{1,64}$", description = "The client's id.")),
    responses(
        (status = 204, description = "The client is gone."),
        TokenRefusals,
        NoSuchClient,
        Unwritable,
    )
)]
pub(crate) async fn remove(
    request: Then<Admin, ClientId>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let Then(admin, ClientId(client_id)) = request;
    let act = admin.act(&app);
    app.run(move |store| clients::remove_client(store, &client_id, &act)).await?;
    Ok(answer::done())
}
