//! `GET /.well-known/jwks.json` and `GET /.well-known/oauth-authorization-server`.

use actix_web::test::TestRequest;
use serde_json::json;
use signet_verifier::parse_key_set;

use super::server::{ISSUER, Server};

#[actix_web::test]
async fn key_set_is_public_and_cacheable_and_has_no_private_members() {
    let server = Server::start();
    let answer = server.get("/.well-known/jwks.json").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/jwk-set+json");
    assert_eq!(answer.header("cache-control"), "public, max-age=60, stale-if-error=86400");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert!(answer.header("etag").starts_with('"'));
    let set = answer.json();
    let key = set["keys"][0].as_object().unwrap();
    let members: Vec<_> = key.keys().map(String::as_str).collect();
    assert_eq!(members, ["kty", "use", "alg", "kid", "n", "e"]);
    assert_eq!(parse_key_set(answer.body.as_bytes()).unwrap().keys.len(), 1);
}

#[actix_web::test]
async fn unchanged_key_set_is_304_with_its_headers() {
    let server = Server::start();
    let etag = server.get("/.well-known/jwks.json").await.header("etag").to_owned();
    let with = |value: String| {
        let request = TestRequest::get().uri("/.well-known/jwks.json");
        server.call(request.insert_header(("if-none-match", value)))
    };
    let answer = with(etag.clone()).await;
    assert_eq!((answer.status.as_u16(), &*answer.body), (304, ""));
    assert_eq!(answer.header("etag"), etag);
    assert!(answer.header("cache-control").starts_with("public, max-age="));
    assert_eq!(with("\"x\"".into()).await.status, 200);
}

#[actix_web::test]
async fn metadata_lists_addresses_that_answer() {
    let server = Server::start();
    let answer = server.get("/.well-known/oauth-authorization-server").await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let metadata = answer.json();
    insta::assert_json_snapshot!(metadata, @r#"
    {
      "issuer": "https://login.example.org",
      "token_endpoint": "https://login.example.org/oauth2/token",
      "revocation_endpoint": "https://login.example.org/oauth2/revoke",
      "introspection_endpoint": "https://login.example.org/oauth2/introspect",
      "jwks_uri": "https://login.example.org/.well-known/jwks.json",
      "service_documentation": "https://login.example.org/docs",
      "response_types_supported": [],
      "grant_types_supported": [
        "client_credentials",
        "refresh_token"
      ],
      "token_endpoint_auth_methods_supported": [
        "client_secret_basic",
        "client_secret_post",
        "none"
      ],
      "revocation_endpoint_auth_methods_supported": [
        "client_secret_basic",
        "client_secret_post",
        "none"
      ],
      "introspection_endpoint_auth_methods_supported": [
        "client_secret_basic",
        "client_secret_post"
      ],
      "scopes_supported": [
        "directory:read",
        "events:read",
        "introspect"
      ]
    }
    "#);
    for address in ["jwks_uri", "service_documentation"] {
        let path = metadata[address].as_str().unwrap().strip_prefix(ISSUER).unwrap();
        assert_eq!(server.get(path).await.status, 200, "{path}");
    }
    for (endpoint, error) in [
        ("token_endpoint", "invalid_request"),
        ("revocation_endpoint", "invalid_request"),
        ("introspection_endpoint", "invalid_client"),
    ] {
        let path = metadata[endpoint].as_str().unwrap().strip_prefix(ISSUER).unwrap();
        assert_eq!(server.post_form(path, &[]).await.json()["error"], json!(error), "{path}");
    }
}
