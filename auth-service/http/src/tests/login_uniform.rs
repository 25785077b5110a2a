//! `POST /login` with uniform answers, which do not show whether an account exists.

use signet_contract::directory::UserState;

use super::actors::PASSWORD;
use super::server::{Server, Setup};

#[actix_web::test]
async fn uniform_refusals_are_identical() {
    let server = Server::with(Setup { uniform_errors: true, ..Setup::default() });
    server.sign_up("ann").await;
    let bob = server.sign_up("bob").await;
    server.database.set_user_state(bob, UserState::Disabled, &server.act()).unwrap();

    let mut answers = Vec::new();
    for (name, password) in [("nobody", PASSWORD), ("ann", "wrong"), ("bob", PASSWORD)] {
        answers.push(server.log_in(name, password).await);
    }
    answers.push(server.post_form("/login", &[]).await);
    let expected = "Basic realm=\"Login required !!\"";
    let shape = |answer: &super::server::Answer| {
        let mut headers: Vec<_> = answer
            .headers
            .iter()
            .filter(|(name, _)| *name != "x-request-id")
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        headers.sort();
        (answer.status.as_u16(), answer.body.clone(), headers)
    };
    for answer in &answers {
        assert_eq!((answer.status.as_u16(), answer.header("www-authenticate")), (401, expected));
        assert_eq!(shape(answer), shape(&answers[0]));
    }
    assert_eq!(server.log_in("ann", PASSWORD).await.status, 201);
}
