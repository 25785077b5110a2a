//! The origin of a request: the client's address, and the id of the request.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use signet_service::request_context::RequestContext;

use auth_domain::audit::RequestOrigin;

/// Returns the origin, as the middleware around all routes has found it.
pub(crate) fn origin(request: &HttpRequest) -> RequestOrigin {
    let context = RequestContext::of(request);
    context.map_or_else(RequestOrigin::default, |context| RequestOrigin {
        address: context.address,
        request_id: Some(context.id),
    })
}

/// The origin, as [`origin`] returns it.
pub(crate) struct Origin(pub(crate) RequestOrigin);

impl FromRequest for Origin {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(origin(request))))
    }
}
