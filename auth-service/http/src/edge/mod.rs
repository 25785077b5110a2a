//! The edge between HTTP and the use cases: callers, bodies, queries, origins, answers and errors.
//! Each error of the use cases is mapped to a problem here, once. OAuth routes have their own errors
//! and their own client authentication (`oauth`).

pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod callers;
pub(crate) mod errors;
pub(crate) mod even_time;
mod options;
pub(crate) mod origin;
pub(crate) mod path;
pub(crate) mod query;
pub(crate) mod refusals;

pub(crate) use body::{Strict, StrictJson};
pub(crate) use callers::{Admin, Caller, DirectoryRead, EventsRead, ScopedClient, Then};
pub(crate) use errors::ApiError;
pub(crate) use even_time::EvenTime;
pub use options::{Edge, Options};
pub(crate) use origin::Origin;
pub(crate) use path::{ClientId, SessionId, UserId};
pub(crate) use query::{PageParameters, Query};
