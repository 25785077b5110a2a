//! The parameters that several routes have, and the error of one.

use signet_service::problem_response::ProblemError;
use signet_service::query::ParameterError;
pub(crate) use signet_service::query::Query;
use utoipa::IntoParams;

/// The rows of one page of an operators' list: the most, and the default.
const MOST_ROWS: u32 = 1_000;
const USUAL_ROWS: u32 = 100;

/// The page of a list, for the API description. [`limit`] reads the first one.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only described")]
pub(crate) struct PageParameters {
    /// The most rows to send; 100 if left out.
    #[param(minimum = 1, maximum = 1000, default = 100, required = false)]
    limit: u16,
    /// The `next` of the page before; the first page if left out or empty.
    #[param(pattern = "^([A-Za-f][A-Za-z0-9_-]{9}[AEIMQUYcgkosw048])?$", required = false)]
    after: String,
}

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
