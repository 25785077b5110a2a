//! Users at the issuer's own routes: in a session, and as operators.

use actix_web::ResponseError as _;
use actix_web::test::TestRequest;
use signet_contract::bearer::Reason;
use signet_contract::directory::UserState;
use signet_verifier::Refusal;
use time::Duration;
use uuid::Uuid;

use super::actors::claims;
use super::server::{ISSUER, Server};
use crate::edge::callers::Admin;
use crate::edge::legacy::SessionCaller;

const REVOKED: Refusal = Refusal::Invalid(Reason::Revoked);
const TOO_LITTLE: Refusal = Refusal::Forbidden { scope: None };

async fn session(server: &Server, token: &str) -> Result<Uuid, Refusal> {
    let request = TestRequest::get().insert_header(("x-access-token", token)).to_http_request();
    SessionCaller::of(&request, &server.app).await.map(|caller| caller.public_id)
}

async fn admin(server: &Server, token: &str) -> Result<Uuid, Refusal> {
    let bearer = ("authorization", format!("Bearer {token}"));
    let request = TestRequest::get().insert_header(bearer).to_http_request();
    Admin::of(&request, &server.app).await.map(|caller| caller.public_id)
}

/// Ann is an operator, Bob is not.
async fn server() -> (Server, Uuid, Uuid) {
    let server = Server::start();
    let (ann, bob) = (server.sign_up("ann").await, server.sign_up("bob").await);
    server.database.set_user_admin(ann, true, &server.act()).unwrap();
    (server, ann, bob)
}

#[actix_web::test]
async fn a_session_route_takes_every_audience_and_names_the_session() {
    let (server, _, bob) = server().await;
    for audience in ["api-service", "billing", ISSUER] {
        let token = server.token_for("bob", audience).await;
        assert_eq!(session(&server, &token).await, Ok(bob), "{audience}");
        let request = TestRequest::get().insert_header(("x-access-token", &*token));
        let caller = SessionCaller::of(&request.to_http_request(), &server.app).await.unwrap();
        assert_eq!(claims(&token)["sid"], caller.sid.to_string());
    }
}

#[actix_web::test]
async fn an_operator_needs_the_role_in_token_and_table_and_a_token_for_the_issuer() {
    let (server, ann, bob) = server().await;
    let anns = server.token_for("ann", ISSUER).await;
    assert_eq!(admin(&server, &anns).await, Ok(ann));
    let elsewhere = server.token_for("ann", "api-service").await;
    assert_eq!(admin(&server, &elsewhere).await, Err(Refusal::Invalid(Reason::Audience)));

    let bobs = server.token_for("bob", ISSUER).await;
    assert_eq!(admin(&server, &bobs).await, Err(TOO_LITTLE));
    server.database.set_user_admin(bob, true, &server.act()).unwrap();
    assert_eq!(admin(&server, &bobs).await, Err(TOO_LITTLE), "not yet in the token");
    server.database.set_user_admin(ann, false, &server.act()).unwrap();
    assert_eq!(admin(&server, &anns).await, Err(REVOKED), "no more in the table");
    assert_eq!(session(&server, &anns).await, Err(REVOKED), "the session routes refuse it too");
}

#[actix_web::test]
async fn what_ended_is_refused_as_revoked_and_as_a_guard_words_it() {
    let (server, _, bob) = server().await;
    let bobs = server.token_for("bob", ISSUER).await;
    server.database.set_user_state(bob, UserState::Disabled, &server.act()).unwrap();
    assert_eq!(session(&server, &bobs).await, Err(REVOKED));
    server.database.set_user_state(bob, UserState::Active, &server.act()).unwrap();
    assert_eq!(session(&server, &bobs).await, Err(REVOKED), "enabling revives no session");
    let fresh = server.token_for("bob", ISSUER).await;
    assert_eq!(session(&server, &fresh).await, Ok(bob));
    server.database.delete_user(bob, &server.act()).unwrap();
    let refusal = session(&server, &fresh).await.unwrap_err();
    assert_eq!(refusal, REVOKED);
    assert_eq!(refusal.error_response().status(), 401);
}

#[actix_web::test]
async fn a_token_that_never_was_good_or_is_over_is_refused() {
    let (server, ..) = server().await;
    let anns = server.token_for("ann", ISSUER).await;
    let request = TestRequest::get().to_http_request();
    assert_eq!(SessionCaller::of(&request, &server.app).await, Err(Refusal::Missing));
    assert_eq!(Admin::of(&request, &server.app).await, Err(Refusal::Missing));
    let (signed, signature) = anns.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let forged = format!("{signed}.{first}{}", &signature[1..]);
    for bad in ["junk", &forged] {
        assert!(matches!(session(&server, bad).await, Err(Refusal::Invalid(_))), "{bad}");
    }
    let two = TestRequest::get()
        .insert_header(("x-access-token", "other"))
        .insert_header(("authorization", format!("Bearer {anns}")))
        .to_http_request();
    assert_eq!(SessionCaller::of(&two, &server.app).await, Err(Refusal::Ambiguous));
    server.clock.advance(Duration::minutes(31));
    assert_eq!(session(&server, &anns).await, Err(Refusal::Invalid(Reason::Expired)));
}
