//! A position in the list of users.
//!
//! A cursor names the last user of a page, not a row number: every replica numbers its rows by
//! itself, and a client behind a load balancer reads from several. A user that is deleted later
//! still marks a position.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use uuid::Uuid;

/// The first letter of a cursor. Another kind of cursor would get another letter.
const BY_USER: &str = "u";

/// The user after which the next page begins. It is opaque to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cursor(pub Uuid);

/// A text that is not a cursor of this service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a cursor that a page gave as `next`")]
pub struct NotACursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{BY_USER}{}", self.0.simple())
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let cursor = text
            .strip_prefix(BY_USER)
            .and_then(|id| Uuid::try_parse(id).ok())
            .map(Cursor)
            .ok_or(NotACursor)?;
        // Each position has one spelling.
        if cursor.to_string() == text { Ok(cursor) } else { Err(NotACursor) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursor_round_trips() {
        let cursor = Cursor(Uuid::new_v4());
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
    }

    #[test]
    fn text_other_than_a_cursor_is_refused() {
        let good = "u8c5f9f3e7f5c4d399a550f6a7f2b9a11";
        assert!(good.parse::<Cursor>().is_ok());
        for text in [
            "",
            "u",
            "1",
            "8c5f9f3e7f5c4d399a550f6a7f2b9a11",
            "u8c5f9f3e-7f5c-4d39-9a55-0f6a7f2b9a11",
            "u8C5F9F3E7F5C4D399A550F6A7F2B9A11",
            "u8c5f9f3e7f5c4d399a550f6a7f2b9a11 ",
        ] {
            assert_eq!(text.parse::<Cursor>(), Err(NotACursor), "{text}");
        }
    }
}
