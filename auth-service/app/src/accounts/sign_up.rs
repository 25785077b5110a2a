//! The sign-up: makes an account.

use uuid::Uuid;

use super::bytes;
use crate::AppState;
use crate::error::AppError;
use crate::metrics::CountedSignUp;
use auth_domain::audit::{Act, Action, Reason, RequestOrigin, Subject};
use auth_domain::sign_up::{Applicant, SignUpForm};
use auth_domain::sign_up_limit::TooManySignUps;
use auth_domain::users::Created;

/// The outcome of a sign-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUpOutcome {
    /// The account exists now.
    Created,
    /// An account has the address already.
    AddressTaken,
}

/// Checks that sign-ups are allowed. A route calls this before it reads the form.
///
/// # Errors
///
/// [`AppError::RegistrationClosed`].
pub fn check_registration(app: &AppState) -> Result<(), AppError> {
    if app.registration_open {
        return Ok(());
    }
    app.metrics.sign_up(CountedSignUp::Closed);
    Err(AppError::RegistrationClosed)
}

/// Makes an account.
///
/// # Errors
///
/// - [`AppError::RegistrationClosed`].
/// - [`AppError::Invalid`] for each field with a fault.
/// - [`AppError::LimitReached`] after too many sign-ups from the network.
/// - [`AppError::Overloaded`].
pub async fn sign_up(
    app: &AppState,
    form: SignUpForm,
    from: &RequestOrigin,
) -> Result<SignUpOutcome, AppError> {
    check_registration(app)?;
    let applicant = form.check().map_err(AppError::Invalid)?;
    let counted = match app.sign_ups.admit(from.address, app.clock.now()) {
        Ok(counted) => counted,
        Err(TooManySignUps { retry_after }) => {
            app.metrics.sign_up(CountedSignUp::Throttled);
            tracing::debug!("sign-up refused: too many from this address");
            let reason = Reason::TooManySignUps;
            note_refusal(app, from, Subject::Unknown, reason).await?;
            return Err(AppError::LimitReached { reason, retry_after });
        }
    };
    let outcome = create(app, applicant, from).await.inspect_err(|_| counted.take_back())?;
    let counted_as = match outcome {
        SignUpOutcome::Created => CountedSignUp::Created,
        SignUpOutcome::AddressTaken => CountedSignUp::Taken,
    };
    app.metrics.sign_up(counted_as);
    Ok(outcome)
}

async fn create(
    app: &AppState,
    applicant: Applicant,
    from: &RequestOrigin,
) -> Result<SignUpOutcome, AppError> {
    let mut hash_permit = app.hashing.enter(from.address)?;
    let key = applicant.email.key.clone();
    if !app.uniform_errors {
        // A taken address needs no hash. For uniform answers it is made, to take the same time.
        let key = key.clone();
        if app.run(move |store| store.find_user_by_email_key(&key)).await?.is_some() {
            return refuse_taken_address(app, applicant.email.key, from).await;
        }
    }
    let hash = hash_permit.hash(bytes(&applicant.password)).await?;
    let public_id = Uuid::new_v4();
    let user = applicant.into_user(public_id, hash, false);
    let act = Act::by_nobody(from, app.clock.now());
    match app.run(move |store| store.create_user(&user, &act)).await? {
        Created::User(_) => {
            tracing::info!(outcome = "created", %public_id, "sign-up");
            Ok(SignUpOutcome::Created)
        }
        Created::AddressTaken => refuse_taken_address(app, key, from).await,
    }
}

/// Records the refusal with the owner of the address.
async fn refuse_taken_address(
    app: &AppState,
    key: String,
    from: &RequestOrigin,
) -> Result<SignUpOutcome, AppError> {
    let owner = app.run(move |store| store.find_user_by_email_key(&key)).await?;
    let public_id = owner.map(|owner| owner.public_id);
    // At `debug`: unlike a new account, it may cost the caller nothing.
    tracing::debug!(outcome = "taken", public_id = public_id.map(display), "sign-up");
    let subject = public_id.map_or(Subject::Unknown, Subject::User);
    note_refusal(app, from, subject, Reason::AddressTaken).await?;
    Ok(SignUpOutcome::AddressTaken)
}

async fn note_refusal(
    app: &AppState,
    from: &RequestOrigin,
    subject: Subject,
    reason: Reason,
) -> Result<(), AppError> {
    let act = Act::by_nobody(from, app.clock.now());
    app.note_within_bounds(act.refused(Action::SignUp, subject, reason)).await
}
