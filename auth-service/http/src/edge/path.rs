//! Ids in paths.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use uuid::Uuid;

use super::errors::ApiError;
use auth_app::error::{AppError, Entity};

/// The user id `{public_id}` of a path. An invalid UUID is answered `404`.
pub(crate) struct UserId(pub(crate) Uuid);

/// The session id `{sid}` of a path. An invalid UUID is answered `404`.
pub(crate) struct SessionId(pub(crate) Uuid);

/// The client id `{client_id}` of a path, without percent-encoding.
pub(crate) struct ClientId(pub(crate) String);

impl FromRequest for UserId {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(id(request, "public_id", Entity::User).map(Self))
    }
}

impl FromRequest for SessionId {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(id(request, "sid", Entity::Session).map(Self))
    }
}

impl FromRequest for ClientId {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let path = web::Path::<String>::from_request(request, payload).into_inner();
        ready(path.map(|path| Self(path.into_inner())))
    }
}

fn id(request: &HttpRequest, name: &str, what: Entity) -> Result<Uuid, ApiError> {
    let text = request.match_info().get(name).unwrap_or_default();
    Uuid::try_parse(text).map_err(|_| AppError::not_found(what, text).into())
}
