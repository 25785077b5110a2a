//! Exchanges a refresh token for the next tokens of its session (RFC 6749 §6).

use actix_web::HttpRequest;

use super::client_authentication::identified;
use super::error::TokenError;
use super::given;
use super::token::{TokenAnswer, TokenForm};
use crate::Issuer;
use crate::edge::address::client_address;
use auth_domain::audit::{Act, Action, Reason, Subject};
use auth_domain::refresh::{Outcome, RefreshToken, Rotation};

const REFRESH: Action = Action::SessionRefresh;

pub(super) async fn grant(
    request: &HttpRequest,
    issuer: &Issuer,
    form: TokenForm,
) -> Result<TokenAnswer, TokenError> {
    let client_id = identified(request, issuer, form.client_id, form.client_secret).await?;
    let text = form.refresh_token.unwrap_or_default();
    if text.is_empty() {
        return Err(TokenError::InvalidRequest("refresh_token is missing"));
    }
    let from = client_address(request);
    let now = issuer.clock.now();
    let act = Act::by_client(&client_id, from, now);
    let refuse = async |whom, why, error: TokenError| {
        issuer.note_within_bounds(act.refused(REFRESH, whom, why)).await?;
        Err(error)
    };
    // Scope and audience are checked before the refresh token is used up.
    if given(form.scope.as_ref()).is_some() {
        return refuse(Subject::Unknown, Reason::InvalidScope, TokenError::InvalidScope).await;
    }
    let asked =
        given(form.audience.as_ref()).map(|audience| issuer.tokens.user_audience(Some(audience)));
    let Ok(asked) = asked.transpose() else {
        return refuse(Subject::Unknown, Reason::InvalidTarget, TokenError::InvalidTarget).await;
    };

    let Some(token) = RefreshToken::parse(&text) else {
        return refuse(Subject::Unknown, Reason::UnknownToken, TokenError::InvalidGrant).await;
    };
    let (rotation, successor) =
        Rotation::of(&token, &client_id).map_err(crate::edge::legacy::of_signing)?;
    let policy = issuer.refresh;
    let by = act.clone();
    let outcome = issuer.ask(move |store| store.refresh(&rotation, &policy, &by)).await?;
    let refreshed = match outcome {
        Outcome::Refreshed(refreshed) => refreshed,
        Outcome::Unknown => {
            return refuse(Subject::Unknown, Reason::UnknownToken, TokenError::InvalidGrant).await;
        }
        Outcome::Refused { sid, public_id, why } => {
            return refuse(Subject::Session(sid, public_id), why, TokenError::InvalidGrant).await;
        }
        Outcome::Reused { sid, public_id } => {
            tracing::warn!(%public_id, %sid, from = from.map(tracing::field::display), "a refresh token was used twice: its session has ended");
            return Err(TokenError::InvalidGrant);
        }
    };
    let successor = match &refreshed.again {
        None => successor,
        Some(sealed) => token.unseal(sealed).ok_or(TokenError::InvalidGrant)?,
    };
    // A new token does not get an audience that the issuer no longer offers.
    let session_audience = issuer.tokens.user_audience(given(Some(&refreshed.audience)));
    let audience = match (asked, session_audience) {
        (Some(asked), _) => asked,
        (None, Ok(audience)) => audience,
        (None, Err(_)) => {
            issuer.tokens.user_audience(None).map_err(|_| TokenError::InvalidTarget)?
        }
    };
    let access_token = issuer.sign(&refreshed.session, audience).await?;
    issuer.metrics.refreshed();
    Ok(TokenAnswer {
        access_token,
        token_type: "Bearer",
        expires_in: issuer.tokens.life.whole_seconds(),
        scope: None,
        refresh_token: Some(successor.text().to_string()),
        refresh_expires_in: Some((refreshed.expires_at - now).whole_seconds()),
    })
}
