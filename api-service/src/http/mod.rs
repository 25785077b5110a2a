//! The routes for clients. Only this layer uses HTTP.

mod forward_auth;
mod openapi;
mod page_query;
mod protected_resource;
mod users;

use std::sync::Arc;

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{Resource, middleware, web};
use signet_guard::{Guard, Rules};
use signet_service::cors::{Pages, allow};
use signet_service::line_limit::LineLimit;
use signet_service::resource::{READING, read};
use signet_service::{docs_page, problem_response, well_known};

pub use forward_auth::line_limit;
pub use openapi::{OPENAPI, document as openapi};

use crate::blocking::Blocking;
use crate::domain::directory::Directory;
use crate::domain::visibility::Visibility;

/// The data for the routes. Created once and cloned into every worker.
#[derive(Clone)]
pub struct Api {
    /// The guard that checks tokens.
    pub guard: Guard,
    /// The source of the users.
    pub directory: Arc<dyn Directory>,
    /// The users that may read records other than their own.
    pub visibility: Visibility,
    /// The runner for jobs on threads that may block.
    pub blocking: Blocking,
    /// The issuer, compared exactly.
    pub issuer: String,
    /// The public address of this service.
    pub public_url: String,
    /// The origins of pages that may call from a browser.
    pub cors_origins: Vec<String>,
    /// The limit of lines about rules that no caller can keep.
    pub bad_rules: Arc<LineLimit>,
}

/// Adds all routes.
pub fn routes(api: Api) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        // No cache may store personal data or a refusal (RFC 9111 §5.2.2.5).
        let unstored = || middleware::DefaultHeaders::new().add((CACHE_CONTROL, "no-store"));
        let origins = api.cors_origins.clone();
        let named = |resource: Resource| {
            resource.wrap(middleware::from_fn(protected_resource::name_metadata))
        };
        let read_by_pages = |resource: Resource| {
            allow(Pages::Of(&origins), &READING, named(resource).wrap(unstored()))
        };
        let metadata = well_known::metadata(
            protected_resource::PATH,
            &api.public_url,
            Pages::Of(&origins),
            protected_resource::metadata,
        );
        config
            .app_data(web::Data::new(of_the_directory(&api.guard)))
            .app_data(web::Data::new(api))
            .service(read_by_pages(read("/user", users::list)))
            .service(read_by_pages(read("/user/me", users::me)))
            .service(read_by_pages(read("/user/{public_id}", users::one)))
            .service(named(forward_auth::resource()).wrap(unstored()))
            .configure(metadata)
            .configure(docs_page::routes(OPENAPI, origins))
            .default_service(web::to(problem_response::not_found));
    }
}

/// Returns the guard for the routes of the user directory. Their audience is the first one: the others
/// are those of services behind a proxy.
fn of_the_directory(guard: &Guard) -> Guard {
    let own = guard.audiences().first().cloned();
    guard.requiring(Rules::new().any_audience(own))
}
