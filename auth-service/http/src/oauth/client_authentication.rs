//! Client authentication, by `Authorization: Basic` or in the form (RFC 6749 §2.3.1).

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use signet_contract::claims::FIRST_PARTY;

use super::error::TokenError;
use super::given;
use crate::Issuer;
use crate::edge::address::client_address;
use crate::edge::body::form::decode;
use auth_domain::audit::{Act, Action, Reason, Subject};
use auth_domain::clients::Client;
use auth_domain::service_tokens::authentic;

/// The credentials that a client presents.
struct Presented {
    client_id: String,
    secret: Zeroizing<String>,
}

/// Returns the authenticated client, and the feed position before its record was read. A removal
/// that the read does not see has a later position.
pub(super) async fn authenticated(
    request: &HttpRequest,
    issuer: &Issuer,
    client_id: Option<String>,
    secret: Option<Zeroizing<String>>,
) -> Result<(Client, u64), TokenError> {
    let (client_id, secret) = (client_id.unwrap_or_default(), secret.unwrap_or_default());
    let presented = match presented(request.headers(), &client_id, secret) {
        Err(TokenError::InvalidClient) => {
            note(request, issuer, Subject::Unknown, Reason::UnknownClient).await?;
            return Err(TokenError::InvalidClient);
        }
        presented => presented?,
    };
    let wanted = presented.client_id.clone();
    let (pos, client) = issuer
        .ask(move |store| {
            let pos = store.position()?;
            Ok((pos, store.find_client(&wanted)?))
        })
        .await?;
    let good = authentic(client.as_ref(), &presented.secret, issuer.clock.now());
    let Some(client) = client.clone().filter(|_| good) else {
        // The typed id is recorded only if a client has it; else it may be a secret.
        let (whom, why) = match client {
            Some(client) => (Subject::Client(client.client_id), Reason::WrongSecret),
            None => (Subject::Unknown, Reason::UnknownClient),
        };
        note(request, issuer, whom, why).await?;
        let from = client_address(request);
        tracing::info!(client_id = ?presented.client_id, ?from, "client refused");
        return Err(TokenError::InvalidClient);
    };
    Ok((client, pos))
}

async fn note(
    request: &HttpRequest,
    issuer: &Issuer,
    whom: Subject,
    why: Reason,
) -> Result<(), TokenError> {
    let from = client_address(request);
    let nobody = Act::by_nobody(from, issuer.clock.now());
    let refused = nobody.refused(Action::ClientAuthenticate, whom, why);
    Ok(issuer.note_within_bounds(refused).await?)
}

/// Returns the id of the authenticated client, or `first-party` if the request claims no client.
/// `first-party` needs no proof.
pub(super) async fn identified(
    request: &HttpRequest,
    issuer: &Issuer,
    client_id: Option<String>,
    secret: Option<Zeroizing<String>>,
) -> Result<String, TokenError> {
    let claims_nothing = !request.headers().contains_key(AUTHORIZATION)
        && secret.as_ref().is_none_or(|secret| secret.is_empty());
    if claims_nothing && given(client_id.as_ref()).is_none_or(|id| id == FIRST_PARTY) {
        return Ok(FIRST_PARTY.to_owned());
    }
    let (client, _) = authenticated(request, issuer, client_id, secret).await?;
    Ok(client.client_id)
}

/// Reads the credentials from the header or the form, not both. `client_id` and `client_secret` are
/// the form's, or empty.
fn presented(
    headers: &HeaderMap,
    client_id: &str,
    client_secret: Zeroizing<String>,
) -> Result<Presented, TokenError> {
    let mut values = headers.get_all(AUTHORIZATION);
    let Some(authorization) = values.next() else {
        if client_id.is_empty() || client_secret.is_empty() {
            return Err(TokenError::InvalidClient);
        }
        return Ok(Presented { client_id: client_id.to_owned(), secret: client_secret });
    };
    if values.next().is_some() || !client_secret.is_empty() {
        return Err(TokenError::InvalidRequest("the client authenticates in more than one way"));
    }
    let presented = basic(authorization.as_bytes()).ok_or(TokenError::InvalidClient)?;
    if !client_id.is_empty() && client_id != presented.client_id {
        return Err(TokenError::InvalidRequest("the form names another client than the header"));
    }
    Ok(presented)
}

/// Reads `Authorization: Basic`. Id and secret are url-encoded in it. Many clients forget that, but
/// this issuer's ids and secrets are the same in both forms.
fn basic(value: &[u8]) -> Option<Presented> {
    let (scheme, encoded) = value.split_at_checked("Basic ".len())?;
    if !scheme.eq_ignore_ascii_case(b"Basic ") {
        return None;
    }
    let decoded = Zeroizing::new(STANDARD.decode(encoded.trim_ascii()).ok()?);
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    let client_id = decode(&decoded[..colon]).ok()?;
    let secret = Zeroizing::new(decode(&decoded[colon + 1..]).ok()?);
    Some(Presented { client_id, secret })
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn read(
        authorization: &[&str],
        client_id: &str,
        secret: &str,
    ) -> Result<(String, String), TokenError> {
        let mut headers = HeaderMap::new();
        for value in authorization {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        presented(&headers, client_id, Zeroizing::new(secret.into()))
            .map(|presented| (presented.client_id, presented.secret.to_string()))
    }

    fn basic_of(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn header_and_form_are_read_and_the_header_is_url_decoded() {
        let expected = ("reports".to_owned(), "s+ %".to_owned());
        assert_eq!(read(&[], "reports", "s+ %").as_ref(), Ok(&expected));
        assert_eq!(read(&[&basic_of("reports:s%2B+%25")], "", "").as_ref(), Ok(&expected));
        let lower = basic_of("reports:s%2B+%25").replace("Basic", "basic");
        assert_eq!(read(&[&lower], "reports", "").as_ref(), Ok(&expected));
    }

    #[test]
    fn two_ways_at_once_are_a_wrong_request() {
        let header = basic_of("reports:secret");
        for (headers, id, secret) in [
            (vec![header.as_str()], "reports", "secret"),
            (vec![header.as_str()], "other", ""),
            (vec![header.as_str(), header.as_str()], "", ""),
        ] {
            assert!(matches!(read(&headers, id, secret), Err(TokenError::InvalidRequest(_))));
        }
    }

    #[test]
    fn no_way_or_a_broken_one_is_no_client() {
        for header in ["Bearer x", "Basic", "Basic !", &basic_of("no colon"), &basic_of("%zz:x")] {
            assert_eq!(read(&[header], "", ""), Err(TokenError::InvalidClient), "{header}");
        }
        assert_eq!(read(&[], "reports", ""), Err(TokenError::InvalidClient));
        assert_eq!(read(&[], "", "secret"), Err(TokenError::InvalidClient));
    }
}
