//! nginx, Caddy and `HAProxy` before a pair, with the files of `deploy/proxies`. A test changes only
//! addresses, ports and certificates in its copy.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::authority::Authority;
use crate::http::Caller;
use crate::pair::Pair;
use crate::process::{Launch, Process};
use crate::{deploy, outside, poll, port};

/// A busy machine starts a proxy slowly.
const START: Duration = Duration::from_secs(30);

/// A program with a file in `deploy/proxies`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// `nginx.conf`.
    Nginx,
    /// `Caddyfile`.
    Caddy,
    /// `haproxy.cfg`.
    HaProxy,
}

/// A proxy with TLS. It is the one public address of a pair.
#[derive(Debug)]
pub struct Front {
    /// Its address, which is also the issuer's.
    pub url: String,
    authority: Authority,
    launch: Launch,
    arguments: Vec<String>,
    log: PathBuf,
    process: Option<Process>,
}

impl Front {
    /// Prepares the proxy, and sets the addresses of `pair`, which does not run yet. The proxy reaches
    /// the guard at `guard` (`HOST:PORT`).
    pub fn before(pair: &mut Pair, program: Program, guard: &str) -> Self {
        let folder = pair.folder().join("front");
        fs::create_dir(&folder).expect("a folder");
        let authority = Authority::made_in(&folder);
        let port = port::free();
        let url = format!("https://127.0.0.1:{port}");
        for name in ["AUTH_ISSUER", "API_ISSUER"] {
            pair.set(name, &url);
        }
        pair.set("API_PUBLIC_URL", &format!("{url}/api"));
        pair.set("AUTH_TRUSTED_PROXIES", "127.0.0.1");
        pair.set("API_TRUSTED_PROXIES", "127.0.0.1");
        pair.set("SSL_CERT_FILE", &authority.certificate.to_string_lossy());

        let place = Place { pair, guard, folder: &folder, authority: &authority, port };
        let (file, arguments) = match program {
            Program::Nginx => place.nginx(),
            Program::Caddy => place.caddy(),
            Program::HaProxy => place.haproxy(),
        };
        let file = file.to_string_lossy().into_owned();
        let mut arguments: Vec<String> = arguments.iter().map(|part| (*part).to_owned()).collect();
        let name = arguments.remove(0);
        arguments.push(file);
        let home = folder.to_string_lossy().into_owned();
        let launch = Launch {
            program: found(&name),
            environment: vec![("HOME".into(), home)],
            folder: folder.clone(),
        };
        Self { url, authority, launch, arguments, log: folder.join("log"), process: None }
    }

    /// Starts the proxy and waits until it passes requests to the running issuer.
    pub fn start(&mut self) {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        self.process = Some(self.launch.spawn(&arguments, &self.log));
        let caller = self.caller(IpAddr::from([127, 0, 0, 1]));
        poll::until("the proxy passes requests", START, || {
            let ended = self.process.as_mut().and_then(Process::ended);
            assert!(ended.is_none(), "it ended ({ended:?}): {}", self.log());
            let asked = caller.request("GET", "/.well-known/jwks.json").try_send();
            asked.is_ok_and(|answer| answer.status == 200)
        });
    }

    /// A client of the proxy that calls from this address of the machine.
    pub fn caller(&self, source: IpAddr) -> Caller {
        let authority = fs::read(&self.authority.certificate).expect("a certificate");
        Caller::new(&self.url, source, &authority)
    }

    /// Its output.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

/// The path of an installed program. Servers are often outside the PATH of users. Envoy and Traefik are
/// among the Python packages.
pub(crate) fn found(name: &str) -> PathBuf {
    let packages = outside::installed().join("venv/bin");
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"]
        .iter()
        .map(Path::new)
        .chain([&*packages])
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .unwrap_or_else(|| panic!("{name} is missing: scripts/install-test-tools"))
}

/// The changed file and the command that reads it.
pub(crate) type Prepared = (PathBuf, &'static [&'static str]);

/// The command of nginx.
pub(crate) const NGINX: &[&str] = &["nginx", "-p", ".", "-e", "stderr", "-c"];
/// The command of Caddy.
pub(crate) const CADDY: &[&str] = &["caddy", "run", "--adapter", "caddyfile", "--config"];

/// The command of `HAProxy`.
pub(crate) const HAPROXY: &[&str] = &["haproxy", "-db", "-f"];

/// Writes the main file of nginx with the `server` blocks; returns its path. One process, so that its
/// end ends everything.
pub(crate) fn nginx_main(folder: &Path, server: &str) -> PathBuf {
    fs::write(folder.join("server.conf"), server).expect("written");
    let main = "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr;\nevents {}\n\
                http {\n    access_log off;\n    client_body_temp_path body;\n    \
                proxy_temp_path proxy;\n    fastcgi_temp_path fastcgi;\n    \
                uwsgi_temp_path uwsgi;\n    scgi_temp_path scgi;\n    include server.conf;\n}\n";
    let file = folder.join("nginx.conf");
    fs::write(&file, main).expect("written");
    file
}

/// The surroundings of a proxy.
struct Place<'a> {
    pair: &'a Pair,
    guard: &'a str,
    folder: &'a Path,
    authority: &'a Authority,
    port: u16,
}

impl Place<'_> {
    fn nginx(&self) -> Prepared {
        let server = deploy::file("proxies/nginx.conf")
            .replace("127.0.0.1:8001", self.pair.auth.address())
            .replace("127.0.0.1:8002", self.guard)
            .replace("listen 80;", &format!("listen 127.0.0.1:{};", port::free()))
            .replace("listen 443 ssl;", &format!("listen 127.0.0.1:{} ssl;", self.port))
            .replace(
                "/etc/ssl/login.example.org/fullchain.pem",
                &self.authority.server.to_string_lossy(),
            )
            .replace(
                "/etc/ssl/login.example.org/privkey.pem",
                &self.authority.key.to_string_lossy(),
            )
            .finish();
        (nginx_main(self.folder, &server), NGINX)
    }

    fn caddy(&self) -> Prepared {
        let own =
            "# tls /etc/ssl/login.example.org/fullchain.pem /etc/ssl/login.example.org/privkey.pem";
        let (server, key) = (self.authority.server.display(), self.authority.key.display());
        let sites = deploy::file("proxies/Caddyfile")
            .replace("127.0.0.1:8001", self.pair.auth.address())
            .replace("127.0.0.1:8002", self.guard)
            .replace(own, &format!("tls {server} {key}"))
            .replace("login.example.org {", &format!("https://127.0.0.1:{} {{", self.port))
            .finish();
        let file = self.folder.join("Caddyfile");
        let global = "{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n";
        fs::write(&file, format!("{global}{sites}")).expect("written");
        (file, CADDY)
    }

    /// A machine that stands still for some seconds must not make a service look down.
    fn haproxy(&self) -> Prepared {
        let read = |path: &Path| fs::read_to_string(path).expect("a file");
        let certificate = self.folder.join("server.pem");
        let both = read(&self.authority.server) + &read(&self.authority.key);
        fs::write(&certificate, both).expect("written");
        let port_of = |url: &str| url.rsplit_once(':').expect("a port").1.to_owned();
        let settings = deploy::file("proxies/haproxy.cfg")
            .replace("127.0.0.1:8001", self.pair.auth.address())
            .replace("127.0.0.1:8002", self.guard)
            .replace(
                "check port 9001",
                &format!("check port {} fall 100", port_of(&self.pair.auth.management)),
            )
            .replace(
                "check port 9002",
                &format!("check port {} fall 100", port_of(&self.pair.api.management)),
            )
            .replace("bind :443 ", &format!("bind 127.0.0.1:{} ", self.port))
            .replace("/etc/haproxy/certs/login.example.org.pem", &certificate.to_string_lossy())
            .finish();
        let file = self.folder.join("haproxy.cfg");
        fs::write(&file, settings).expect("written");
        (file, HAPROXY)
    }
}
