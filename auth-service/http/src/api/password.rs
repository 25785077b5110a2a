//! `POST /password`: changes the caller's own password. Every other session ends.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _, web};
use serde::Deserialize;
use signet_contract::bearer::Reason;
use signet_contract::problem::Problem;
use signet_service::problem_response::ProblemError;
use signet_verifier::Refusal;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::Issuer;
use crate::api::admitted::Admitted;
use crate::edge::address::client_address;
use crate::edge::answer;
use crate::edge::body;
use crate::edge::legacy::SessionCaller;
use crate::edge::refusals::WrongBody;
use auth_crypto::hashing::Verified;
use auth_domain::audit::{Action, Reason as Why, Subject};
use auth_domain::password::judge;
use auth_domain::password_change::{PasswordChange, PasswordChanged};

/// The most attempts of one change: it starts over if the account changes meanwhile.
const TRIES: u32 = 3;

/// The fields of a password change, as a form or as JSON.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PasswordForm {
    /// The current password.
    #[serde(default)]
    #[schema(required, value_type = String, format = "password")]
    current_password: Zeroizing<String>,
    /// The new password: not a common one, not the address, not the name.
    #[serde(default)]
    #[schema(required, value_type = String, format = "password", min_length = 8)]
    new_password: Zeroizing<String>,
}

/// Changes the caller's own password.
///
/// Every other session of the user ends.
#[utoipa::path(
    post, path = "/password", tag = "Sessions", operation_id = "changePassword",
    security(("session" = []), ("session_header" = [])),
    request_body(content(
        (PasswordForm = "application/json"),
        (PasswordForm = "application/x-www-form-urlencoded"),
        (PasswordForm = "multipart/form-data"),
    )),
    responses(
        (status = 204, description = "The new password is the one."),
        (status = 401, description = "The token is missing or not good."),
        (status = 403, description = "The current password is another, or it is a service's token.", body = Problem, content_type = "application/problem+json"),
        WrongBody,
        // Replaces the 400 of `WrongBody`.
        (status = 400, description = "More than one token, or the body is malformed or has a field twice.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A field is missing, or the new password can't be one.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many tries failed.", body = Problem, content_type = "application/problem+json", headers(("Retry-After" = u32))),
        (status = 503, description = "Too busy, or the database can't be written to.", body = Problem, content_type = "application/problem+json", headers(("Retry-After" = u32))),
    )
)]
pub(crate) async fn change(
    request: HttpRequest,
    payload: web::Payload,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, actix_web::Error> {
    let caller = SessionCaller::of(&request, &issuer).await?;
    let asked: PasswordForm = body::read(&request, payload, body::ANY).await?;
    asked.check()?;
    let from = client_address(&request);
    for _ in 0..TRIES {
        let mut permit = issuer.hashing.enter(from).map_err(crate::edge::legacy::of_full_queue)?;
        let public_id = caller.public_id;
        let found = issuer
            .ask(move |store| {
                let known = match from {
                    Some(from) => store.has_logged_in_from(public_id, from)?,
                    None => false,
                };
                Ok(store.find_account(public_id)?.map(|account| (account, known)))
            })
            .await?;
        let Some((account, known)) = found else { return Ok(session_over()) };
        let wrong = judge(&asked.new_password, &account.name, &account.email);
        if !wrong.is_empty() {
            let wrong = wrong.into_iter().map(|why| ("new_password", why.to_string()));
            return Err(ProblemError::fields(wrong).into());
        }
        let admitted = {
            let act = issuer.act_of(&request, public_id);
            let whom = Subject::User(public_id);
            let refused = act.refused(Action::PasswordChange, whom, Why::TooManyFailures);
            Admitted::wait_for(&issuer, &mut permit, &account.email_key, from, known, &refused)
                .await?
        };
        let verified =
            permit.verify(bytes(&asked.current_password), account.password_hash.clone()).await;
        if !matches!(verified.map_err(crate::edge::legacy::of_hashing)?, Verified::Right { .. }) {
            // Counted first: a failure also counts if its audit row can't be written.
            admitted.failed();
            let act = issuer.act_of(&request, public_id);
            let whom = Subject::User(public_id);
            let why = Why::WrongPassword;
            issuer.note(act.refused(Action::PasswordChange, whom, why)).await?;
            tracing::info!(%public_id, from = from.map(tracing::field::display), "password not changed: the current one is another");
            let why = "The current password is another.";
            return Err(ProblemError::new(StatusCode::FORBIDDEN, why).into());
        }
        admitted.succeeded();
        let change = PasswordChange {
            public_id,
            sid: caller.sid,
            verified_hash: account.password_hash,
            new_hash: permit
                .hash(bytes(&asked.new_password))
                .await
                .map_err(crate::edge::legacy::of_hashing)?,
        };
        let act = issuer.act_of(&request, public_id);
        match issuer.ask(move |store| store.change_password(&change, &act)).await? {
            PasswordChanged::Done => {
                tracing::info!(%public_id, from = from.map(tracing::field::display), "password changed");
                return Ok(answer::done());
            }
            PasswordChanged::SessionOver => return Ok(session_over()),
            PasswordChanged::Outdated => {}
        }
    }
    Err(crate::edge::legacy::overtaken().into())
}

impl PasswordForm {
    /// Refuses a form that lacks a password, and names each one that is missing.
    fn check(&self) -> Result<(), ProblemError> {
        let given =
            [("current_password", &self.current_password), ("new_password", &self.new_password)];
        let missing = given.iter().filter(|(_, password)| password.is_empty());
        let missing: Vec<_> = missing.map(|(name, _)| (*name, "is missing".to_owned())).collect();
        if missing.is_empty() { Ok(()) } else { Err(ProblemError::fields(missing)) }
    }
}

/// Returns the answer for a session that ended during the request.
fn session_over() -> HttpResponse {
    Refusal::Invalid(Reason::Revoked).error_response()
}

fn bytes(password: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(password.as_bytes().to_vec())
}
