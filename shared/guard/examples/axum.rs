//! A service on axum with a guard: it answers with the caller, and shows operators a separate page.
//! It knows its users only by their tokens.
//!
//! The issuer serves with `AUTH_AUDIENCE=api-service,orders`, and a log-in asks for `audience=orders`.
//!
//! ```text
//! auth-service clients add orders --scope "directory:read events:read" --secret-file orders.secret
//! cargo run --example axum --features settings,tower -- --client-secret-file orders.secret
//! ```

use std::io::Write;

use axum::routing::get;
use axum::{Json, Router};
use clap::Parser;
use serde_json::{Value, json};
use signet_guard::tower::GuardLayer;
use signet_guard::{Admin, Caller};
use tokio::net::TcpListener;

mod arguments;

async fn orders(caller: Caller) -> Json<Value> {
    Json(json!({ "user": caller.user(), "client_id": caller.client_id(), "orders": [] }))
}

async fn reports(_: Admin) -> &'static str {
    "only operators read this\n"
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = arguments::Arguments::parse();
    let guard = arguments.guard.start().await?;
    let app = Router::new()
        .route("/orders", get(orders))
        .route("/reports", get(reports))
        .layer(GuardLayer::new(&guard));
    let listener = TcpListener::bind(&arguments.bind).await?;
    writeln!(std::io::stdout(), "listening on {}", listener.local_addr()?)?;
    axum::serve(listener, app).await?;
    Ok(())
}
