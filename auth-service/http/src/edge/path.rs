//! Ids in paths.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use uuid::Uuid;

use super::errors::ApiError;
use auth_app::error::{AppError, Entity};

/// The user id `{public_id}` of a path. An invalid UUID is answered `404`.
pub(crate) struct UserId(pub(crate) Uuid);

/// The session id `{sid}` of a path. An invalid UUID is answered `404`.
pub(crate) struct SessionId(pub(crate) Uuid);

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

fn id(request: &HttpRequest, name: &str, what: Entity) -> Result<Uuid, ApiError> {
    let text = request.match_info().get(name).unwrap_or_default();
    Uuid::try_parse(text).map_err(|_| AppError::not_found(what, text).into())
}
