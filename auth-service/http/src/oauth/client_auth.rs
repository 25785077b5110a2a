//! The extractor that authenticates the client of an OAuth route, by `Authorization: Basic` or in
//! the form (RFC 6749 §2.3.1).

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::{FromRequest, HttpRequest, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use signet_contract::claims::FIRST_PARTY;
use zeroize::Zeroizing;

use super::error::OAuthProblem;
use crate::edge::{
    address::client_address,
    body::{self, form::decode},
};
use auth_app::AppState;
use auth_app::error::AppError;
use auth_app::oauth::{ClientProof, OAuthCaller};

/// A form in which a client may authenticate.
pub(crate) trait ClientForm: DeserializeOwned + 'static {
    /// The other fields, as the handler needs them.
    type Rest;

    /// Separates the client's fields from the rest.
    ///
    /// # Errors
    ///
    /// A field that is checked before the client is wrong.
    fn split(self) -> Result<(ClientFields, Self::Rest), OAuthProblem>;
}

/// The fields of a form in which a client authenticates.
pub(crate) struct ClientFields {
    /// The client's id.
    pub(crate) client_id: Option<String>,
    /// The client's secret.
    pub(crate) client_secret: Option<Zeroizing<String>>,
}

/// The client of a request, and the rest of the form.
pub(crate) struct ClientAuth<F: ClientForm>(pub(crate) OAuthCaller, pub(crate) F::Rest);

impl<F: ClientForm> FromRequest for ClientAuth<F> {
    type Error = OAuthProblem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, OAuthProblem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = web::Payload::from_request(&request, payload).into_inner();
        Box::pin(async move {
            let form: F = body::read(&request, payload, body::FORM).await?;
            let (client, rest) = form.split()?;
            let proof = proof(request.headers(), client)?;
            let app = request.app_data::<web::Data<AppState>>();
            let app = app.ok_or_else(|| AppError::internal("the listener has no state"))?;
            Ok(Self(app.authenticate_client(proof, client_address(&request)).await?, rest))
        })
    }
}

/// Reads the client's proof from the header or the form, not both.
fn proof(headers: &HeaderMap, form: ClientFields) -> Result<ClientProof, OAuthProblem> {
    let client_id = form.client_id.unwrap_or_default();
    let secret = form.client_secret.unwrap_or_default();
    let mut values = headers.get_all(AUTHORIZATION);
    let Some(authorization) = values.next() else {
        return Ok(match (client_id.as_str(), secret.is_empty()) {
            ("" | FIRST_PARTY, true) => ClientProof::None,
            ("", false) | (_, true) => ClientProof::Malformed,
            (_, false) => ClientProof::Secret { client_id, secret },
        });
    };
    let invalid = |why: &str| Err(OAuthProblem::InvalidRequest(why.to_owned()));
    if values.next().is_some() || !secret.is_empty() {
        return invalid("the client authenticates in more than one way");
    }
    match basic(authorization.as_bytes()) {
        Some((id, _)) if !client_id.is_empty() && client_id != id => {
            invalid("the form names another client than the header")
        }
        Some((client_id, secret)) => Ok(ClientProof::Secret { client_id, secret }),
        None => Ok(ClientProof::Malformed),
    }
}

/// Reads id and secret from `Authorization: Basic`. They are url-encoded in it. Many clients forget
/// that, but this issuer's ids and secrets are the same in both forms.
fn basic(value: &[u8]) -> Option<(String, Zeroizing<String>)> {
    let (scheme, encoded) = value.split_at_checked("Basic ".len())?;
    if !scheme.eq_ignore_ascii_case(b"Basic ") {
        return None;
    }
    let decoded = Zeroizing::new(STANDARD.decode(encoded.trim_ascii()).ok()?);
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    let client_id = decode(&decoded[..colon]).ok()?;
    let secret = Zeroizing::new(decode(&decoded[colon + 1..]).ok()?);
    Some((client_id, secret))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    /// Returns the proof: the id and the secret, or a word for its kind.
    fn read(authorization: &[&str], client_id: &str, secret: &str) -> Result<String, OAuthProblem> {
        let mut headers = HeaderMap::new();
        for value in authorization {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        let (client_id, secret) = (Some(client_id.into()), Some(Zeroizing::new(secret.into())));
        proof(&headers, ClientFields { client_id, client_secret: secret }).map(
            |proof| match proof {
                ClientProof::None => "none".into(),
                ClientProof::Malformed => "malformed".into(),
                ClientProof::Secret { client_id, secret } => format!("{client_id}, {}", *secret),
            },
        )
    }

    fn basic_of(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn header_or_form_gives_the_secret_and_the_header_is_url_decoded() {
        let expected = Ok("reports, s+ %".to_owned());
        assert_eq!(read(&[], "reports", "s+ %"), expected);
        assert_eq!(read(&[&basic_of("reports:s%2B+%25")], "", ""), expected);
        let lower = basic_of("reports:s%2B+%25").replace("Basic", "basic");
        assert_eq!(read(&[&lower], "reports", ""), expected);
    }

    #[test]
    fn two_proofs_in_one_request_are_an_invalid_request() {
        let header = basic_of("reports:secret");
        for (headers, id, secret) in [
            (vec![header.as_str()], "reports", "secret"),
            (vec![header.as_str()], "other", ""),
            (vec![header.as_str(), header.as_str()], "", ""),
        ] {
            assert!(matches!(read(&headers, id, secret), Err(OAuthProblem::InvalidRequest(_))));
        }
    }

    #[test]
    fn half_a_proof_and_a_broken_header_are_malformed() {
        let malformed = Ok("malformed".to_owned());
        for header in [
            "Bearer x",
            "Basic",
            "Basic !",
            &basic_of("no colon"),
            &basic_of("%zz:x"),
            "Basic //79",
        ] {
            assert_eq!(read(&[header], "", ""), malformed, "{header}");
        }
        assert_eq!(read(&[], "reports", ""), malformed);
        assert_eq!(read(&[], "", "secret"), malformed);
    }

    #[test]
    fn first_party_needs_no_proof_and_may_not_present_one() {
        for client_id in ["", "first-party"] {
            assert_eq!(read(&[], client_id, ""), Ok("none".to_owned()));
        }
        assert_eq!(read(&[], "first-party", "x"), Ok("first-party, x".to_owned()));
        assert_eq!(read(&[&basic_of(":")], "", ""), Ok(", ".to_owned()));
    }
}
