//! `POST /oauth2/token`: tokens for client credentials or a refresh token (RFC 6749 §3.2).

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use signet_contract::problem::OAuthError;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::answer;
use super::client_auth::{ClientAuth, ClientFields, ClientForm};
use super::error::OAuthProblem;
use crate::edge::refusals::OAuthRefusal;
use auth_app::AppState;
use auth_app::oauth::TokenAnswer;

/// The fields of a token request.
#[derive(Deserialize, ToSchema)]
#[schema(max_properties = 32)]
pub(crate) struct TokenForm {
    /// `client_credentials` or `refresh_token`.
    #[serde(default)]
    #[schema(required, pattern = "^(client_credentials|refresh_token)$")]
    grant_type: String,
    /// The token to exchange, for `refresh_token`. It is good once.
    #[schema(value_type = Option<String>)]
    refresh_token: Option<Zeroizing<String>>,
    /// The requested scopes, separated by spaces; all that the client has if left out. A session of
    /// a log-in has none.
    scope: Option<String>,
    /// The audience of the token: for a client one of its audiences or the issuer, which is the
    /// default; for a session one of the issuer's list. The default is the session's own.
    audience: Option<String>,
    /// Another name of `audience` (RFC 8707). If both are set, they must be equal.
    resource: Option<String>,
    /// The id of a client that does not authenticate in the header; left out for a log-in's tokens.
    client_id: Option<String>,
    /// The secret of a client that does not authenticate in the header.
    #[schema(value_type = Option<String>, format = "password")]
    client_secret: Option<Zeroizing<String>>,
}

/// A token request without the client.
pub(crate) struct TokenRequest {
    grant: Grant,
    scope: Option<String>,
    audience: Option<String>,
}

/// The grant of a token request.
enum Grant {
    ClientCredentials,
    RefreshToken(Zeroizing<String>),
}

impl ClientForm for TokenForm {
    type Rest = TokenRequest;

    fn split(self) -> Result<(ClientFields, TokenRequest), OAuthProblem> {
        let Self { grant_type, refresh_token, scope, audience, resource, client_id, client_secret } =
            self;
        let grant = match grant_type.as_str() {
            "" => return Err(OAuthProblem::InvalidRequest("grant_type is missing".into())),
            "client_credentials" => Grant::ClientCredentials,
            "refresh_token" => Grant::RefreshToken(refresh_token.unwrap_or_default()),
            _ => return Err(OAuthProblem::UnsupportedGrantType),
        };
        // An empty parameter counts as left out (RFC 6749 §3.2).
        let given = |parameter: Option<String>| parameter.filter(|text| !text.is_empty());
        let audience = match (given(audience), given(resource)) {
            (Some(audience), Some(resource)) if audience != resource => {
                return Err(OAuthProblem::InvalidTarget);
            }
            (audience, resource) => audience.or(resource),
        };
        let request = TokenRequest { grant, scope: given(scope), audience };
        Ok((ClientFields { client_id, client_secret }, request))
    }
}

/// Issues a token.
///
/// A client authenticates with `Authorization: Basic` or in the form, not both. The refresh token
/// of a log-in needs neither.
#[utoipa::path(
    post, path = "/oauth2/token", tag = "OAuth", operation_id = "issueToken",
    security(("client_secret" = []), ()),
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The access token.", body = TokenAnswer),
        (status = 400, description = "`invalid_request`, `invalid_grant`, `unsupported_grant_type`, `invalid_scope` or `invalid_target`.", body = OAuthError),
        OAuthRefusal,
    )
)]
pub(crate) async fn issue(
    request: ClientAuth<TokenForm>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, OAuthProblem> {
    let ClientAuth(caller, TokenRequest { grant, scope, audience }) = request;
    let (scope, audience) = (scope.as_deref(), audience.as_deref());
    let tokens = match &grant {
        Grant::ClientCredentials => app.issue_client_token(&caller, scope, audience).await?,
        Grant::RefreshToken(token) => app.refresh_session(&caller, token, scope, audience).await?,
    };
    Ok(answer(StatusCode::OK).json(tokens))
}
