//! Example services outside Rust behind nginx.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use support::forward::{self, Door, Program};
use support::pair::Pair;
use support::process::Process;
use support::token;
use support::user::User;
use support::{deploy, http, outside, poll, port};

/// Go compiles its service first.
const START: Duration = Duration::from_mins(2);

/// The examples, from the folder of the test clients.
const FOLDER: &str = "../../deploy/forward-auth/services";

/// A program that starts an example on a port, with a log in the folder.
type Start = fn(u16, &Path) -> Process;

fn fastapi(port: u16, folder: &Path) -> Process {
    let script = format!("{FOLDER}/fastapi_service.py");
    outside::python_server(&script, &[&port.to_string()], &folder.join("fastapi.log"))
}

fn express(port: u16, folder: &Path) -> Process {
    let script = format!("{FOLDER}/express_service.mjs");
    outside::node_server(&script, &json!(port), &folder.join("express.log"))
}

fn go(port: u16, folder: &Path) -> Process {
    let source = deploy::path("forward-auth/services/go_service.go");
    outside::go_server(&source, &port.to_string(), folder)
}

#[test]
fn services_outside_rust_learn_their_caller_from_nginx() {
    let pair = forward::pair();
    let user = User::signed_up(&pair.auth, "Zoë");
    let token = user.log_in_for(&pair.auth, "orders");
    let started = [("fastapi", fastapi as Start), ("express", express), ("go", go)];
    let started = started.map(|(name, start)| {
        let port = port::free();
        (name, port, start(port, pair.folder()))
    });
    for (name, port, mut process) in started {
        let service = format!("127.0.0.1:{port}");
        // A request that nginx did not judge.
        poll::until(name, START, || {
            let log = || std::fs::read_to_string(pair.folder().join(format!("{name}.log")));
            assert!(process.ended().is_none(), "{name} ended: {:?}", log());
            let direct = http::request("GET", &format!("http://{service}/orders")).try_send();
            direct.is_ok_and(|answer| answer.status == 500)
        });
        tells_its_caller(&pair, name, &service, &token);
    }
}

fn tells_its_caller(pair: &Pair, name: &str, service: &str, token: &str) {
    let folder = pair.folder().join(format!("before-{name}"));
    std::fs::create_dir(&folder).expect("a folder");
    let door = Door::start(Program::Nginx, &folder, pair.api.address(), service);
    let orders = || door.request("GET", "/orders").header("x-auth-roles", "admin");
    let caller: Value = orders().bearer(token).send().expect(200).json()["caller"].clone();
    let subject = &token::claims(token)["sub"];
    assert_eq!(caller, json!({"subject": subject, "roles": ["user"], "name": "Zoë"}), "{name}");
    orders().send().expect(401);
}
