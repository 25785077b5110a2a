//! A service on actix for the benchmarks: the same body with and without a guard.
//!
//! `/guarded` and `/unguarded` answer with the first body. `/unguarded/N` answers with the Nth one,
//! counted from 0, and `/unguarded/fields` with header fields alone. `bench` starts it.

use std::path::PathBuf;

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{App, HttpResponse, HttpServer, web};
use clap::Parser;
use signet_guard::Caller;
use signet_guard::settings::GuardSettings;

/// The arguments.
#[derive(Debug, Parser)]
struct Arguments {
    /// The address to listen on
    #[arg(long)]
    bind: String,
    /// A file with a body; give the option again for more bodies
    #[arg(long, required = true)]
    body: Vec<PathBuf>,
    /// A header field as NAME:VALUE; give the option again for more fields
    #[arg(long)]
    field: Vec<String>,
    #[command(flatten)]
    guard: GuardSettings,
}

/// The bodies of the answers.
type Bodies = web::Data<Vec<web::Bytes>>;

/// The header fields of an answer without a body.
type Fields = web::Data<Vec<(HeaderName, HeaderValue)>>;

fn json(body: &web::Bytes) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(body.clone())
}

async fn guarded(_: Caller, bodies: Bodies) -> HttpResponse {
    json(&bodies[0])
}

async fn unguarded(bodies: Bodies) -> HttpResponse {
    json(&bodies[0])
}

async fn numbered(number: web::Path<usize>, bodies: Bodies) -> HttpResponse {
    bodies.get(*number).map_or_else(|| HttpResponse::NotFound().finish(), json)
}

async fn with_fields(fields: Fields) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    for (name, value) in fields.iter() {
        answer.insert_header((name.clone(), value.clone()));
    }
    answer.finish()
}

fn parsed(field: &str) -> Result<(HeaderName, HeaderValue), Box<dyn std::error::Error>> {
    let (name, value) = field.split_once(':').ok_or("a field is NAME:VALUE")?;
    Ok((name.parse()?, value.parse()?))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let bodies = arguments.body.iter().map(std::fs::read).collect::<Result<Vec<_>, _>>()?;
    let bodies = web::Data::new(bodies.into_iter().map(web::Bytes::from).collect::<Vec<_>>());
    let fields = arguments.field.iter().map(|field| parsed(field));
    let fields = web::Data::new(fields.collect::<Result<Vec<_>, _>>()?);
    let guard = arguments.guard.start().await?;
    let served = guard.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(served.clone()))
            .app_data(bodies.clone())
            .app_data(fields.clone())
            .route("/guarded", web::get().to(guarded))
            .route("/unguarded", web::get().to(unguarded))
            .route("/unguarded/fields", web::get().to(with_fields))
            .route("/unguarded/{number}", web::get().to(numbered))
    })
    .bind(&arguments.bind)?;
    server.run().await?;
    guard.stop().await;
    Ok(())
}
