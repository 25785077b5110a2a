//! `?limit=` and `?after=`: the requested page of a list.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use signet_service::problem_response::ProblemError;
use signet_service::query::Query;

use crate::domain::cursor::Cursor;
use crate::domain::directory::{DEFAULT_PAGE, MAX_PAGE};

/// The requested page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageQuery {
    /// The largest number of users.
    pub(super) limit: u16,
    /// The cursor before the page, or `None` for the first page.
    pub(super) after: Option<Cursor>,
}

impl FromRequest for PageQuery {
    type Error = ProblemError;
    type Future = Ready<Result<Self, ProblemError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::parse(request.query_string()))
    }
}

impl PageQuery {
    /// Parses a query.
    ///
    /// # Errors
    ///
    /// `400` for a malformed query. `422` with the error of each parameter, also a repeated one.
    fn parse(query: &str) -> Result<Self, ProblemError> {
        let query = Query::parse(query)?;
        match (query.number("limit", DEFAULT_PAGE, 1..=MAX_PAGE), query.value("after")) {
            (Ok(limit), Ok(after)) => Ok(Self { limit, after }),
            (limit, after) => {
                let errors = [limit.err(), after.err()].into_iter().flatten();
                Err(ProblemError::fields(errors.map(|error| (error.name, error.why))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURSOR: &str = "u8c5f9f3e7f5c4d399a550f6a7f2b9a11";

    #[test]
    fn omitted_parameter_has_its_default() {
        let none = PageQuery { limit: 100, after: None };
        assert_eq!(PageQuery::parse("").expect("a page"), none);
        for query in ["limit=", "after=", "limit", "after&limit=", "limit=&after=", "&", "%61fter="]
        {
            assert_eq!(PageQuery::parse(query).expect(query), none, "{query}");
        }
        let query = PageQuery::parse(&format!("after={CURSOR}&limit=1000")).expect("a page");
        assert_eq!((query.limit, query.after), (1_000, CURSOR.parse().ok()));
    }

    #[test]
    fn invalid_parameter_is_named() {
        for (query, field) in [
            ("limit=0", "limit"),
            ("limit=1001", "limit"),
            ("limit=-1", "limit"),
            ("limit=%2B5", "limit"),
            ("limit=1e2", "limit"),
            ("limit=99999999999999999999", "limit"),
            ("limit=5&limit=5", "limit"),
            ("limit=+", "limit"),
            ("limit=%205", "limit"),
            ("limit=&limit=5", "limit"),
            ("after=&after=", "after"),
            ("after=1", "after"),
            ("after=%00", "after"),
            ("after=a&after=a", "after"),
        ] {
            let problem = PageQuery::parse(query).expect_err(query).problem;
            assert_eq!(problem.status, 422, "{query}");
            assert_eq!(problem.errors.keys().collect::<Vec<_>>(), [field], "{query}");
        }
    }

    #[test]
    fn unknown_parameter_has_no_effect() {
        for query in ["other=1&token=x", "other=1&other=2", "other=&=&Limit=0"] {
            let page = PageQuery { limit: 100, after: None };
            assert_eq!(PageQuery::parse(query).expect(query), page, "{query}");
        }
    }

    #[test]
    fn malformed_query_is_400() {
        for query in ["limit=%", "limit=%zz", "after=%ff", "other=%4", "%e9=1"] {
            assert_eq!(PageQuery::parse(query).expect_err(query).problem.status, 400, "{query}");
        }
    }
}
