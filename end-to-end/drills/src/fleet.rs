//! The processes of a drill: one issuer and several guards.

use std::time::Duration;

use tempfile::TempDir;

use super::guard::Guard;
use super::tunnel::Tunnel;
use support::postgres::{Database, PASSWORD};
use support::service::Service;
use support::user::User;
use support::{binaries, pair};

/// An issuer with its guards. Drop ends all of them and removes their folder.
#[derive(Debug)]
pub struct Fleet {
    /// The guards.
    pub guards: Vec<Guard>,
    /// The issuer.
    pub auth: Service,
    /// A user with the role `admin`.
    pub admin: User,
    _folder: TempDir,
    _database: Option<Database>,
}

/// The settings of a fleet.
#[derive(Debug, Clone)]
pub struct Make {
    /// The number of guards.
    pub guards: usize,
    /// True if the issuer uses a `PostgreSQL` server of the tests, instead of a SQLite file.
    pub postgres: bool,
    /// The life of an access token.
    pub token_life: Duration,
    /// The `max-age` of the key set.
    pub max_age: Duration,
}

impl Fleet {
    /// Starts all processes and waits until they are ready.
    pub fn start(make: &Make) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = make.postgres.then(Database::fresh);
        let mut auth = pair::issuer_in(&folder.path().join("auth"));
        let seconds = |time: Duration| format!("{}s", time.as_secs());
        auth.launch.set("AUTH_ACCESS_TOKEN_TTL", &seconds(make.token_life));
        auth.launch.set("AUTH_JWKS_MAX_AGE", &seconds(make.max_age));
        if let Some(database) = &database {
            let file = folder.path().join("database.password");
            std::fs::write(&file, format!("{PASSWORD}\n")).expect("written");
            auth.launch.set("AUTH_DATABASE_URL", &database.tcp_url());
            auth.launch.set("AUTH_DATABASE_PASSWORD_FILE", &file.to_string_lossy());
        }
        auth.command(&["init"]).done();
        let admin = User::admin(&auth, "Root");
        auth.start();

        let guards: Vec<_> = (1..=make.guards)
            .map(|number| {
                let name = format!("guard {number}");
                let tunnel = Tunnel::to(auth.address());
                let mut service =
                    pair::guard_of(&auth, &folder.path().join(format!("api-{number}")));
                service.launch.set("API_AUTH_URL", &tunnel.url);
                service.spawn();
                Guard::new(name, service, tunnel)
            })
            .collect();
        for guard in &guards {
            guard.service().wait_ready();
        }
        Self { guards, auth, admin, _folder: folder, _database: database }
    }

    /// The public addresses of the guards.
    pub fn urls(&self) -> Vec<String> {
        self.guards.iter().map(|guard| guard.url.clone()).collect()
    }

    /// Describes the running programs for a report.
    pub fn describe(make: &Make) -> String {
        let database = if make.postgres { "PostgreSQL" } else { "SQLite" };
        let programs = binaries::auth_service();
        let folder = programs.parent().unwrap_or(&programs);
        format!("{} guards, an issuer on {database}, from {}", make.guards, folder.display())
    }
}
