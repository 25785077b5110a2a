//! `/docs` in a real browser, also below a path of a proxy: the page is drawn, loads nothing from
//! other hosts and has no error.

use std::path::PathBuf;
use std::time::Duration;

use support::binaries;
use support::browser::Browser;
use support::pair::Pair;
use support::proxy::Proxy;
use support::service::Service;
use support::{http, poll};

const PATIENCE: Duration = Duration::from_mins(1);

/// The place for pictures of the pages, for people to look at.
fn picture(name: &str) -> PathBuf {
    binaries::target().join("docs-page").join(name).with_extension("png")
}

/// The requests to any address but those below `url`. Data in the page itself (`data:`) and the
/// browser's own empty tab (`chrome:`) reach no host.
fn elsewhere(url: &str, requests: &[String]) -> Vec<String> {
    let own = format!("{url}/");
    let inside = |asked: &str| asked.starts_with(&own) || asked.starts_with("data:");
    let away = |asked: &&String| !inside(asked) && !asked.starts_with("chrome:");
    requests.iter().filter(away).cloned().collect()
}

/// The paths of the description, and the number of its operations.
fn described(service: &Service) -> (Vec<String>, usize) {
    let document = service.get("/openapi.json").send().expect(200).json();
    let paths = document["paths"].as_object().expect("paths");
    let methods = ["get", "post", "put", "patch", "delete"];
    let operations = paths.values().filter_map(|item| item.as_object());
    let operations = operations.flat_map(|item| item.keys());
    let count = operations.filter(|name| methods.contains(&name.as_str())).count();
    (paths.keys().cloned().collect(), count)
}

/// Clicks the first element that `selector` finds, as soon as there is one.
fn click(browser: &Browser, selector: &str) {
    poll::until(selector, PATIENCE, || {
        let found = format!("const found = document.querySelector('{selector}');");
        browser.run(&format!("{found} found?.click(); return found !== null")) == true
    });
}

/// Opens the page of `service` below `url`. Asserts that it shows every operation, and
/// that an operation can be tried out.
fn shows_every_route(browser: &Browser, service: &Service, url: &str, (name, tried): (&str, &str)) {
    let address = format!("{url}/docs");
    browser.open(&address);
    let (paths, operations) = described(service);
    assert!(paths.iter().any(|path| path == tried), "{paths:?}");
    poll::until("every operation is drawn", PATIENCE, || {
        browser.run("return document.querySelectorAll('.opblock').length") == operations
    });
    // The text has a zero-width space before each slash, where a line may break.
    let text = browser.text().replace('\u{200b}', "");
    for path in paths {
        assert!(text.lines().any(|line| line.trim() == path), "{path} is not seen: {text}");
    }
    browser.picture(&picture(name));

    // A user opens a route and tries it out: the page shows the answer.
    click(browser, &format!(".opblock-summary-path[data-path=\"{tried}\"]"));
    click(browser, ".opblock .try-out__btn");
    click(browser, ".opblock .execute");
    poll::until("the answer is drawn", PATIENCE, || {
        browser.run("return document.querySelector('.live-responses-table') !== null") == true
    });

    let requests = browser.requests();
    for asked in [address, format!("{url}/openapi.json"), format!("{url}{tried}")] {
        assert!(requests.contains(&asked), "no request for {asked} is logged: {requests:?}");
    }
    assert_eq!(elsewhere(url, &requests), Vec::<String>::new());
    assert_eq!(browser.errors(), Vec::<String>::new());
}

/// An operation of each service that needs no token.
const OF_AUTH: &str = "/.well-known/jwks.json";
const OF_API: &str = "/.well-known/oauth-protected-resource";

#[test]
fn the_page_shows_every_route_and_loads_nothing_from_elsewhere() {
    let pair = Pair::start();
    let browser = Browser::start();
    for (name, service, tried) in
        [("auth-service", &pair.auth, OF_AUTH), ("api-service", &pair.api, OF_API)]
    {
        shows_every_route(&browser, service, &service.url, (name, tried));
    }
}

#[test]
fn page_and_metadata_work_below_a_path_of_a_proxy() {
    let mut pair = Pair::prepare();
    let auth = Proxy::below("/auth", pair.auth.address());
    let api = Proxy::below("/deep/api", pair.api.address());
    pair.set("API_AUTH_URL", &pair.auth.url.clone());
    for name in ["AUTH_ISSUER", "API_ISSUER"] {
        pair.set(name, &auth.url);
    }
    pair.set("API_PUBLIC_URL", &api.url);
    pair.run();

    let get = |url: &str| http::request("GET", url).send();
    let metadata = get(&format!("{}/.well-known/oauth-authorization-server", auth.url));
    let metadata = metadata.expect(200).json();
    for link in ["jwks_uri", "service_documentation"] {
        get(metadata[link].as_str().expect("an address")).expect(200);
    }
    let resource = get(&format!("{}{OF_API}", api.url)).expect(200).json();
    assert_eq!(resource["resource"], api.url);
    // Clients find the metadata of an address with a path at the root (RFC 8414, RFC 9728).
    pair.auth.get("/.well-known/oauth-authorization-server/auth").send().expect(200);
    pair.api.get(&format!("{OF_API}/deep/api")).send().expect(200);

    let browser = Browser::start();
    for (name, service, url, tried) in [
        ("auth-service-below-a-path", &pair.auth, &auth.url, OF_AUTH),
        ("api-service-below-a-path", &pair.api, &api.url, OF_API),
    ] {
        shows_every_route(&browser, service, url, (name, tried));
    }
    let secret = pair.auth.path("keys/clients/api-service.secret");
    let secret = std::fs::read_to_string(secret).expect("a secret");
    gets_a_token(&browser, &auth.url, secret.trim());
}

/// A client gets a token on the page, as operators do to try out its routes. The address of the page
/// has a slash at the end.
fn gets_a_token(browser: &Browser, issuer: &str, secret: &str) {
    browser.open(&format!("{issuer}/docs/"));
    click(browser, ".btn.authorize");
    for (field, value) in [("id", "api-service"), ("secret", secret)] {
        let field = format!("#client_{field}_clientCredentials");
        click(browser, &field);
        browser.run(&format!(
            "const field = document.querySelector('{field}');
            const {{ set }} = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value');
            set.call(field, '{value}');
            field.dispatchEvent(new Event('input', {{ bubbles: true }}));"
        ));
    }
    click(browser, "[aria-label=\"Apply given OAuth2 credentials\"]");
    // The button for it appears when the page has the token.
    click(browser, "[aria-label=\"Remove authorization\"]");
    let token = format!("{issuer}/oauth2/token");
    let requests = browser.requests();
    assert!(requests.contains(&token), "no request for {token} is logged: {requests:?}");
    assert_eq!(browser.errors(), Vec::<String>::new());
}
