//! A third service with a guard: it answers with the caller, and shows operators a separate page.
//! It knows its users only by their tokens.
//!
//! ```text
//! auth-service clients add orders --scope "directory:read events:read" --secret-file orders.secret
//! cargo run --example orders --features actix -- --client-secret-file orders.secret
//! ```

use std::path::PathBuf;
use std::sync::Arc;

use actix_web::{App, HttpResponse, HttpServer, web};
use clap::Parser;
use signet_guard::actix::Guarded;
use signet_guard::clock::SystemClock;
use signet_guard::{Caller, FileStore, Guard, GuardConfig, Rules, address};

/// The arguments.
#[derive(Parser)]
struct Arguments {
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8003")]
    bind: String,
    /// The issuer, exactly as in its tokens.
    #[arg(long, default_value = "http://localhost:8001")]
    issuer: String,
    /// The address of the issuer, if that differs.
    #[arg(long)]
    auth_url: Option<String>,
    /// The audience that tokens must have.
    #[arg(long, default_value = "orders")]
    audience: String,
    /// This service's client at the issuer.
    #[arg(long, default_value = "orders")]
    client_id: String,
    /// The file with that client's secret.
    #[arg(long, default_value = "keys/clients/orders.secret")]
    client_secret_file: PathBuf,
    /// The file for the guard's data, kept over a restart.
    #[arg(long, default_value = "orders-guard.json")]
    state_file: PathBuf,
}

async fn orders(caller: Caller) -> HttpResponse {
    let token = caller.token();
    HttpResponse::Ok().json(serde_json::json!({
        "user": caller.user(),
        "client_id": token.client_id,
        "orders": [],
    }))
}

async fn reports() -> &'static str {
    "only operators read this\n"
}

async fn ready(guard: web::Data<Guard>) -> HttpResponse {
    let status = guard.status();
    let mut answer =
        if status.ready() { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    let mut lines: Vec<_> = status.mismatches.iter().map(ToString::to_string).collect();
    lines.push(format!("{status:#?}\n"));
    answer.body(lines.join("\n"))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given = Arguments::parse();
    let mut config = GuardConfig::new(
        &given.issuer,
        &given.audience,
        &given.client_id,
        given.client_secret_file,
    )?;
    if let Some(auth_url) = &given.auth_url {
        config.auth_url = address::parse(auth_url)?;
    }
    let store = Arc::new(FileStore::open(given.state_file)?);
    let guard = Guard::start(config, store, Arc::new(SystemClock)).await?;

    let served = guard.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(served.clone()))
            .route("/orders", web::get().to(orders))
            .service(
                web::scope("/reports")
                    .wrap(Guarded::by(served.requiring(Rules::new().role("admin"))))
                    .route("", web::get().to(reports)),
            )
            .route("/ready", web::get().to(ready))
    })
    .workers(2)
    .bind(&given.bind)?;
    for address in server.addrs() {
        use std::io::Write;
        writeln!(std::io::stdout(), "listening on {address}")?;
    }
    server.run().await?;
    guard.stop().await;
    Ok(())
}
