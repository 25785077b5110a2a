//! The arguments of the examples: the settings of the guard, with defaults of this service.

use clap::Parser;
use signet_guard::settings::GuardSettings;

/// The arguments.
#[derive(Parser)]
#[command(
    mut_arg("issuer", |arg| arg.required(false).default_value("http://localhost:8001")),
    mut_arg("audience", |arg| arg.required(false).default_value("orders")),
    mut_arg("client_id", |arg| arg.required(false).default_value("orders")),
    mut_arg("client_secret_file", |arg| {
        arg.required(false).default_value("keys/clients/orders.secret")
    }),
    mut_arg("state_file", |arg| arg.required(false).default_value("orders-guard.json"))
)]
pub(crate) struct Arguments {
    /// The address to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8003")]
    pub(crate) bind: String,
    #[command(flatten)]
    pub(crate) guard: GuardSettings,
}
