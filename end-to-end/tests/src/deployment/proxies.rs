//! The pair behind nginx, Caddy and `HAProxy`, with the files of `deploy/proxies` and a private
//! certificate authority. The guard also reaches its issuer through the proxy.

use std::net::IpAddr;
use std::time::Duration;

use drills::tunnel::Tunnel;
use serde_json::Value;
use support::client::Client;
use support::front::{Front, Program};
use support::http::Caller;
use support::pair::Pair;
use support::user::{User, token_of};
use support::{deploy, hearing, poll};

/// Five times the time that a loaded machine needs.
const LIMIT: Duration = Duration::from_mins(1);

/// The machine of the proxy, of guards and of operators.
const INSIDE: [u8; 4] = [127, 0, 0, 1];
/// The address of a client outside.
const OUTSIDE: [u8; 4] = [127, 0, 0, 9];
/// An address that the client outside claims to have.
const FORGED: &str = "203.0.113.9";

/// A pair that only its proxy shows to others.
struct Site {
    pair: Pair,
    front: Front,
    /// The connection between the proxy and the guard.
    tunnel: Tunnel,
    inside: Caller,
    outside: Caller,
}

impl Site {
    fn start(program: Program) -> Self {
        let mut pair = Pair::prepare();
        let tunnel = Tunnel::to(pair.api.address());
        let mut front = Front::before(&mut pair, program, tunnel.url.trim_start_matches("http://"));
        pair.auth.start();
        front.start();
        hearing::start(&mut pair.api);
        let (inside, outside) = (front.caller(INSIDE.into()), front.caller(OUTSIDE.into()));
        // HAProxy checks the guard every two seconds.
        poll::until("the proxy finds the guard", LIMIT, || {
            outside.request("GET", "/api/user/me").send().status == 401
        });
        Self { pair, front, tunnel, inside, outside }
    }

    /// Sends a form from outside, with a forged address of the client.
    fn post(&self, path: &str, fields: &[(&str, &str)]) -> support::http::Answer {
        let request = self.outside.request("POST", path).header("x-forwarded-for", FORGED);
        request.form(fields).send()
    }

    fn signed_up(&self, name: &str) -> User {
        let user = User::new(name);
        let fields = [("name", &*user.name), ("email", &user.email), ("password", &user.password)];
        self.post("/signup", &fields).expect(201);
        user
    }

    fn log_in(&self, user: &User) -> String {
        let fields = [("email", &*user.email), ("password", &user.password)];
        token_of(&self.post("/login", &fields).expect(201))
    }
}

fn serves_the_pair_below_one_address(program: Program) {
    let site = Site::start(program);
    let user = site.signed_up("Ada");
    let token = site.log_in(&user);
    let me = || site.outside.request("GET", "/api/user/me").bearer(&token).send();
    assert_eq!(me().expect(200).json()["email"], user.email);

    records_the_address_of_the_client(&site, &token);
    keeps_its_connections(&site, &token);
    passes_a_long_poll(&site);
    closes_the_inner_routes_to_strangers(&site);
    finds_the_metadata(&site);
    let oversized = "x".repeat(100_000);
    site.post("/login", &[("email", &user.email), ("password", &oversized)]).expect(413);

    // The event of the log-out reaches the guard through the proxy, by its own long poll.
    site.outside.request("POST", "/logout").bearer(&token).send().expect(204);
    poll::until("the guard refuses the token", LIMIT, || me().status == 401);

    let log = site.pair.auth.log() + &site.pair.api.log();
    assert!(!log.contains(FORGED), "{log}");
}

fn records_the_address_of_the_client(site: &Site, token: &str) {
    let own = IpAddr::from(OUTSIDE).to_string();
    let sessions = site.outside.request("GET", "/sessions").bearer(token).send().expect(200).json();
    assert_eq!(sessions["sessions"][0]["address"], own, "{sessions}");
    let listed = site.pair.auth.command_json(&["audit", "list", "--action", "login"]);
    assert_eq!(listed["audit"][0]["from"], own, "{listed}");
}

/// The first request may open a connection, later ones use it again.
fn keeps_its_connections(site: &Site, token: &str) {
    let me = || site.outside.request("GET", "/api/user/me").bearer(token).send().expect(200);
    me();
    let before = site.tunnel.connections();
    for _ in 0..20 {
        me();
    }
    assert_eq!(site.tunnel.connections(), before, "{}", site.front.log());
}

/// A guard on another machine waits for the next change.
fn passes_a_long_poll(site: &Site) {
    let feed = Client::of_the_guard(&site.pair.auth).token(&site.pair.auth);
    let ask = |query: &str| {
        let path = format!("/feed?{query}");
        site.inside.request("GET", &path).bearer(&feed).send().expect(200).json()
    };
    // A snapshot tells the position from which the feed is read.
    let directory = site.inside.request("GET", "/directory/users").bearer(&feed).send();
    let position = directory.expect(200).json()["position"].as_u64().expect("a position");
    let empty = ask(&format!("after={position}&wait=1"));
    assert_eq!(empty["events"], Value::Array(Vec::new()), "{empty}");
    std::thread::scope(|scope| {
        let poll = scope.spawn(|| ask(&format!("after={position}&wait=25")));
        let late = site.signed_up("Late");
        let page = poll.join().expect("an answer");
        assert!(page["events"].to_string().contains(&late.email), "{page}");
    });
}

/// Operators and guards inside reach these routes, which then require a token.
fn closes_the_inner_routes_to_strangers(site: &Site) {
    for path in ["/feed", "/directory/users", "/admin/users", "/feed?after=0"] {
        site.outside.request("GET", path).send().expect(403);
        site.inside.request("GET", path).send().expect(401);
    }
    // The same routes in another spelling: no answer of the issuer comes back.
    for path in
        ["/%66eed", "//feed", "/%2Ffeed", "/feed/", "/FEED", "/x/..%2Ffeed", "/%61dmin/users"]
    {
        let answer = site.outside.request("GET", path).send();
        assert!([400, 403, 404].contains(&answer.status), "{path}: {}", answer.status);
    }
    site.outside.request("GET", "/feedback").send().expect(404);
}

/// Each service describes itself below its own public address.
fn finds_the_metadata(site: &Site) {
    let get = |path: &str| site.outside.request("GET", path).send().expect(200);
    let issuer = get("/.well-known/oauth-authorization-server").json();
    assert_eq!(issuer["issuer"], site.front.url);
    for guard in
        ["/.well-known/oauth-protected-resource/api", "/api/.well-known/oauth-protected-resource"]
    {
        assert_eq!(get(guard).json()["resource"], format!("{}/api", site.front.url));
    }
    for page in ["/docs", "/api/docs"] {
        assert_eq!(get(page).media_type(), "text/html");
    }
    let titles = ["/openapi.json", "/api/openapi.json"]
        .map(|path| get(path).json()["info"]["title"].clone());
    assert_ne!(titles[0], titles[1]);
}

#[test]
fn nginx_serves_the_pair_below_one_address() {
    serves_the_pair_below_one_address(Program::Nginx);
}

#[test]
fn caddy_serves_the_pair_below_one_address() {
    serves_the_pair_below_one_address(Program::Caddy);
}

#[test]
fn haproxy_serves_the_pair_below_one_address() {
    serves_the_pair_below_one_address(Program::HaProxy);
}

#[test]
fn guard_refuses_an_issuer_of_an_unknown_authority() {
    let mut pair = Pair::prepare();
    let guard = pair.api.address().to_owned();
    let mut front = Front::before(&mut pair, Program::Nginx, &guard);
    pair.api.launch.environment.retain(|(name, _)| name != "SSL_CERT_FILE");
    pair.auth.start();
    front.start();
    pair.api.spawn();
    pair.api.wait_live();
    pair.api.wait_log("certificate");
    assert!(!pair.api.ready());
}

/// The side that closes an idle connection must be the proxy. Otherwise a request meets the end of
/// the connection, and a client gets `502`.
#[test]
fn proxies_close_idle_connections_before_the_services() {
    let pair = Pair::bare();
    for (service, name) in [(&pair.auth, "AUTH_KEEP_ALIVE"), (&pair.api, "API_KEEP_ALIVE")] {
        let settings = service.command_json(&["check-config"]).to_string();
        assert!(settings.contains(name) && settings.contains(r#""75s""#), "{name}: {settings}");
    }
    for (file, line) in [
        ("nginx.conf", "    keepalive_timeout 60s;\n"),
        ("Caddyfile", "\t\tkeepalive 60s\n"),
        ("haproxy.cfg", "    timeout server 60s\n"),
        ("traefik-routes.yml", "        idleConnTimeout: 60s\n"),
    ] {
        let _ = deploy::file(&format!("proxies/{file}")).replace(line, "");
    }
}
