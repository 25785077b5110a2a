//! Proxies that ask a guard about each request before a service gets it, with the files of
//! `deploy/forward-auth`. A test changes only addresses, ports and certificates in its copy.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::http::{self, Request};
use crate::pair::Pair;
use crate::process::{Launch, Process};
use crate::{deploy, front, outside, poll, port};

/// A busy machine starts a proxy slowly.
const START: Duration = Duration::from_secs(30);

/// A program with a file in `deploy/forward-auth`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// `nginx.conf`.
    Nginx,
    /// `Caddyfile`.
    Caddy,
    /// `haproxy.cfg` and `haproxy.lua`.
    HaProxy,
    /// `envoy.yaml`.
    Envoy,
    /// `traefik.yml` and `traefik-routes.yml`.
    Traefik,
}

impl Program {
    /// Returns true if the service gets `/a/b` for `//a/./b`, and the client a `400` for `/a%2Fb`.
    pub fn cleans_paths(self) -> bool {
        matches!(self, Self::Envoy | Self::Traefik)
    }
}

/// Starts a pair. Its guard accepts the audiences `api-service` and `orders`, its issuer also grants
/// `invoices`.
pub fn pair() -> Pair {
    Pair::start_with(&[
        ("AUTH_AUDIENCE", "api-service,orders,invoices"),
        ("API_AUDIENCE", "api-service,orders"),
    ])
}

/// Starts a service that answers what reaches it; returns it and its address (`HOST:PORT`).
pub fn echo(folder: &Path) -> (Process, String) {
    let port = port::free();
    let log = folder.join("echo.log");
    let process = outside::python_server("echo_headers.py", &[&port.to_string()], &log);
    let address = format!("127.0.0.1:{port}");
    poll::until("the service answers", START, || {
        http::request("GET", &format!("http://{address}/")).try_send().is_ok()
    });
    (process, address)
}

/// A running proxy without TLS.
#[derive(Debug)]
pub struct Door {
    /// Its address (`HOST:PORT`).
    pub address: String,
    /// Its program.
    pub program: Program,
    process: Process,
    log: PathBuf,
}

impl Door {
    /// Starts the proxy before the service at `service`. It asks the guard at `guard`. Both are
    /// `HOST:PORT`.
    pub fn start(program: Program, folder: &Path, guard: &str, service: &str) -> Self {
        let folder = folder.join(format!("{program:?}"));
        fs::create_dir(&folder).expect("a folder");
        let address = format!("127.0.0.1:{}", port::free());
        let place = Place { folder: &folder, address: &address, guard, service };
        let (file, command) = match program {
            Program::Nginx => place.nginx(),
            Program::Caddy => place.caddy(),
            Program::HaProxy => place.haproxy(),
            Program::Envoy => place.envoy(),
            Program::Traefik => place.traefik(),
        };
        let environment = vec![("HOME".into(), folder.to_string_lossy().into_owned())];
        let launch = Launch { program: front::found(command[0]), environment, folder };
        let log = launch.folder.join("log");
        let process = launch.spawn(&[&command[1..], &[&*file.to_string_lossy()]].concat(), &log);
        let mut door = Self { address, program, process, log };
        poll::until("the proxy asks the guard", START, || {
            let ended = door.process.ended();
            assert!(ended.is_none(), "it ended ({ended:?}): {}", door.log());
            door.request("GET", "/").try_send().is_ok_and(|answer| answer.status == 401)
        });
        door
    }

    /// A request to the proxy.
    pub fn request(&self, method: &str, path: &str) -> Request {
        http::request(method, &format!("http://{}{path}", self.address))
            .header("host", "app.example.org")
    }

    /// Its output.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

/// The surroundings of a proxy.
struct Place<'a> {
    folder: &'a Path,
    address: &'a str,
    guard: &'a str,
    service: &'a str,
}

impl Place<'_> {
    /// Reads a file of `deploy/forward-auth`, with the addresses of the test.
    fn file(&self, name: &str) -> deploy::Copy {
        deploy::file(&format!("forward-auth/{name}"))
            .replace("127.0.0.1:8002", self.guard)
            .replace("127.0.0.1:9000", self.service)
    }

    fn nginx(&self) -> front::Prepared {
        let tls = "    ssl_certificate /etc/ssl/app.example.org/fullchain.pem;\n    \
                   ssl_certificate_key /etc/ssl/app.example.org/privkey.pem;\n";
        let server = self
            .file("nginx.conf")
            .replace("listen 443 ssl;", &format!("listen {};", self.address))
            .replace(tls, "")
            .finish();
        // The file must also hold on a machine that accepts such names elsewhere.
        let server = format!("underscores_in_headers on;\nignore_invalid_headers off;\n{server}");
        (front::nginx_main(self.folder, &server), front::NGINX)
    }

    fn caddy(&self) -> front::Prepared {
        let sites = self
            .file("Caddyfile")
            .replace("app.example.org {", &format!("http://{} {{\n\tbind 127.0.0.1", self.site()))
            .finish();
        let file = self.folder.join("Caddyfile");
        fs::write(&file, format!("{{\n\tadmin off\n\tauto_https off\n}}\n{sites}"))
            .expect("written");
        (file, front::CADDY)
    }

    fn haproxy(&self) -> front::Prepared {
        let (script, file) = (self.folder.join("haproxy.lua"), self.folder.join("haproxy.cfg"));
        let asks = deploy::file("forward-auth/haproxy.lua").replace("127.0.0.1:8002", self.guard);
        fs::write(&script, asks.finish()).expect("written");
        let tls = "bind :443 ssl crt /etc/haproxy/certs/app.example.org.pem alpn h2,http/1.1";
        let settings = deploy::file("forward-auth/haproxy.cfg")
            .replace("127.0.0.1:9000", self.service)
            .replace("/etc/haproxy/haproxy.lua", &script.to_string_lossy())
            .replace(tls, &format!("bind {}", self.address))
            .finish();
        fs::write(&file, settings).expect("written");
        (file, front::HAPROXY)
    }

    fn envoy(&self) -> front::Prepared {
        let port =
            |address: &str| format!("port_value: {}", address.rsplit_once(':').expect("a port").1);
        let settings = deploy::file("forward-auth/envoy.yaml")
            .replace("port_value: 8080", &port(self.address))
            .replace("port_value: 8002", &port(self.guard))
            .replace("port_value: 9000", &port(self.service))
            .finish();
        let file = self.folder.join("envoy.yaml");
        fs::write(&file, settings).expect("written");
        (file, &["envoy", "--disable-hot-restart", "--concurrency", "1", "-l", "warning", "-c"])
    }

    fn traefik(&self) -> front::Prepared {
        let routes = self.folder.join("traefik-routes.yml");
        fs::write(&routes, self.file("traefik-routes.yml").finish()).expect("written");
        let settings = deploy::file("forward-auth/traefik.yml")
            .replace("127.0.0.1:8080", self.address)
            .replace("/etc/traefik/traefik-routes.yml", &routes.to_string_lossy())
            .finish();
        let file = self.folder.join("traefik.yml");
        fs::write(&file, settings).expect("written");
        (file, &["traefik", "--configFile"])
    }

    /// The site's host name with the proxy's port.
    fn site(&self) -> String {
        let (_, port) = self.address.rsplit_once(':').expect("a port");
        format!("app.example.org:{port}")
    }
}
