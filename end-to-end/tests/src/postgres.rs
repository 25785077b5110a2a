//! The issuer on `PostgreSQL`: clients see no difference, and it recovers from ended sessions.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use support::pair::Pair;
use support::pgbouncer::PgBouncer;
use support::postgres::{Database, PASSWORD};
use support::user::User;
use support::{poll, port};

/// A pair with an issuer on `database`, with the password in a file.
fn pair_on(database: &Database) -> Pair {
    let mut pair = Pair::bare();
    let file = pair.folder().join("database.password");
    fs::write(&file, format!("\u{feff}{PASSWORD}\r\n")).expect("written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("changed");
    pair.set("AUTH_DATABASE_URL", &database.tcp_url());
    pair.set("AUTH_DATABASE_PASSWORD_FILE", &file.to_string_lossy());
    pair
}

#[test]
fn pair_on_postgresql_survives_cut_sessions_and_an_outage() {
    let database = Database::fresh();
    let mut pair = pair_on(&database);
    pair.auth.command(&["users", "list"]).failed_with(1, &["no database", "init"]);
    pair.auth.command(&["init"]).done();
    pair.auth.command(&["init"]).done();
    pair.run();
    assert!(!pair.auth.path("data").exists(), "nothing is kept in files");
    // Each connection reads the password file.
    let file = pair.folder().join("database.password");
    assert_eq!(pair.auth.log().matches(&format!("chmod 600 {}", file.display())).count(), 1);
    let user = User::signed_up(&pair.auth, "Ada");
    user.sign_up(&pair.auth).expect(202);
    let token = user.log_in(&pair.auth);
    pair.accepts("on PostgreSQL", &token);
    let listed = pair.api.get("/user").bearer(&token).send().expect(200).json();
    assert_eq!(listed["users"][0]["name"], "Ada", "{listed}");

    pair.auth.restart();
    pair.accepts("the issuer was restarted", &user.log_in(&pair.auth));

    // A command is another process; the running server gets its changes.
    let other = User::signed_up(&pair.auth, "Grace");
    let ended = other.log_in(&pair.auth);
    pair.accepts("not ended yet", &ended);
    pair.auth.command(&["users", "disable", &other.email]).done();
    poll::until("the guard refuses", Duration::from_secs(5), || pair.me(&ended).status == 401);

    assert!(database.cut() > 0, "sessions of the issuer");
    poll::until("log-ins are answered again", Duration::from_secs(10), || {
        user.try_login(&pair.auth).status == 201
    });

    database.take_away();
    let refused = user.try_login(&pair.auth);
    refused.clone().problem(503);
    assert!(refused.retry_after() >= 1);
    User::new("Late").sign_up(&pair.auth).problem(503);
    pair.auth.get("/.well-known/jwks.json").send().expect(200);
    pair.accepts("the guard asks no database of the issuer", &token);
    poll::until("readiness tells", Duration::from_secs(5), || !pair.auth.ready());
    database.give_back();
    poll::until("log-ins are answered again", Duration::from_secs(10), || {
        user.try_login(&pair.auth).status == 201
    });
    pair.auth.wait_ready();
    let late = User::signed_up(&pair.auth, "Late");
    pair.accepts_soon("the feed goes on", &late.log_in(&pair.auth));
}

#[test]
fn unreachable_postgresql_ends_the_start_with_one_line() {
    let database = Database::fresh();
    let mut pair = pair_on(&database);
    // Otherwise the warning of the mode is a second line.
    let password = pair.folder().join("database.password");
    fs::set_permissions(password, fs::Permissions::from_mode(0o600)).expect("changed");
    let nobody = format!("postgres://signet@127.0.0.1:{}/auth", port::free());
    pair.set("AUTH_DATABASE_URL", &nobody);
    for command in ["serve", "init"] {
        pair.auth.launch.run_briefly(&[command]).failed_with(1, &["127.0.0.1", "refused"]);
    }
}

/// A pooler that shares its sessions would share locks and settings, too.
#[test]
fn pooler_in_another_mode_than_session_is_refused_before_anything_is_written() {
    let database = Database::fresh();
    let mut pair = Pair::bare();
    for settings in [
        &["pool_mode = transaction"][..],
        &["pool_mode = transaction", "default_pool_size = 1"],
        &["pool_mode = transaction", "server_round_robin = 1", "min_pool_size = 4"],
        &["pool_mode = statement"],
    ] {
        let pooler = PgBouncer::start(&database, settings);
        pair.set("AUTH_DATABASE_URL", &pooler.url);
        for command in [&["serve"][..], &["init"], &["users", "list"]] {
            let ended = pair.auth.launch.run_briefly(command);
            ended.failed_with(1, &["pooler", "pool_mode = session"]);
        }
    }
    let tables = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    assert_eq!(database.run(tables), "0");
    assert!(!pair.auth.path("keys").exists(), "no key is made");
}

#[test]
fn pair_runs_behind_a_pooler_in_session_mode() {
    let database = Database::fresh();
    let pooler = PgBouncer::start(&database, &["pool_mode = session"]);
    let mut pair = Pair::bare();
    pair.set("AUTH_DATABASE_URL", &pooler.url);
    pair.run();
    let user = User::signed_up(&pair.auth, "Ada");
    let token = user.log_in(&pair.auth);
    pair.accepts("through the pooler", &token);
    pair.auth.command(&["users", "disable", &user.email]).done();
    poll::until("the guard refuses", Duration::from_secs(5), || pair.me(&token).status == 401);
    // The lock of the ended server is free again.
    pair.auth.restart();
}
