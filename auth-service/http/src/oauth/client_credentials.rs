//! Tokens that services get for themselves (RFC 6749 §4.4).

use std::sync::Arc;

use actix_web::HttpRequest;
use uuid::Uuid;

use super::client_authentication::authenticated;
use super::error::TokenError;
use super::given;
use super::token::{TokenAnswer, TokenForm};
use crate::Issuer;
use crate::edge::address::client_address;
use auth_domain::audit::{Act, Action, Reason, Subject};
use auth_domain::clients::Client;
use auth_domain::service_tokens::granted_scope;

pub(super) async fn grant(
    request: &HttpRequest,
    issuer: &Issuer,
    form: TokenForm,
) -> Result<TokenAnswer, TokenError> {
    let (client, pos) = authenticated(request, issuer, form.client_id, form.client_secret).await?;
    let Ok(scope) = granted_scope(&client, given(form.scope.as_ref())) else {
        note(request, issuer, &client, Reason::InvalidScope).await?;
        return Err(TokenError::InvalidScope);
    };
    let audience = issuer.tokens.service_audience(given(form.audience.as_ref()));
    let Ok(audience) = audience else {
        note(request, issuer, &client, Reason::InvalidTarget).await?;
        return Err(TokenError::InvalidTarget);
    };

    let now = issuer.clock.now();
    let claims = issuer.tokens.of_service(&client, &scope, audience, Uuid::new_v4(), pos, now);
    let granted = claims.scope.clone();
    let keys = Arc::clone(&issuer.keys);
    let token = issuer.ask(move |_| Ok(keys.sign(&claims))).await?;
    let access_token = token.map_err(crate::edge::legacy::of_signing)?;
    issuer.metrics.service_token();
    Ok(TokenAnswer {
        access_token,
        token_type: "Bearer",
        expires_in: issuer.tokens.life.whole_seconds(),
        scope: granted,
        refresh_token: None,
        refresh_expires_in: None,
    })
}

async fn note(
    request: &HttpRequest,
    issuer: &Issuer,
    client: &Client,
    why: Reason,
) -> Result<(), TokenError> {
    let from = client_address(request);
    let act = Act::by_client(&client.client_id, from, issuer.clock.now());
    let whom = Subject::Client(client.client_id.clone());
    Ok(issuer.note_within_bounds(act.refused(Action::ClientToken, whom, why)).await?)
}
