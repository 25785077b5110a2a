//! The parameters that several routes have, and the error of one.

use signet_service::problem_response::ProblemError;
use signet_service::query::ParameterError;
pub(crate) use signet_service::query::Query;

/// The rows of one page of an operators' list: the most, and the default.
const MOST_ROWS: u32 = 1_000;
const USUAL_ROWS: u32 = 100;

/// Returns the `limit` of an operators' list.
pub(crate) fn limit(query: &Query) -> Result<u32, ParameterError> {
    query.number("limit", USUAL_ROWS, 1..=MOST_ROWS)
}

/// A `422` for one parameter.
pub(crate) fn wrong(name: &'static str, why: impl Into<String>) -> ProblemError {
    ParameterError::invalid(name, why).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_a_hundred_rows_unless_others_are_asked_for() {
        for (query, rows) in [("", 100), ("limit=", 100), ("limit=1", 1), ("limit=1000", 1000)] {
            let read = Query::parse(query).unwrap();
            assert_eq!(limit(&read), Ok(rows), "{query}");
        }
    }
}
