//! What the services say of themselves: `OpenAPI`, the page to read it on, OAuth metadata.

use std::collections::BTreeSet;

use end_to_end::http::request;
use end_to_end::pair::Pair;
use end_to_end::service::Service;
use serde_json::Value;

/// Every path and method of the description.
fn operations(service: &Service) -> BTreeSet<(String, String)> {
    let document = service.get("/openapi.json").send().expect(200);
    assert_eq!(document.media_type(), "application/json");
    let document = document.json();
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    let methods = ["get", "post", "put", "patch", "delete"];
    let paths = document["paths"].as_object().expect("paths").clone();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let known = item.as_object().expect("a path").keys();
            known
                .filter(|key| methods.contains(&key.as_str()))
                .map(|method| (method.to_uppercase(), path.clone()))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn pairs(list: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    list.iter().map(|(method, path)| ((*method).into(), (*path).into())).collect()
}

#[test]
fn every_described_route_exists_and_every_route_is_described() {
    let pair = Pair::start();
    let described = operations(&pair.auth);
    let expected = pairs(&[
        ("POST", "/signup"),
        ("POST", "/login"),
        ("POST", "/oauth2/token"),
        ("GET", "/.well-known/jwks.json"),
        ("GET", "/.well-known/oauth-authorization-server"),
        ("GET", "/feed"),
        ("GET", "/directory/users"),
    ]);
    assert!(described.is_superset(&expected), "{described:?}");
    let of_api = operations(&pair.api);
    let expected = pairs(&[
        ("GET", "/user"),
        ("GET", "/user/me"),
        ("GET", "/user/{public_id}"),
        ("GET", "/.well-known/oauth-protected-resource"),
    ]);
    assert!(of_api.is_superset(&expected), "{of_api:?}");
    for (service, described) in [(&pair.auth, described), (&pair.api, of_api)] {
        for (method, path) in described {
            let path = path.replace("{public_id}", "8c5f9f3e-7f5c-4d39-9a55-0f6a7f2b9a11");
            let answer = service.request(&method, &path).send();
            assert!(
                !matches!(answer.status, 404 | 405 | 500..),
                "{method} {path}: {}",
                answer.status
            );
        }
        let printed = service.command(&["openapi"]).done().out;
        let printed: Value = serde_json::from_str(&printed).expect("JSON");
        assert_eq!(
            printed,
            service.get("/openapi.json").send().json(),
            "the command prints it too"
        );
    }
}

#[test]
fn the_page_to_read_it_on_loads_nothing_from_elsewhere() {
    let pair = Pair::start();
    for service in [&pair.auth, &pair.api] {
        let page = service.get("/docs").send().expect(200);
        assert_eq!(page.media_type(), "text/html");
        let policy = page.header("content-security-policy").to_owned();
        assert!(
            policy.contains("default-src 'none'") || policy.contains("default-src 'self'"),
            "{policy}"
        );
        assert!(!policy.contains("http") && !policy.contains("unsafe-eval"), "{policy}");
        let text = page.text();
        let assets: Vec<_> = text
            .split(['"', '\''])
            .filter(|part| matches!(part.rsplit_once('.'), Some((_, "js" | "css" | "png"))))
            .collect();
        assert!(assets.len() >= 2, "{text}");
        for asset in assets {
            assert!(!asset.contains("//"), "{asset}");
            let url = url::Url::parse(&format!("{}/docs", service.url)).expect("a URL");
            let url = url.join(asset).expect("a URL");
            let answer = request("GET", url.as_str()).send().expect(200);
            let expected = match asset.rsplit('.').next() {
                Some("js") => ["text/javascript", "application/javascript"],
                Some("css") => ["text/css"; 2],
                _ => ["image/png"; 2],
            };
            assert!(expected.contains(&answer.media_type()), "{asset}: {}", answer.media_type());
            assert!(!answer.body.is_empty());
        }
        assert!(!text.contains("<script>"), "no inline script: {text}");
    }
}

#[test]
fn the_issuers_metadata_names_routes_that_exist() {
    let pair = Pair::start();
    let url = &pair.auth.url;
    let answer = pair.auth.get("/.well-known/oauth-authorization-server").send().expect(200);
    assert_eq!(answer.media_type(), "application/json");
    let metadata = answer.json();
    assert_eq!(metadata["issuer"], **url, "RFC 8414 §3.3");
    assert_eq!(metadata["token_endpoint"], format!("{url}/oauth2/token"));
    assert_eq!(metadata["jwks_uri"], format!("{url}/.well-known/jwks.json"));
    let list = |member: &str| -> Vec<String> {
        let values = metadata[member].as_array().cloned().unwrap_or_default();
        values.iter().filter_map(|value| value.as_str().map(Into::into)).collect()
    };
    assert_eq!(list("grant_types_supported"), ["client_credentials", "refresh_token"]);
    assert!(list("response_types_supported").is_empty(), "there is no authorisation endpoint");
    let methods = list("token_endpoint_auth_methods_supported");
    assert!(methods.contains(&"client_secret_basic".into()), "{methods:?}");
    for (member, value) in metadata.as_object().expect("an object") {
        let endpoint = member.ends_with("_endpoint") || member.ends_with("_uri");
        if let Some(address) = value.as_str().filter(|_| endpoint) {
            assert!(address.starts_with(url.as_str()), "{member}: {address}");
            let status = request("GET", address).send().status;
            assert_ne!(status, 404, "{member}: {address}");
        }
    }
}

#[test]
fn the_guards_metadata_names_its_issuer() {
    let pair = Pair::start();
    let answer = pair.api.get("/.well-known/oauth-protected-resource").send().expect(200);
    let metadata = answer.json();
    assert_eq!(metadata["resource"], pair.api.url, "RFC 9728 §3.3");
    assert_eq!(metadata["authorization_servers"], serde_json::json!([pair.auth.url]));
    let methods = &metadata["bearer_methods_supported"];
    assert_eq!(*methods, serde_json::json!(["header"]), "{metadata}");
}
