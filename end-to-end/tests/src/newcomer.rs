//! The first start of the services, and the first sign-up of a user.

use serde_json::json;
use support::pair::Pair;
use support::user::User;

#[test]
fn first_serve_in_an_empty_folder_initialises_it() {
    let mut pair = Pair::bare();
    pair.run();
    let user = User::signed_up(&pair.auth, "Ada");
    assert_eq!(pair.me(&user.log_in(&pair.auth)).expect(200).json()["email"], user.email);
}

#[test]
fn sign_up_log_in_and_user_list_work_without_a_pause() {
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

    // A token can be presented in two ways.
    let me = pair.me(token).expect(200);
    assert_eq!(me.json(), record);
    assert!(me.header("cache-control").contains("no-store"));
    let me = pair.api.get("/user/me").header("x-access-token", token).send().expect(200);
    assert_eq!(me.json(), record);
    let head = pair.api.request("HEAD", "/user/me").bearer(token).send().expect(200);
    assert!(head.body.is_empty(), "{head:?}");
    let one = pair.api.get(&format!("/user/{id}")).bearer(token).send().expect(200);
    assert_eq!(one.json(), record);

    let other = grace.public_id(&pair.auth);
    let list = pair.api.get("/user").bearer(token).send().expect(200).json();
    let grace = json!({"public_id": other, "name": grace.name, "email": grace.email});
    assert_eq!(list, json!({"users": [record, grace], "next": null}));
}

#[test]
fn own_record_is_readable_right_after_sign_up_and_log_in() {
    let pair = Pair::start();
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let pair = &pair;
            scope.spawn(move || {
                for round in 0..15 {
                    let user = User::signed_up(&pair.auth, &format!("User {worker} {round}"));
                    let token = user.log_in(&pair.auth);
                    assert_eq!(pair.me(&token).expect(200).json()["email"], user.email);
                }
            });
        }
    });
}
