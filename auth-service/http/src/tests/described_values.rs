//! The values in the API description: those that it allows are taken, others are refused.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use super::openapi::described;
use super::operators::Operator;
use super::server::Server;

const CLIENT: &str = "reports";

async fn operator(server: &Server) -> Operator<'_> {
    server.add_client(CLIENT, &["directory:read", "events:read"]);
    server.operator("ann").await
}

/// The schemas of a parameter: alternatives, or only one.
fn alternatives(parameter: &Value) -> Vec<&Value> {
    let schema = &parameter["schema"];
    schema["anyOf"].as_array().map_or_else(|| vec![schema], |either| either.iter().collect())
}

/// Returns values inside and outside of the bounds of a parameter.
fn values(parameter: &Value) -> (Vec<String>, Vec<String>) {
    let (mut inside, mut outside) = (vec![String::new()], Vec::new());
    for schema in alternatives(parameter) {
        for (bound, step) in [("minimum", -1), ("maximum", 1)] {
            let Some(bound) = schema[bound].as_i64() else { continue };
            inside.push(bound.to_string());
            outside.push((bound + step).to_string());
        }
        for word in schema["enum"].as_array().into_iter().flatten() {
            inside.push(word.as_str().unwrap().to_owned());
        }
        if ["enum", "format", "pattern", "minimum"].iter().any(|name| schema.get(name).is_some()) {
            outside.push("of no form".to_owned());
        }
    }
    (inside, outside)
}

#[actix_web::test]
async fn query_values_are_taken_exactly_within_the_described_bounds() {
    let server = Server::start();
    let operator = operator(&server).await;
    let client = server.service_token(CLIENT, &[]).await;
    let mut bounded = 0;
    for (path, method, operation) in described(&server).await {
        let token = if path.starts_with("/admin/") { &operator.token } else { &client };
        let path = path.replace("{public_id}", &operator.public_id.to_string());
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            if parameter["in"] != "query" {
                continue;
            }
            let name = parameter["name"].as_str().unwrap();
            let (inside, outside) = values(parameter);
            for value in &inside {
                let answer = server.get_with(&format!("{path}?{name}={value}"), token).await;
                assert_ne!(answer.status, 422, "{method} {path} {name}={value}: {answer:?}");
            }
            for value in &outside {
                let value = value.replace(' ', "+");
                let answer = server.get_with(&format!("{path}?{name}={value}"), token).await;
                assert_eq!(answer.status, 422, "{method} {path} {name}={value}: {answer:?}");
            }
            let free = ["actor", "subject", "q"].contains(&name);
            assert_eq!(outside.is_empty(), free, "{method} {path} {name}");
            if name == "limit" {
                let bounds = [&parameter["schema"]["minimum"], &parameter["schema"]["maximum"]];
                assert_eq!(bounds, [1, 1_000], "{method} {path}");
                bounded += 1;
            }
        }
    }
    assert_eq!(bounded, 5);
}

#[actix_web::test]
async fn described_roles_are_the_ones_that_can_be_set() {
    let server = Server::start();
    let operator = operator(&server).await;
    let user = server.sign_up("bob").await;
    let document = server.get("/openapi.json").await.json();
    let roles = &document["components"]["schemas"]["RolesForm"]["properties"]["roles"];
    assert_eq!(roles["items"]["enum"], json!(["user", "admin"]));
    assert_eq!(roles["contains"], json!({"const": "user"}));
    let path = format!("/admin/users/{user}/roles");
    for (roles, status) in [
        (json!(["user"]), 204),
        (json!(["user", "admin"]), 204),
        (json!(["admin"]), 422),
        (json!([]), 422),
        (json!(["user", "editor"]), 422),
    ] {
        let answer = operator.call("PUT", &path, Some(&json!({"roles": roles}))).await;
        assert_eq!(answer.status, status, "{roles}");
    }
}

#[actix_web::test]
async fn no_described_body_is_null() {
    let server = Server::start();
    let operator = operator(&server).await;
    for (path, method, operation) in described(&server).await {
        let Some(body) = operation.get("requestBody") else { continue };
        for (media_type, content) in body["content"].as_object().unwrap() {
            let schema = content["schema"].to_string();
            assert!(!schema.contains("null"), "{method} {path} {media_type}: {schema}");
        }
        let path = path.replace("{client_id}", CLIENT);
        let path = path.replace("{public_id}", &operator.public_id.to_string());
        let call = |request: TestRequest| {
            let bearer = ("authorization", format!("Bearer {}", operator.token));
            server.call(request.uri(&path).method(method.clone()).insert_header(bearer))
        };
        let null = call(TestRequest::default().set_json(Value::Null)).await;
        assert!(null.status.is_client_error(), "{method} {path}: {null:?}");
        let none = call(TestRequest::default()).await;
        let required = body["required"] == true;
        assert_eq!(none.status.is_client_error(), required, "{method} {path}: {none:?}");
    }
}

#[actix_web::test]
async fn operations_with_a_token_describe_all_refusals() {
    let server = Server::start();
    for (path, method, operation) in described(&server).await {
        let Some(ways) = operation["security"].as_array() else { continue };
        if ways.contains(&json!({})) {
            continue;
        }
        for status in ["400", "401", "403"] {
            assert!(operation["responses"][status].is_object(), "{method} {path} {status}");
        }
        let challenge = &operation["responses"]["401"]["headers"]["WWW-Authenticate"];
        assert!(challenge.is_object(), "{method} {path}");
    }
}

#[actix_web::test]
async fn every_reference_of_the_description_has_a_target() {
    let server = Server::start();
    let document = server.get("/openapi.json").await.json();
    let text = document.to_string();
    let references = text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next());
    let mut found = 0;
    for reference in references {
        assert!(document.pointer(reference).is_some(), "{reference}");
        found += 1;
    }
    assert!(found > 50);
}
