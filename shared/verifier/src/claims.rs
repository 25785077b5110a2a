//! The claims, each of its exact type, and of one kind of token only (RFC 9068 §2.2).
//!
//! Claims that the profile does not name pass: a later issuer may add some.

use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use super::json::unambiguous_object;
use super::numeric_date::instant;
use super::{AccessToken, Profile, Reason, Subject};
use signet_contract::claims::FIRST_PARTY;

type Members = Map<String, Value>;

/// Reads the claims and checks all but the times against the clock. The result is not to be
/// believed before the signature was checked.
pub(super) fn read(payload: &[u8], kid: String, profile: &Profile) -> Result<AccessToken, Reason> {
    let members = unambiguous_object(payload).ok_or(Reason::Malformed)?;

    // Another issuer's token has other claims too: name the fault that explains the rest.
    let issuer = text(&members, "iss")?;
    if issuer != profile.issuer {
        return Err(Reason::Issuer);
    }
    let audience = audience(&members)?;
    if !audience.iter().any(|one| profile.audiences.contains(one)) {
        return Err(Reason::Audience);
    }

    let issued_at = time(&members, "iat")?;
    let expires_at = time(&members, "exp")?;
    let not_before = if members.contains_key("nbf") { Some(time(&members, "nbf")?) } else { None };
    if expires_at <= issued_at || expires_at - issued_at > profile.max_life {
        return Err(Reason::Malformed);
    }

    // RFC 6749 appendix A.1: printable ASCII.
    let client_id = text(&members, "client_id")?;
    if client_id.is_empty() || !client_id.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Err(Reason::Malformed);
    }
    Ok(AccessToken {
        subject: subject(&members, client_id)?,
        issuer: issuer.to_owned(),
        audience,
        client_id: client_id.to_owned(),
        scope: scope(&members)?,
        issued_at,
        not_before,
        expires_at,
        jti: uuid(text(&members, "jti")?)?,
        pos: members.get("pos").and_then(Value::as_u64).ok_or(Reason::Malformed)?,
        kid,
    })
}

/// A user's token has `public_id`, `sid` and `roles`, a service's none of them; a mixture is
/// neither, so that no reader can take one for the other.
fn subject(members: &Members, client_id: &str) -> Result<Subject, Reason> {
    let sub = text(members, "sub")?;
    let of_user = ["public_id", "sid", "roles"].map(|name| members.contains_key(name));
    match of_user {
        [true, true, true] if text(members, "public_id")? == sub => Ok(Subject::User {
            public_id: uuid(sub)?,
            sid: uuid(text(members, "sid")?)?,
            roles: members.get("roles").and_then(texts).ok_or(Reason::Malformed)?,
        }),
        // RFC 9700 §4.15: no client id that could be a user's `sub`.
        [false, false, false]
            if sub == client_id && client_id != FIRST_PARTY && !is_uuid_shaped(client_id) =>
        {
            Ok(Subject::Service)
        }
        _ => Err(Reason::Malformed),
    }
}

pub(super) fn text<'m>(members: &'m Members, name: &str) -> Result<&'m str, Reason> {
    members.get(name).and_then(Value::as_str).ok_or(Reason::Malformed)
}

pub(super) fn time(members: &Members, name: &str) -> Result<OffsetDateTime, Reason> {
    members.get(name).and_then(instant).ok_or(Reason::Malformed)
}

/// The strings of an array that holds nothing else.
fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|one| one.as_str().map(str::to_owned)).collect()
}

/// RFC 7519 §4.1.3: one string or an array of strings.
pub(super) fn audience(members: &Members) -> Result<Vec<String>, Reason> {
    match members.get("aud") {
        Some(Value::String(one)) => Ok(vec![one.clone()]),
        Some(list) => texts(list).ok_or(Reason::Malformed),
        None => Err(Reason::Malformed),
    }
}

/// RFC 6749 §3.3: tokens of printable ASCII but `"` and `\`, each parted by one blank.
fn scope(members: &Members) -> Result<Option<String>, Reason> {
    let Some(value) = members.get("scope") else { return Ok(None) };
    let scope = value.as_str().ok_or(Reason::Malformed)?;
    let is_token = |token: &str| {
        !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
    };
    if scope.split(' ').all(is_token) { Ok(Some(scope.to_owned())) } else { Err(Reason::Malformed) }
}

/// The id, if it is spelled as the issuer spells it: lower case, with hyphens. One spelling, so
/// that comparing the texts and comparing the ids is the same.
fn uuid(text: &str) -> Result<Uuid, Reason> {
    let mut buffer = Uuid::encode_buffer();
    match Uuid::try_parse(text) {
        Ok(id) if *id.hyphenated().encode_lower(&mut buffer) == *text => Ok(id),
        _ => Err(Reason::Malformed),
    }
}

/// Whether any reader could take the text for a UUID, in whatever spelling.
fn is_uuid_shaped(text: &str) -> bool {
    Uuid::try_parse(text).is_ok()
}
