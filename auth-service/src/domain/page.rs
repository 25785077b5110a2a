//! Pages of lists. One row more than a page holds is read: it tells whether others follow.

/// How many rows to read for a page of at most `limit`.
pub fn rows_for(limit: u32) -> u32 {
    limit.saturating_add(1)
}

/// Cuts what was read down to a page of at most `limit` rows; gives the last one's cursor if others
/// follow.
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
    fn a_cursor_is_given_where_others_follow_and_only_there() {
        for (read, next) in [(0, None), (2, None), (3, None), (4, Some(2))] {
            let mut rows: Vec<u32> = (0..read).collect();
            assert_eq!(cut(&mut rows, 3, |last| *last), next, "{read} read");
            assert_eq!(rows, (0..read.min(3)).collect::<Vec<_>>());
        }
        assert_eq!((rows_for(3), rows_for(u32::MAX)), (4, u32::MAX));
    }
}
