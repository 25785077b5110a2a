//! The extractor that authenticates the client of an OAuth route, by `Authorization: Basic` or in
//! the form (RFC 6749 §2.3.1). Other schemes of `Authorization` are ignored.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::{FromRequest, HttpRequest, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use signet_contract::claims::FIRST_PARTY;
use signet_service::url_encoded::decode;
use zeroize::Zeroizing;

use super::error::OAuthProblem;
use crate::edge::{body, origin::origin};
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
            Ok(Self(app.authenticate_client(proof, origin(&request)).await?, rest))
        })
    }
}

/// Reads the client's proof from the header or the form, not both.
fn proof(headers: &HeaderMap, form: ClientFields) -> Result<ClientProof, OAuthProblem> {
    let client_id = form.client_id.unwrap_or_default();
    let secret = form.client_secret.unwrap_or_default();
    let mut claims = headers.get_all(AUTHORIZATION).filter_map(|value| claim(value.as_bytes()));
    let Some(claim) = claims.next() else {
        return Ok(match (client_id.as_str(), secret.is_empty()) {
            ("" | FIRST_PARTY, true) => ClientProof::None,
            ("", false) | (_, true) => ClientProof::Malformed,
            (_, false) => ClientProof::Secret { client_id, secret },
        });
    };
    let invalid = |why: &str| Err(OAuthProblem::InvalidRequest(why.to_owned()));
    if claims.next().is_some() || !secret.is_empty() {
        return invalid("the client authenticates in more than one way");
    }
    match credentials(claim) {
        Some((id, _)) if !client_id.is_empty() && client_id != id => {
            invalid("the form names another client than the header")
        }
        Some((client_id, secret)) => Ok(ClientProof::Secret { client_id, secret }),
        None => Ok(ClientProof::Malformed),
    }
}

/// Returns the text after the scheme `Basic`, in any case. A header of another scheme claims no
/// client: applications send an expired access token, and proxies have their own schemes.
fn claim(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked("Basic".len())?;
    let whole = rest.first().is_none_or(u8::is_ascii_whitespace);
    (whole && scheme.eq_ignore_ascii_case(b"Basic")).then_some(rest)
}

/// Reads id and secret from the text after `Basic`. They are url-encoded in it. Many clients forget
/// that, but this issuer's ids and secrets are the same in both forms.
fn credentials(claim: &[u8]) -> Option<(String, Zeroizing<String>)> {
    let encoded = claim.strip_prefix(b" ")?;
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
    fn read(
        authorization: &[impl AsRef<[u8]>],
        client_id: &str,
        secret: &str,
    ) -> Result<String, OAuthProblem> {
        let mut headers = HeaderMap::new();
        for value in authorization {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value.as_ref()).unwrap());
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

    const NO_HEADER: [&str; 0] = [];

    /// Headers that claim no client.
    const OTHER_SCHEMES: [&[u8]; 12] = [
        b"",
        b"Bearer x",
        b"Bearer ",
        b"Bearer",
        b"Negotiate YIIJ",
        b"Digest username=\"reports\", realm=\"x\"",
        b"DPoP x",
        b"BasicX cmVwb3J0czpzZWNyZXQ=",
        b"Basi",
        b"cmVwb3J0czpzZWNyZXQ=",
        b"\xff\xfe \xe9",
        b"B\xc3\xa4sic cmVwb3J0czpzZWNyZXQ=",
    ];

    #[test]
    fn header_of_another_scheme_is_no_proof() {
        let basic = basic_of("reports:secret");
        for header in OTHER_SCHEMES {
            let shown = String::from_utf8_lossy(header);
            assert_eq!(read(&[header], "", ""), Ok("none".to_owned()), "{shown:?}");
            assert_eq!(read(&[header], "first-party", ""), Ok("none".to_owned()), "{shown:?}");
            let secret = Ok("reports, secret".to_owned());
            assert_eq!(read(&[header], "reports", "secret"), secret, "{shown:?}");
            assert_eq!(read(&[header, basic.as_bytes()], "", ""), secret, "{shown:?}");
            assert_eq!(read(&[basic.as_bytes(), header], "reports", ""), secret, "{shown:?}");
            assert_eq!(read(&[header], "reports", ""), Ok("malformed".to_owned()), "{shown:?}");
        }
        assert_eq!(read(&OTHER_SCHEMES, "", ""), Ok("none".to_owned()));
    }

    fn basic_of(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn header_or_form_gives_the_secret_and_the_header_is_url_decoded() {
        let expected = Ok("reports, s+ %".to_owned());
        assert_eq!(read(&NO_HEADER, "reports", "s+ %"), expected);
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
            (vec![header.as_str(), "Bearer x", "Basic !"], "", ""),
            (vec!["Basic !", "Bearer x"], "reports", "secret"),
        ] {
            assert!(matches!(read(&headers, id, secret), Err(OAuthProblem::InvalidRequest(_))));
        }
    }

    #[test]
    fn half_a_proof_and_a_broken_header_are_malformed() {
        let malformed = Ok("malformed".to_owned());
        for header in [
            "Basic",
            "basic",
            "Basic ",
            "Basic !",
            "Basic\tcmVwb3J0czpzZWNyZXQ=",
            "Basic cmVwb3J0czpzZWNyZXQ=, Bearer x",
            &basic_of("no colon"),
            &basic_of("%zz:x"),
            "Basic //79",
        ] {
            assert_eq!(read(&[header], "", ""), malformed, "{header}");
        }
        assert_eq!(read(&NO_HEADER, "reports", ""), malformed);
        assert_eq!(read(&NO_HEADER, "", "secret"), malformed);
    }

    #[test]
    fn first_party_needs_no_proof_and_may_not_present_one() {
        for client_id in ["", "first-party"] {
            assert_eq!(read(&NO_HEADER, client_id, ""), Ok("none".to_owned()));
        }
        assert_eq!(read(&NO_HEADER, "first-party", "x"), Ok("first-party, x".to_owned()));
        assert_eq!(read(&[&basic_of(":")], "", ""), Ok(", ".to_owned()));
    }
}
