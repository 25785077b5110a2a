//! `/docs` in a real browser: the page is drawn, loads nothing from other hosts and has no error.

use std::path::PathBuf;
use std::time::Duration;

use support::binaries;
use support::browser::Browser;
use support::pair::Pair;
use support::poll;
use support::service::Service;

const PATIENCE: Duration = Duration::from_mins(1);

/// The place for pictures of the pages, for people to look at.
fn picture(name: &str) -> PathBuf {
    binaries::target().join("docs-page").join(name).with_extension("png")
}

/// The requests to any host but `service`. Data in the page itself (`data:`) and the browser's own
/// empty tab (`chrome:`) reach no host.
fn elsewhere(service: &Service, requests: &[String]) -> Vec<String> {
    let own = format!("{}/", service.url);
    let inside = |url: &str| url.starts_with(&own) || url.starts_with("data:");
    let away = |url: &&String| !inside(url) && !url.starts_with("chrome:");
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

#[test]
fn the_page_shows_every_route_and_loads_nothing_from_elsewhere() {
    let pair = Pair::start();
    let browser = Browser::start();
    for (name, service, known, tried) in [
        ("auth-service", &pair.auth, "/login", "/.well-known/jwks.json"),
        ("api-service", &pair.api, "/user/me", "/.well-known/oauth-protected-resource"),
    ] {
        browser.open(&format!("{}/docs", service.url));
        let (paths, operations) = described(service);
        assert!(paths.iter().any(|path| path == known), "{paths:?}");
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
        browser.run(&format!(
            "document.querySelector('.opblock-summary-path[data-path=\"{tried}\"]').click()"
        ));
        for step in [".try-out__btn", ".execute"] {
            poll::until(step, PATIENCE, || {
                let button = format!("const button = document.querySelector('.opblock {step}');");
                browser.run(&format!("{button} button?.click(); return button !== null")) == true
            });
        }
        poll::until("the answer is drawn", PATIENCE, || {
            browser.run("return document.querySelector('.live-responses-table') !== null") == true
        });

        let requests = browser.requests();
        for asked in ["/docs", "/openapi.json", tried] {
            let url = format!("{}{asked}", service.url);
            assert!(requests.contains(&url), "no request for {asked} is logged: {requests:?}");
        }
        assert_eq!(elsewhere(service, &requests), Vec::<String>::new());
        assert_eq!(browser.errors(), Vec::<String>::new());
    }
}
