//! What somebody meets who runs the services for the first time, and signs up for the first time.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use end_to_end::pair::Pair;
use end_to_end::user::User;
use serde_json::json;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("metadata").permissions().mode() & 0o777
}

#[test]
fn init_may_be_run_again_and_changes_nothing_then() {
    let pair = Pair::bare();
    let first = pair.auth.command(&["init"]).done();
    assert!(!first.out.trim().is_empty(), "it says what it did: {first:?}");
    let secret_file = pair.auth.path("keys/clients/api-service.secret");
    let secret = fs::read(&secret_file).expect("a secret");
    let keys = pair.auth.command_json(&["keys", "list"]);

    pair.auth.command(&["init"]).done();
    assert_eq!(fs::read(&secret_file).expect("a secret"), secret);
    assert_eq!(pair.auth.command_json(&["keys", "list"]), keys);
    assert_eq!(mode(&secret_file), 0o600);
    let key_files: Vec<_> = fs::read_dir(pair.auth.path("keys/signing"))
        .expect("a folder of keys")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    assert_eq!(key_files.len(), 1, "{key_files:?}");
    assert_eq!(mode(&key_files[0]), 0o600);
}

#[test]
fn serve_on_an_empty_folder_does_first_what_init_does() {
    let mut pair = Pair::bare();
    pair.run();
    let user = User::signed_up(&pair.auth, "Ada");
    assert_eq!(pair.me(&user.log_in(&pair.auth)).expect(200).json()["email"], user.email);
}

#[test]
fn one_signs_up_logs_in_and_reads_the_users() {
    let pair = Pair::start();
    let (ada, grace) = (User::new("Ada Lovelace"), User::new("Grace Hopper"));
    let answer = ada.sign_up(&pair.auth).expect(201);
    assert_eq!(answer.text(), "Successfully registered.");
    assert_eq!(answer.media_type(), "text/plain");
    let again = ada.sign_up(&pair.auth).expect(202);
    assert_eq!(again.text(), "User already exists. Please Log in.");
    let fields = json!({"name": grace.name, "email": grace.email, "password": grace.password});
    pair.auth.post("/signup").json(&fields).send().expect(201);

    let answer = ada.try_login(&pair.auth).expect(201);
    let body = answer.json();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 1_800);
    assert!(answer.header("cache-control").contains("no-store"));
    let token = body["token"].as_str().expect("a token");
    let id = ada.public_id(&pair.auth);
    let record = json!({"public_id": id, "name": ada.name, "email": ada.email});

    // Both ways of presenting a token.
    let me = pair.me(token).expect(200);
    assert_eq!(me.json(), record);
    assert!(me.header("cache-control").contains("no-store"));
    let me = pair.api.get("/user/me").header("x-access-token", token).send().expect(200);
    assert_eq!(me.json(), record);
    let one = pair.api.get(&format!("/user/{id}")).bearer(token).send().expect(200);
    assert_eq!(one.json(), record);

    let other = grace.public_id(&pair.auth);
    let list = pair.api.get("/user").bearer(token).send().expect(200).json();
    let grace = json!({"public_id": other, "name": grace.name, "email": grace.email});
    assert_eq!(list, json!({"users": [record, grace], "next": null}));
}

#[test]
fn the_list_of_users_is_read_page_by_page_in_order_of_creation() {
    let pair = Pair::start();
    let users: Vec<_> = (0..5).map(|n| User::signed_up(&pair.auth, &format!("User {n}"))).collect();
    let token = users[4].log_in(&pair.auth);
    let page = |query: &str| pair.api.get(&format!("/user?{query}")).bearer(&token).send();
    let mut names = Vec::new();
    let mut query = "limit=2".to_owned();
    loop {
        let body = page(&query).expect(200).json();
        let list = body["users"].as_array().expect("users");
        assert!(list.len() <= 2);
        names.extend(list.iter().map(|user| user["name"].as_str().expect("a name").to_owned()));
        let Some(next) = body["next"].as_str() else { break };
        query = format!("limit=2&after={next}");
    }
    assert_eq!(names, users.iter().map(|user| user.name.clone()).collect::<Vec<_>>());
    page("limit=1000").expect(200);
    for wrong in ["limit=0", "limit=1001", "limit=-1", "limit=x", "limit=", "after=%00", "after=x'"]
    {
        page(wrong).problem(422);
    }
    let unknown = format!("/user/{}", uuid::Uuid::new_v4());
    pair.api.get(&unknown).bearer(&token).send().problem(404);
    pair.api.get("/user/no-uuid").bearer(&token).send().problem(404);
}

#[test]
fn who_may_list_users_is_a_setting() {
    let pair = Pair::start_with(&[("API_USER_LIST", "admin")]);
    let (ada, grace) = (User::signed_up(&pair.auth, "Ada"), User::signed_up(&pair.auth, "Grace"));
    let token = ada.log_in(&pair.auth);
    let (own, other) = (ada.public_id(&pair.auth), grace.public_id(&pair.auth));
    let get = |path: String| pair.api.get(&path).bearer(&token).send();
    get("/user/me".into()).expect(200);
    get(format!("/user/{own}")).expect(200);
    for path in ["/user".to_owned(), format!("/user/{other}")] {
        let refused = get(path).expect(403);
        assert!(refused.header("www-authenticate").contains(r#"error="insufficient_scope""#));
    }
    let root = User::new("Root");
    pair.auth
        .launch
        .run_with(
            &["users", "create", "--name", "Root", "--email", &root.email, "--role", "admin"],
            &format!("{}\n", root.password),
        )
        .done();
    let token = root.log_in(&pair.auth);
    let list = pair.api.get("/user").bearer(&token).send().expect(200).json();
    assert_eq!(list["users"].as_array().map(Vec::len), Some(3));
}

#[test]
fn one_may_read_the_own_record_right_after_signing_up_and_logging_in_a_thousand_times() {
    let pair = Pair::start();
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let pair = &pair;
            scope.spawn(move || {
                for round in 0..250 {
                    let user = User::signed_up(&pair.auth, &format!("User {worker} {round}"));
                    let token = user.log_in(&pair.auth);
                    assert_eq!(pair.me(&token).expect(200).json()["email"], user.email);
                }
            });
        }
    });
}
