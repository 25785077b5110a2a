//! A service on actix with a guard: it answers with the caller, and shows operators a separate page.
//! It knows its users only by their tokens.
//!
//! The issuer serves with `AUTH_AUDIENCE=api-service,orders`, and a log-in asks for `audience=orders`.
//!
//! ```text
//! auth-service clients add orders --scope "directory:read events:read" --secret-file orders.secret
//! cargo run --example actix --features actix,settings -- --client-secret-file orders.secret
//! ```

use std::io::Write;

use actix_web::{App, HttpResponse, HttpServer, web};
use clap::Parser;
use serde_json::{Value, json};
use signet_guard::actix::Guarded;
use signet_guard::{Caller, Guard, Rules};

mod arguments;

async fn orders(caller: Caller) -> web::Json<Value> {
    web::Json(json!({ "user": caller.user(), "client_id": caller.client_id(), "orders": [] }))
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
    let arguments = arguments::Arguments::parse();
    let guard = arguments.guard.start().await?;
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
    .bind(&arguments.bind)?;
    for address in server.addrs() {
        writeln!(std::io::stdout(), "listening on {address}")?;
    }
    server.run().await?;
    guard.stop().await;
    Ok(())
}
