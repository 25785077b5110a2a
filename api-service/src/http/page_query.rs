//! `?limit=` and `?after=`: the requested page of a list.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use signet_service::problem_response::ProblemError;
use url::form_urlencoded;

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
    /// Parses a query. Unknown parameters are ignored.
    fn parse(query: &str) -> Result<Self, ProblemError> {
        let mut errors = Vec::new();
        let mut take = |name| {
            let mut values = form_urlencoded::parse(query.as_bytes())
                .filter(|(known, _)| known == name)
                .map(|(_, value)| value.into_owned());
            let first = values.next();
            if values.next().is_some() {
                errors.push((name, "is given more than once".to_owned()));
            }
            first
        };
        let (limit, after) = (take("limit"), take("after"));
        let limit = limit.map_or(Ok(DEFAULT_PAGE), |text| parse_limit(&text));
        let after = after.map(|text| text.parse::<Cursor>()).transpose();
        match (limit, after) {
            (Ok(limit), Ok(after)) if errors.is_empty() => Ok(Self { limit, after }),
            (limit, after) => {
                errors.extend(limit.err().map(|why| ("limit", why)));
                errors.extend(after.err().map(|why| ("after", why.to_string())));
                Err(ProblemError::fields(errors))
            }
        }
    }
}

fn parse_limit(text: &str) -> Result<u16, String> {
    text.parse()
        .ok()
        .filter(|limit| (1..=MAX_PAGE).contains(limit) && !text.starts_with('+'))
        .ok_or_else(|| format!("is not a whole number from 1 to {MAX_PAGE}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURSOR: &str = "u8c5f9f3e7f5c4d399a550f6a7f2b9a11";

    #[test]
    fn omitted_parameter_has_its_default() {
        let none = PageQuery { limit: 100, after: None };
        assert_eq!(PageQuery::parse("").expect("a page"), none);
        assert_eq!(PageQuery::parse("other=1&token=x").expect("a page"), none);
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
            ("limit=", "limit"),
            ("limit=1e2", "limit"),
            ("limit=99999999999999999999", "limit"),
            ("limit=5&limit=5", "limit"),
            ("after=", "after"),
            ("after=1", "after"),
            ("after=%00", "after"),
            ("after=a&after=a", "after"),
        ] {
            let problem = PageQuery::parse(query).expect_err(query).problem;
            assert_eq!(problem.status, 422, "{query}");
            assert_eq!(problem.errors.keys().collect::<Vec<_>>(), [field], "{query}");
        }
    }
}
