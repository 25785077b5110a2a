//! Every public route, and the listener that serves them.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::{
    App, FromRequest, Handler, HttpRequest, Resource, Responder, Route, middleware, web,
};
use signet_contract::jwks::JWKS_PATH;
use signet_service::cors::{Pages, allow};
use signet_service::http_metrics::HttpMetrics;
use signet_service::problem_response::{method_not_allowed, not_found};
use signet_service::protection::protect;
use signet_service::request_context::{Proxies, with_context};
use signet_service::resource::{READING, read};
use signet_service::serving::Serving;
use signet_service::{docs_page, server, well_known};

use crate::admin::{self, audit, clients, keys, users};
use crate::api::{login, logout, password, sessions, signup};
use crate::edge::Edge;
use crate::guards::{directory, feed};
use crate::oauth::{self, jwks, metadata};
use crate::openapi;
use auth_app::AppState;

/// Creates the counters of the requests at the public listener.
///
/// # Errors
///
/// Never in a build that passed its tests: the description is fixed.
pub fn metrics() -> Result<HttpMetrics, serde_json::Error> {
    HttpMetrics::new(openapi::TEXT, &["/feed"])
}

/// Starts the public listener. It keeps an idle connection for `keep_alive`.
pub fn serve(
    listener: TcpListener,
    keep_alive: Duration,
    app: Arc<AppState>,
    edge: Arc<Edge>,
    metrics: HttpMetrics,
) -> std::io::Result<Serving> {
    let proxies = Proxies::new(edge.options.trusted_proxies.clone(), "AUTH_TRUSTED_PROXIES");
    server::serve(listener, None, keep_alive, move || {
        let (metrics, proxies) = (metrics.clone(), proxies.clone());
        let context = move |request, next| with_context(proxies.clone(), request, next);
        App::new()
            .wrap(middleware::from_fn(protect))
            .wrap_fn(move |request, next| metrics.measure(request, next))
            .wrap(middleware::from_fn(context))
            .configure(routes(Arc::clone(&app), Arc::clone(&edge)))
    })
}

/// Adds every route.
pub fn routes(app: Arc<AppState>, edge: Arc<Edge>) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        let origins = edge.options.cors_origins.clone();
        let called_by_pages =
            |methods: &[Method], resource| allow(Pages::Of(&origins), methods, resource);
        let issuer = &app.tokens.issuer;
        let metadata =
            well_known::metadata(metadata::PATH, issuer, Pages::Every, metadata::metadata);
        config
            .app_data(web::Data::from(app))
            .app_data(web::Data::from(edge))
            .service(called_by_pages(&[Method::POST], post("/signup", signup::sign_up)))
            .service(called_by_pages(&[Method::POST], post("/login", login::log_in)))
            .service(called_by_pages(&[Method::POST], post("/logout", logout::log_out)))
            .service(called_by_pages(
                &[Method::POST],
                post("/logout/all", logout::log_out_everywhere),
            ))
            .service(called_by_pages(&[Method::POST], post("/password", password::change)))
            .service(called_by_pages(&READING, read("/sessions", sessions::list)))
            .service(called_by_pages(&[Method::DELETE], delete("/sessions/{sid}", sessions::end)))
            .service(called_by_pages(&[Method::POST], post("/oauth2/token", oauth::issue)))
            .service(called_by_pages(&[Method::POST], post("/oauth2/revoke", oauth::revoke)))
            .service(post("/oauth2/introspect", oauth::introspect))
            .service(allow(Pages::Every, &READING, read(JWKS_PATH, jwks::key_set)))
            .configure(metadata)
            .service(read("/feed", feed::read))
            .service(read("/directory/users", directory::list))
            .service(read("/admin/audit", audit::list))
            .service(read("/admin/guards", admin::guards::list))
            .service(read("/admin/keys", keys::list))
            .service(post("/admin/keys/rotate", keys::rotate))
            .service(post("/admin/keys/revoke-all", keys::revoke_all))
            .service(post("/admin/keys/{kid}/revoke", keys::revoke))
            .service(listed_and_added("/admin/users", users::list, users::create))
            .service(delete("/admin/users/{public_id}", users::delete))
            .service(post("/admin/users/{public_id}/disable", users::disable))
            .service(post("/admin/users/{public_id}/enable", users::enable))
            .service(post("/admin/users/{public_id}/logout", users::log_out))
            .service(put("/admin/users/{public_id}/password", users::set_password))
            .service(put("/admin/users/{public_id}/roles", users::set_roles))
            .service(read("/admin/users/{public_id}/sessions", admin::sessions::list))
            .service(delete("/admin/sessions/{sid}", admin::sessions::revoke))
            .service(listed_and_added("/admin/clients", clients::list, clients::add))
            .service(delete("/admin/clients/{client_id}", clients::remove))
            .service(post("/admin/clients/{client_id}/rotate-secret", clients::rotate_secret))
            .configure(docs_page::routes(openapi::TEXT, origins))
            .default_service(web::to(not_found));
    }
}

/// Returns a resource with a list that one can be added to.
fn listed_and_added<L, ListArgs, A, AddArgs>(path: &str, list: L, add: A) -> Resource
where
    L: Handler<ListArgs>,
    ListArgs: FromRequest + 'static,
    L::Output: Responder + 'static,
    A: Handler<AddArgs>,
    AddArgs: FromRequest + 'static,
    A::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::get().to(list.clone()))
        .route(web::head().to(list))
        .route(web::post().to(add))
        .default_service(refusing("GET, HEAD, POST"))
}

fn post<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    taking("POST", path, web::post().to(handler))
}

fn put<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    taking("PUT", path, web::put().to(handler))
}

fn delete<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    taking("DELETE", path, web::delete().to(handler))
}

/// Returns a resource of one method. Its `405` names the method.
fn taking(method: &'static str, path: &str, route: Route) -> Resource {
    web::resource(path).route(route).default_service(refusing(method))
}

/// The `405` of a resource that takes these methods.
fn refusing(allow: &'static str) -> Route {
    web::to(move |request: HttpRequest| async move { method_not_allowed(&request, allow) })
}
