//! Users at the issuer's own routes: in a session, and as operators.

use actix_web::test::TestRequest;
use actix_web::{FromRequest, ResponseError as _, web};
use signet_contract::bearer::Reason;
use signet_contract::directory::UserState;
use signet_verifier::Refusal;
use uuid::Uuid;

use super::actors::claims;
use super::server::{ISSUER, Server};
use crate::edge::callers::{Admin, Caller};
use crate::edge::errors::ApiError;

const REVOKED: Refusal = Refusal::Invalid(Reason::Revoked);
const TOO_LITTLE: Refusal = Refusal::Forbidden { scope: None };

/// Extracts a caller from a request.
async fn extract<C>(server: &Server, request: TestRequest) -> Result<C, Refusal>
where
    C: FromRequest<Error = ApiError>,
{
    let request = request
        .app_data(web::Data::from(server.app.clone()))
        .app_data(web::Data::from(server.edge.clone()))
        .to_http_request();
    C::extract(&request).await.map_err(|error| match error {
        ApiError::Token(refusal) => refusal,
        ApiError::Problem(problem) => panic!("{problem}"),
    })
}

async fn session(server: &Server, token: &str) -> Result<Uuid, Refusal> {
    let request = TestRequest::get().insert_header(("x-access-token", token));
    extract::<Caller>(server, request).await.map(|caller| caller.session.public_id)
}

async fn admin(server: &Server, token: &str) -> Result<Uuid, Refusal> {
    let bearer = ("authorization", format!("Bearer {token}"));
    let request = TestRequest::get().insert_header(bearer);
    extract::<Admin>(server, request).await.map(|admin| admin.0.session.public_id)
}

/// Ann is an operator, Bob is not.
async fn server() -> (Server, Uuid, Uuid) {
    let server = Server::start();
    let (ann, bob) = (server.sign_up("ann").await, server.sign_up("bob").await);
    server.database.set_user_admin(ann, true, &server.act()).unwrap();
    (server, ann, bob)
}

#[actix_web::test]
async fn session_caller_may_have_every_audience() {
    let (server, _, bob) = server().await;
    for audience in ["api-service", "billing", ISSUER] {
        let token = server.token_for("bob", audience).await;
        assert_eq!(session(&server, &token).await, Ok(bob), "{audience}");
        let request = TestRequest::get().insert_header(("x-access-token", &*token));
        let caller: Caller = extract(&server, request).await.unwrap();
        assert_eq!(claims(&token)["sid"], caller.session.sid.to_string());
    }
}

#[actix_web::test]
async fn operator_needs_the_role_in_token_and_table_and_the_issuer_as_audience() {
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
async fn ended_sessions_are_refused_as_revoked() {
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
