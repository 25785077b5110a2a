//! Secrets that must never appear in a log, a process list or an environment.

use std::fs;

use support::client::Client;
use support::forge::Forge;
use support::pair::Pair;
use support::service::Service;
use support::user::User;

fn process_texts(service: &Service) -> Vec<(&'static str, String)> {
    ["environ", "cmdline", "comm"]
        .into_iter()
        .map(|name| {
            let path = format!("/proc/{}/{name}", service.process().id());
            (name, String::from_utf8_lossy(&fs::read(path).expect("readable")).into_owned())
        })
        .collect()
}

#[test]
fn no_secret_is_in_a_log_an_environment_or_a_command_line() {
    let mut pair = Pair::prepare();
    pair.import(Forge::known());
    pair.auth.launch.set("AUTH_LOG", "trace");
    pair.api.launch.set("API_LOG", "trace");
    pair.run();
    let user = User::signed_up(&pair.auth, "Ada");
    let token = user.log_in(&pair.auth);
    pair.accepts("it works", &token);
    pair.api.get("/user").header("x-access-token", &token).send().expect(200);
    let wrong = User { password: "hunter2 and more of it".into(), ..user.clone() };
    wrong.try_login(&pair.auth).expect(403);
    User { password: "password".into(), ..User::new("Weak") }.sign_up(&pair.auth).expect(422);
    let body = format!("{{\"email\":\"x\",\"password\":\"{}\"", wrong.password);
    pair.auth.post("/login").body("application/json", body).send().expect(400);
    let stranger = Forge::generate(2_048).mint(&support::token::claims(&token));
    pair.me(&stranger);
    let query = format!("/user/me?access_token={token}");
    pair.api.get(&query).send().expect(401);
    let client = Client::registered(&pair.auth, "reports", &["directory:read", "events:read"]);
    let guard = Client::of_the_guard(&pair.auth);
    let service_token = client.token(&pair.auth);
    pair.auth.get("/directory/users").bearer(&service_token).send().expect(200);
    let unproven = Client { secret: "not the secret of reports".into(), ..client.clone() };
    unproven.try_token(&pair.auth, &[]).expect(401);
    let public_id = user.public_id(&pair.auth);
    pair.auth.command(&["users", "disable", &public_id]).done();
    support::poll::until("the guard refuses", std::time::Duration::from_secs(5), || {
        pair.me(&token).status == 401
    });

    let signature = |token: &str| token.rsplit('.').next().expect("a signature").to_owned();
    let claims = |token: &str| token.split('.').nth(1).expect("claims").to_owned();
    let mut secrets = vec![
        user.password.clone(),
        wrong.password.clone(),
        unproven.secret.clone(),
        client.secret.clone(),
        guard.secret.clone(),
        signature(&token),
        claims(&token),
        signature(&service_token),
        signature(&stranger),
        "PRIVATE KEY".into(),
        "$argon2".into(),
    ];
    secrets.extend(Forge::known().private_lines());
    for (name, service) in [("auth-service", &pair.auth), ("api-service", &pair.api)] {
        let mut texts = process_texts(service);
        texts.push(("log", service.log()));
        for (what, text) in texts {
            for secret in &secrets {
                if let Some(line) = text.lines().find(|line| line.contains(secret.as_str())) {
                    panic!("{what} of {name} holds {secret}: {line}");
                }
            }
        }
    }
    // The control: the logs do describe the events.
    pair.auth.wait_log(&public_id);
}

#[test]
fn crash_leaves_no_core_dump() {
    let pair = Pair::start();
    for service in [&pair.auth, &pair.api] {
        let path = format!("/proc/{}/limits", service.process().id());
        let limits = fs::read_to_string(path).expect("readable");
        let core = limits.lines().find(|line| line.starts_with("Max core file size"));
        let core: Vec<_> = core.expect("a limit").split_whitespace().skip(4).collect();
        assert_eq!(core[..2], ["0", "0"], "{limits}");
    }
}

#[test]
fn client_input_adds_no_log_line() {
    let pair = Pair::start();
    let forged = "2030-01-01T00:00:00Z  INFO forged=yes";
    for evil in [format!("x\r\n{forged}"), format!("x\n{forged}"), "\u{1b}[2Jx".to_owned()] {
        let body = serde_json::json!({"email": evil, "password": evil, "name": evil});
        pair.auth.post("/login").json(&body).send();
        pair.auth.post("/signup").json(&body).send();
        let encoded = support::token::encode(&evil);
        pair.me(&format!("{encoded}.{encoded}.{encoded}"));
        let client = Client { id: evil.clone(), secret: evil.clone() };
        client.try_token(&pair.auth, &[("scope", &evil)]);
        pair.api.get("/user/%0d%0aforged=yes").send();
        pair.auth.get("/x%0d%0aforged=yes").header("user-agent", "x\u{9b}y").send();
    }
    for service in [&pair.auth, &pair.api] {
        let log = service.log();
        assert!(!log.lines().any(|line| line.starts_with(forged)), "{log}");
        let escape_sent = log.contains("\u{1b}[2J") || log.contains('\u{9b}');
        assert!(!escape_sent, "{log:?}");
    }
}

#[test]
fn the_guard_holds_nothing_of_the_private_key() {
    let pair = Pair::start_forged(&[]);
    let user = User::signed_up(&pair.auth, "Ada");
    pair.accepts("it works", &user.log_in(&pair.auth));
    let lines = Forge::known().private_lines();
    let mut folders = vec![pair.api.launch.folder.clone()];
    let mut read = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = String::from_utf8_lossy(&fs::read(&path).expect("a file")).into_owned();
            read += 1;
            assert!(!text.contains("PRIVATE"), "{}", path.display());
            assert!(!lines.iter().any(|line| text.contains(line)), "{}", path.display());
        }
    }
    assert!(read > 0, "the control: there is a replica");
    let maps = fs::read_dir(format!("/proc/{}/fd", pair.api.process().id())).expect("descriptors");
    for link in maps {
        let target = fs::read_link(link.expect("a link").path());
        let open = target.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
        assert!(!open.contains("keys/signing"), "{open}");
    }
}
