//! The ids of clients: the issuer checks a new one, and a guard its own.

use uuid::Uuid;

use super::claims::FIRST_PARTY;

/// The most characters of a client's id.
const LONGEST_ID: usize = 64;

/// Checks that a client may have this id.
///
/// # Errors
///
/// The fault, as the rest of a sentence that begins with "the id".
pub fn check(client_id: &str) -> Result<(), &'static str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if client_id.is_empty() || client_id.len() > LONGEST_ID || !client_id.bytes().all(allowed) {
        return Err("is not 1 to 64 characters out of A-Z a-z 0-9 . _ -");
    }
    // It could be mistaken for a user's `sub` (RFC 9700 §4.15).
    if Uuid::try_parse(client_id).is_ok() {
        return Err("has the form of a UUID, which only ids of users have");
    }
    if client_id == FIRST_PARTY {
        return Err("is reserved for the tokens of /login");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_id_like_a_user_id_is_refused() {
        for bad in [
            "",
            "a b",
            "é",
            "first-party",
            "8c5f9f3e-7f5c-4d39-9a55-0f6a7f2b9a11",
            "8c5f9f3e7f5c4d399a550f6a7f2b9a11",
            &"a".repeat(65),
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
        for good in ["api-service", "a", "A.b_c-9", &"a".repeat(64)] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }
}
