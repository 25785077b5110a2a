//! Cursors of lists: where a page ends and the next one begins. They are opaque, so that nobody
//! counts on what they are.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use shared::service::problem_response::ProblemError;

use super::query::{Query, wrong};

/// The cursor of a list in order of creation: the feed position of the last one's.
pub(super) fn of_position(created_seq: u64) -> String {
    URL_SAFE_NO_PAD.encode(created_seq.to_be_bytes())
}

/// The position that `after` names; 0, the first page, if it is left out.
pub(super) fn position_in(query: &Query) -> Result<u64, ProblemError> {
    query.text("after").map_or(Ok(0), |cursor| read_position(cursor).ok_or_else(unknown))
}

/// The refusal of a cursor that was never given.
pub(super) fn unknown() -> ProblemError {
    wrong("after", "is not a cursor of this list")
}

fn read_position(text: &str) -> Option<u64> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    // 0 is the first page, and positions beyond i64 fit no database.
    bytes.try_into().map(u64::from_be_bytes).ok().filter(|seq| (1..1 << 63).contains(seq))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is() {
        for seq in [1, 1_767_323_045_000_000, (1 << 63) - 1] {
            assert_eq!(read_position(&of_position(seq)), Some(seq));
        }
        for other in
            ["", "0", "AAAAAAAAAAA", "__________8", "AAAAAAAAAAE=", "' OR 1=1", "AAAAAAAAAAEA"]
        {
            assert_eq!(read_position(other), None, "{other}");
        }
    }
}
