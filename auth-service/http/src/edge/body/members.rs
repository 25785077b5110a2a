//! The members of a body of any media type, and the type that a route reads from them.

use std::fmt;
use std::iter;

use actix_multipart::Multipart;
use actix_web::error::PayloadError;
use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;
use futures_util::{StreamExt as _, stream};
use serde::Deserialize as _;
use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use signet_service::url_encoded;
use zeroize::Zeroize as _;

use super::media_type::multipart_headers;
use super::{BodyError, MOST_BYTES};

/// The most members of a body: several times the number that any route uses. Each name is compared
/// with those before it, so this bound keeps the time for a body linear in its length.
pub(super) const MOST_MEMBERS: usize = 32;

/// The members of a body, each name once. The values of a form are texts.
#[derive(Default)]
pub(super) struct Members(Vec<(String, Value)>);

impl Members {
    pub(super) fn of_json(body: &[u8]) -> Result<Self, BodyError> {
        let mut json = serde_json::Deserializer::from_slice(body);
        let read = json.deserialize_map(Self::default());
        match read.and_then(|members| json.end().map(|()| members)) {
            Ok(members) => members,
            // Valid JSON of another shape. The rest of the body must be valid, too.
            Err(error) if error.is_data() && serde_json::from_slice::<IgnoredAny>(body).is_ok() => {
                Err(BodyError::NotAnObject)
            }
            Err(_) => Err(BodyError::Malformed),
        }
    }

    pub(super) fn of_form(body: &[u8]) -> Result<Self, BodyError> {
        let mut members = Self::default();
        for pair in url_encoded::pairs(body) {
            let (name, value) = pair?;
            members.add(name, value.into())?;
        }
        Ok(members)
    }

    /// Reads a multipart form (RFC 7578).
    pub(super) async fn of_multipart(headers: &HeaderMap, body: &[u8]) -> Result<Self, BodyError> {
        let body = Bytes::copy_from_slice(body);
        let headers = multipart_headers(headers)?;
        let mut parts = Multipart::new(&headers, stream::iter([Ok::<_, PayloadError>(body)]));
        let mut members = Self::default();
        while let Some(part) = parts.next().await {
            let mut part = part.map_err(|_| BodyError::Malformed)?;
            let name = part.name().ok_or(BodyError::Malformed)?.to_owned();
            let value = part.bytes(MOST_BYTES).await.map_err(|_| BodyError::TooLarge)?;
            let value = value.map_err(|_| BodyError::Malformed)?;
            let value = std::str::from_utf8(&value).map_err(|_| BodyError::Malformed)?;
            members.add(name, value.into())?;
        }
        Ok(members)
    }

    fn add(&mut self, name: String, value: Value) -> Result<(), BodyError> {
        if self.0.iter().any(|(known, _)| *known == name) {
            return Err(BodyError::Repeated);
        }
        self.0.push((name, value));
        if self.0.len() > MOST_MEMBERS { Err(BodyError::TooManyMembers) } else { Ok(()) }
    }

    /// Reads `T`, which has a default for each of its fields.
    ///
    /// # Errors
    ///
    /// [`BodyError::WrongTypes`] with every member of a wrong type.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, BodyError> {
        let all = self.0.iter().map(|(name, value)| (name.as_str(), value));
        let wrong = all.clone().filter_map(|member| {
            // Each member is read alone, so that an error belongs to it.
            let error = T::deserialize(MapDeserializer::new(iter::once(member))).err()?;
            Some((member.0.to_owned(), reason(member.1, &error)))
        });
        let wrong: Vec<_> = wrong.collect();
        if !wrong.is_empty() {
            return Err(BodyError::WrongTypes(wrong));
        }
        T::deserialize(MapDeserializer::new(all)).map_err(|_| BodyError::Malformed)
    }
}

/// Shortens `invalid type: integer, expected a string` to `is not a string`.
fn reason(value: &Value, error: &serde_json::Error) -> String {
    if value.is_null() {
        return "is null, but this member is required".into();
    }
    let text = error.to_string();
    text.rsplit_once(", expected ").map_or(text.clone(), |(_, wanted)| format!("is not {wanted}"))
}

/// Zeroizes strings, because one may be a password.
impl Drop for Members {
    fn drop(&mut self) {
        for (_, value) in &mut self.0 {
            if let Value::String(text) = value {
                text.zeroize();
            }
        }
    }
}

/// Reads the members of a JSON object. `serde_json` compares names after their escapes are
/// resolved.
impl<'de> Visitor<'de> for Members {
    type Value = Result<Self, BodyError>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut added = Ok(());
        while added.is_ok()
            && let Some((name, value)) = object.next_entry()?
        {
            added = self.add(name, value);
        }
        // Invalid JSON is malformed, even if a wrong member comes before the fault.
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(added.map(|()| self))
    }
}

/// Reads a boolean, or the text `true` or `false` of a form.
pub(crate) fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    let Some(value) = Option::<Value>::deserialize(from)? else { return Ok(None) };
    let flag = value.as_bool().or_else(|| value.as_str()?.parse().ok());
    flag.map(Some).ok_or_else(|| D::Error::custom("is not true or false"))
}
