//! The next tokens of a session, for its refresh token (RFC 6749 §6).

use actix_web::HttpRequest;

use super::client_authentication::identified;
use super::error::TokenError;
use super::given;
use super::token::{TokenAnswer, TokenForm};
use crate::domain::audit::{Act, Action, Reason, Subject};
use crate::domain::refresh::{Outcome, RefreshToken, Rotation};
use crate::http::address::client_address;
use crate::http::{Issuer, failure};

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
    let from = client_address(request, &issuer.options.trusted_proxies);
    let now = issuer.clock.now();
    let act = Act::by_client(&client_id, from, now);
    // Before the token is used up: what is asked for must be to be had.
    if given(form.scope.as_ref()).is_some() {
        let refused = act.refused(REFRESH, Subject::Unknown, Reason::InvalidScope);
        issuer.note_within_bounds(refused).await?;
        return Err(TokenError::InvalidScope);
    }
    let asked =
        given(form.audience.as_ref()).map(|audience| issuer.tokens.user_audience(Some(audience)));
    let Ok(asked) = asked.transpose() else {
        let refused = act.refused(REFRESH, Subject::Unknown, Reason::InvalidTarget);
        issuer.note_within_bounds(refused).await?;
        return Err(TokenError::InvalidTarget);
    };

    let Some(token) = RefreshToken::parse(&text) else {
        let unknown = act.refused(REFRESH, Subject::Unknown, Reason::UnknownToken);
        issuer.note_within_bounds(unknown).await?;
        return Err(TokenError::InvalidGrant);
    };
    let (rotation, successor) = Rotation::of(&token, &client_id).map_err(failure::of_signing)?;
    let policy = issuer.refresh;
    let by = act.clone();
    let outcome = issuer.ask(move |store| store.refresh(&rotation, &policy, &by)).await?;
    let refreshed = match outcome {
        Outcome::Refreshed(refreshed) => refreshed,
        Outcome::Unknown => {
            let unknown = act.refused(REFRESH, Subject::Unknown, Reason::UnknownToken);
            issuer.note_within_bounds(unknown).await?;
            return Err(TokenError::InvalidGrant);
        }
        Outcome::Refused { sid, public_id, why } => {
            let refused = act.refused(REFRESH, Subject::Session(sid, public_id), why);
            issuer.note_within_bounds(refused).await?;
            return Err(TokenError::InvalidGrant);
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
    // An audience that is offered no more is not put into new tokens.
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
