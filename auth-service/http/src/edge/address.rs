//! The address that a request comes from.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::IpAddr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use signet_service::forwarded::client_behind;

use super::Edge;

/// Returns the client's address: the peer's, or the one that a trusted proxy names.
pub(crate) fn client_address(request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    let edge = request.app_data::<web::Data<Edge>>()?;
    Some(client_behind(peer, request.headers(), &edge.options.trusted_proxies))
}

/// The client's address, as [`client_address`] returns it.
pub(crate) struct ClientAddress(pub(crate) Option<IpAddr>);

impl FromRequest for ClientAddress {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(client_address(request))))
    }
}
