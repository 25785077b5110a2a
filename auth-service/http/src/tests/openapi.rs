//! Checks the API description against the routes: every described route answers.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::Value;

use super::server::Server;

pub(super) async fn described(server: &Server) -> Vec<(String, Method, Value)> {
    let document = server.get("/openapi.json").await.json();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            operations.push((path.clone(), method, operation.clone()));
        }
    }
    operations
}

#[actix_web::test]
async fn every_described_route_answers_with_a_status_that_is_described() {
    let server = Server::start();
    let operations = described(&server).await;
    assert!(operations.len() > 10);
    for (path, method, operation) in operations {
        let answer = server.call(TestRequest::with_uri(&path).method(method.clone())).await;
        let described = operation["responses"].get(answer.status.as_str());
        assert!(described.is_some(), "{method} {path}: {}", answer.status);
        assert!(![404, 405].contains(&answer.status.as_u16()), "{method} {path}");
    }
}

#[actix_web::test]
async fn served_description_is_that_of_the_handlers() {
    let document = crate::openapi::document().to_pretty_json().unwrap();
    assert!(document == crate::openapi::TEXT.trim_end(), "run scripts/generate");
}
