//! The common parts of Signet's binaries: settings, log, listeners, shutdown, documents page.
//!
//! Both binaries use these parts, so that an operator of one can also run the other.

pub mod api_description;
pub mod cli;
mod connection;
pub mod core_dumps;
pub mod cors;
mod deadline;
mod descriptors;
pub mod docs_page;
mod exchange;
pub mod failure;
pub mod forwarded;
pub mod http_metrics;
mod late_connections;
pub mod line_limit;
mod log_line;
mod log_queue;
pub mod log_settings;
pub mod management;
pub mod metrics;
pub mod output;
pub mod probe;
pub mod problem_response;
pub mod protection;
pub mod query;
pub mod request_context;
pub mod resource;
pub mod server;
pub mod serving;
pub mod settings;
pub mod shutdown;
pub mod telemetry;
pub mod url_encoded;
pub mod well_known;
