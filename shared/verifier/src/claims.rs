//! The claims, each of its exact type, and of one kind of token (RFC 9068 §2.2).
//!
//! Claims that the profile does not name are allowed: a later issuer may add some.

use serde_json::{Number, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use super::json::{Member, Members, unambiguous_object};
use super::numeric_date::instant;
use super::{AccessToken, Profile, Reason, Subject};
use signet_contract::claims::FIRST_PARTY;

/// Reads the claims and checks everything but the times. The result is not trusted before the
/// signature is checked.
pub(super) fn read(payload: &[u8], kid: String, profile: &Profile) -> Result<AccessToken, Reason> {
    let members = unambiguous_object(payload).ok_or(Reason::Malformed)?;

    // A token of another issuer has other claims, too. This error explains the rest.
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
    let not_before = if members.contains("nbf") { Some(time(&members, "nbf")?) } else { None };
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
        pos: members
            .get("pos")
            .and_then(Member::as_number)
            .and_then(Number::as_u64)
            .ok_or(Reason::Malformed)?,
        kid,
    })
}

/// Reads the subject. A user's token has `public_id`, `sid` and `roles`; a service's token has none
/// of them. A mixture is refused, so that no reader can mistake one kind for the other.
fn subject(members: &Members<'_>, client_id: &str) -> Result<Subject, Reason> {
    let sub = text(members, "sub")?;
    let of_user = ["public_id", "sid", "roles"].map(|name| members.contains(name));
    match of_user {
        [true, true, true] if text(members, "public_id")? == sub => Ok(Subject::User {
            public_id: uuid(sub)?,
            sid: uuid(text(members, "sid")?)?,
            roles: members
                .get("roles")
                .and_then(Member::as_list)
                .and_then(texts)
                .ok_or(Reason::Malformed)?,
        }),
        // RFC 9700 §4.15: a client id must not look like a user's `sub`.
        [false, false, false]
            if sub == client_id && client_id != FIRST_PARTY && !is_uuid_shaped(client_id) =>
        {
            Ok(Subject::Service)
        }
        _ => Err(Reason::Malformed),
    }
}

pub(super) fn text<'m>(members: &'m Members, name: &str) -> Result<&'m str, Reason> {
    members.get(name).and_then(Member::as_str).ok_or(Reason::Malformed)
}

pub(super) fn time(members: &Members<'_>, name: &str) -> Result<OffsetDateTime, Reason> {
    members.get(name).and_then(Member::as_number).and_then(instant).ok_or(Reason::Malformed)
}

/// Returns the strings of a list that contains only strings.
fn texts(values: &[Value]) -> Option<Vec<String>> {
    values.iter().map(|one| one.as_str().map(str::to_owned)).collect()
}

/// Reads `aud`: one string or an array of strings (RFC 7519 §4.1.3).
pub(super) fn audience(members: &Members<'_>) -> Result<Vec<String>, Reason> {
    match members.get("aud") {
        Some(Member::Text(one)) => Ok(vec![one.to_string()]),
        Some(Member::List(values)) => texts(values).ok_or(Reason::Malformed),
        Some(Member::Number(_) | Member::Other(_)) | None => Err(Reason::Malformed),
    }
}

/// Reads `scope` (RFC 6749 §3.3): tokens of printable ASCII except `"` and `\`, one space between.
fn scope(members: &Members<'_>) -> Result<Option<String>, Reason> {
    let Some(value) = members.get("scope") else { return Ok(None) };
    let scope = value.as_str().ok_or(Reason::Malformed)?;
    let is_token = |token: &str| {
        !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
    };
    if scope.split(' ').all(is_token) { Ok(Some(scope.to_owned())) } else { Err(Reason::Malformed) }
}

/// Reads a UUID in the issuer's spelling: lower case, with hyphens. There is one spelling, so
/// comparing the texts and comparing the ids gives the same result.
fn uuid(text: &str) -> Result<Uuid, Reason> {
    let mut buffer = Uuid::encode_buffer();
    match Uuid::try_parse(text) {
        Ok(id) if *id.hyphenated().encode_lower(&mut buffer) == *text => Ok(id),
        _ => Err(Reason::Malformed),
    }
}

/// Returns true if a reader could parse the text as a UUID, in any spelling.
fn is_uuid_shaped(text: &str) -> bool {
    Uuid::try_parse(text).is_ok()
}
