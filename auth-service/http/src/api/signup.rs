//! `POST /signup`: makes an account.

use std::net::IpAddr;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use signet_contract::problem::Problem;
use signet_service::problem_response::ProblemError;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::Issuer;
use crate::edge::address::client_address;
use crate::edge::answer;
use crate::edge::body;
use crate::edge::even_time::EvenTime;
use crate::edge::refusals::WrongBody;
use auth_app::metrics::SignUpOutcome;
use auth_domain::audit::{Act, Action, Reason, Subject};
use auth_domain::sign_up::{Applicant, SignUpForm};
use auth_domain::sign_up_limit::TooManySignUps;
use auth_domain::users::Created;

/// Makes an account.
///
/// The answer shows whether an address is taken, unless the operator chose uniform answers.
#[utoipa::path(
    post, path = "/signup", tag = "Accounts", operation_id = "signUp",
    request_body(content(
        (SignUpForm = "application/json"),
        (SignUpForm = "application/x-www-form-urlencoded"),
        (SignUpForm = "multipart/form-data"),
    )),
    responses(
        (status = 201, description = "The account exists.", body = String, content_type = "text/plain", example = "Successfully registered."),
        (status = 202, description = "The address has an account already.", body = String, content_type = "text/plain", example = "User already exists. Please Log in."),
        WrongBody,
        (status = 422, description = "A field has a value that it can't have.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many sign-ups from this address.", body = Problem, content_type = "application/problem+json", headers(("Retry-After" = u32))),
        (status = 503, description = "Too busy, or the database can't be written to.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn sign_up(
    request: HttpRequest,
    payload: web::Payload,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, ProblemError> {
    let form: SignUpForm = body::read(&request, payload, body::ANY).await?;
    let applicant = form.check().map_err(ProblemError::fields)?;
    let even_time = EvenTime::starting_now();
    let email = format!("{:?}", applicant.email.shown);
    let address = client_address(&request);
    let counted = match issuer.sign_ups.admit(address, issuer.clock.now()) {
        Ok(counted) => counted,
        Err(refused) => return Err(throttled(&issuer, address, refused).await),
    };
    let outcome = match create(&issuer, applicant, address).await {
        Ok(outcome) => outcome,
        Err(why) => {
            counted.take_back();
            return Err(why);
        }
    };
    issuer.metrics.sign_up(outcome);
    tracing::info!(outcome = outcome.word(), %email, from = address.map(tracing::field::display), "sign-up");
    if issuer.uniform_errors {
        even_time.wait().await;
    }
    Ok(match outcome {
        SignUpOutcome::Taken if !issuer.uniform_errors => {
            answer::text(StatusCode::ACCEPTED, "User already exists. Please Log in.")
        }
        _ => answer::text(StatusCode::CREATED, "Successfully registered."),
    })
}

/// Refuses a sign-up past the limit.
async fn throttled(issuer: &Issuer, from: Option<IpAddr>, refused: TooManySignUps) -> ProblemError {
    issuer.metrics.sign_up_throttled();
    tracing::info!(
        from = from.map(tracing::field::display),
        "sign-up refused: too many from this address"
    );
    let nobody = Act::by_nobody(from, issuer.clock.now());
    let entry = nobody.refused(Action::SignUp, Subject::Unknown, Reason::TooManySignUps);
    if let Err(why) = issuer.note_within_bounds(entry).await {
        return why;
    }
    let detail = "Too many sign-ups from this address; wait before the next one.";
    crate::edge::legacy::too_many(detail, refused.retry_after)
}

async fn create(
    issuer: &Issuer,
    applicant: Applicant,
    from: Option<IpAddr>,
) -> Result<SignUpOutcome, ProblemError> {
    let mut permit = issuer.hashing.enter(from).map_err(crate::edge::legacy::of_full_queue)?;
    if !issuer.uniform_errors {
        // A taken address needs no hash. For uniform answers it is made, to take the same time.
        let key = applicant.email.key.clone();
        if issuer.ask(move |store| store.find_user_by_email_key(&key)).await?.is_some() {
            return taken(issuer, applicant.email.key, from).await;
        }
    }
    let password = Zeroizing::new(applicant.password.as_bytes().to_vec());
    let hash = permit.hash(password).await.map_err(crate::edge::legacy::of_hashing)?;
    let key = applicant.email.key.clone();
    let user = applicant.into_user(Uuid::new_v4(), hash, false);
    let act = Act::by_nobody(from, issuer.clock.now());
    match issuer.ask(move |store| store.create_user(&user, &act)).await? {
        Created::User(_) => Ok(SignUpOutcome::Created),
        Created::AddressTaken => taken(issuer, key, from).await,
    }
}

/// Records the refusal with the owner of the address.
async fn taken(
    issuer: &Issuer,
    key: String,
    from: Option<IpAddr>,
) -> Result<SignUpOutcome, ProblemError> {
    let owner = issuer.ask(move |store| store.find_user_by_email_key(&key)).await?;
    let whom = owner.map_or(Subject::Unknown, |owner| Subject::User(owner.public_id));
    let nobody = Act::by_nobody(from, issuer.clock.now());
    let refused = nobody.refused(Action::SignUp, whom, Reason::AddressTaken);
    issuer.note_within_bounds(refused).await?;
    Ok(SignUpOutcome::Taken)
}
