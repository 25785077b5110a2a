//! The first start of the services, and the first requests of new users.

use support::pair::Pair;
use support::user::User;

#[test]
fn first_serve_in_an_empty_folder_initialises_it() {
    let mut pair = Pair::bare();
    pair.run();
    let user = User::signed_up(&pair.auth, "Ada");
    let token = user.log_in(&pair.auth);
    assert_eq!(pair.me(&token).expect(200).json()["email"], user.email);
    let head = pair.api.request("HEAD", "/user/me").bearer(&token).send().expect(200);
    assert!(head.body.is_empty(), "{head:?}");
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
