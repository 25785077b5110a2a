//! Pages of lists. A query reads one row more than a page holds, which shows if others follow. A
//! cursor marks the end of a page. It is opaque, so that clients do not depend on its content.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The place of a row in a list ordered by one number, such as a feed position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(pub u64);

/// A text is not a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a cursor of this list")]
pub struct NoCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0.to_be_bytes()))
    }
}

impl FromStr for Cursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NoCursor)?;
        let place = bytes.try_into().map(u64::from_be_bytes).map_err(|_| NoCursor)?;
        // No row is at 0, and places beyond i64 fit no database.
        if (1..1 << 63).contains(&place) { Ok(Self(place)) } else { Err(NoCursor) }
    }
}

/// Returns the number of rows to read for a page of at most `limit`.
pub fn rows_for(limit: u32) -> u32 {
    limit.saturating_add(1)
}

/// Cuts the rows down to a page of at most `limit`; returns the last one's cursor if others follow.
pub fn cut<T, C>(rows: &mut Vec<T>, limit: u32, cursor: impl FnOnce(&T) -> C) -> Option<C> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    rows.last().filter(|_| more).map(cursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursor_is_parsed_only_as_written() {
        for place in [1, 1_767_323_045_000_000, (1 << 63) - 1].map(Cursor) {
            assert_eq!(place.to_string().parse(), Ok(place));
        }
        for other in
            ["", "0", "AAAAAAAAAAA", "__________8", "AAAAAAAAAAE=", "' OR 1=1", "AAAAAAAAAAEA"]
        {
            assert_eq!(other.parse::<Cursor>(), Err(NoCursor), "{other}");
        }
    }

    #[test]
    fn page_has_a_cursor_only_if_rows_follow() {
        for (read, next) in [(0, None), (2, None), (3, None), (4, Some(2))] {
            let mut rows: Vec<u32> = (0..read).collect();
            assert_eq!(cut(&mut rows, 3, |last| *last), next, "{read} read");
            assert_eq!(rows, (0..read.min(3)).collect::<Vec<_>>());
        }
        assert_eq!((rows_for(3), rows_for(u32::MAX)), (4, u32::MAX));
    }
}
