//! A gRPC service on tonic with a guard. It serves the protocol `grpc.health.v1.Health`, which needs no
//! generated code, and answers users only.
//!
//! The issuer serves with `AUTH_AUDIENCE=api-service,orders`, and a log-in asks for `audience=orders`.
//!
//! ```text
//! auth-service clients add orders --scope "directory:read events:read" --secret-file orders.secret
//! cargo run --example tonic --features settings,tower -- --client-secret-file orders.secret
//! ```

use std::io::Write;

use clap::Parser;
use signet_guard::tower::GuardLayer;
use signet_guard::{Caller, Rules};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

mod arguments;

struct Orders;

#[tonic::async_trait]
impl Health for Orders {
    type WatchStream = tonic::codegen::BoxStream<HealthCheckResponse>;

    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let caller = request.extensions().get::<Caller>();
        let known = caller.is_some_and(|caller| caller.user().is_some());
        let status = if known { ServingStatus::Serving } else { ServingStatus::Unknown };
        Ok(Response::new(HealthCheckResponse { status: status.into() }))
    }

    async fn watch(
        &self,
        _: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        Err(Status::unimplemented("no watch"))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = arguments::Arguments::parse();
    let guard = arguments.guard.start().await?;
    let incoming = TcpIncoming::bind(arguments.bind.parse()?)?;
    writeln!(std::io::stdout(), "listening on {}", incoming.local_addr()?)?;
    Server::builder()
        .layer(GuardLayer::new(guard.requiring(Rules::new().user())).grpc())
        .add_service(HealthServer::new(Orders))
        .serve_with_incoming(incoming)
        .await?;
    Ok(())
}
