//! Reads a request's query strictly: a repeated parameter is `400`, an invalid value `422`.

use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest};
use signet_service::problem_response::ProblemError;

use crate::edge::body::form;
use crate::edge::errors::ApiError;
use auth_domain::page::NoCursor;

/// The rows of one page of an operators' list: the most, and the default.
const MOST_ROWS: u64 = 1_000;
const USUAL_ROWS: u64 = 100;

/// The parameters of a query. Parameters that the route does not read are ignored.
pub(crate) struct Query(Vec<(String, String)>);

impl FromRequest for Query {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request).map_err(Into::into))
    }
}

impl Query {
    pub(crate) fn of(request: &HttpRequest) -> Result<Self, ProblemError> {
        let malformed =
            |why: &str| ProblemError::new(StatusCode::BAD_REQUEST, format!("The query {why}."));
        let pairs = form::pairs(request.query_string().as_bytes()).collect::<Result<Vec<_>, _>>();
        let pairs = pairs.map_err(|_| malformed("is not url-encoded UTF-8"))?;
        let mut names: Vec<_> = pairs.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        if names.windows(2).any(|two| two[0] == two[1]) {
            return Err(malformed("names a parameter twice"));
        }
        Ok(Self(pairs))
    }

    /// Returns the parameter's value; an empty one counts as none.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let pair = self.0.iter().find(|(found, value)| found == name && !value.is_empty());
        pair.map(|(_, value)| value.as_str())
    }

    /// Returns the parameter as a whole number from `least` to `most`, `default` if it is left out.
    pub(crate) fn number(
        &self,
        name: &'static str,
        default: u64,
        least: u64,
        most: u64,
    ) -> Result<u64, ProblemError> {
        let Some(text) = self.text(name) else { return Ok(default) };
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(number) if digits && (least..=most).contains(&number) => Ok(number),
            _ => Err(wrong(name, format!("is not a whole number from {least} to {most}"))),
        }
    }

    /// Returns the cursor of the parameter `after`; none for the first page.
    pub(crate) fn after<C: FromStr<Err = NoCursor>>(&self) -> Result<Option<C>, ProblemError> {
        let after = self.text("after").map(str::parse).transpose();
        after.map_err(|error: NoCursor| wrong("after", error.to_string()))
    }

    /// The `limit` of an operators' list.
    pub(crate) fn limit(&self) -> Result<u32, ProblemError> {
        let limit = self.number("limit", USUAL_ROWS, 1, MOST_ROWS)?;
        Ok(u32::try_from(limit).unwrap_or(u32::MAX))
    }
}

/// A `422` for one parameter.
pub(crate) fn wrong(name: &'static str, why: impl Into<String>) -> ProblemError {
    ProblemError::fields([(name, why.into())])
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_list_has_a_hundred_rows_unless_others_are_asked_for() {
        for (query, rows) in [("", 100), ("?limit=", 100), ("?limit=1", 1), ("?limit=1000", 1000)] {
            let request = TestRequest::with_uri(&format!("/admin/users{query}")).to_http_request();
            let read = Query::of(&request).and_then(|query| query.limit());
            assert_eq!(read.ok(), Some(rows), "{query}");
        }
    }
}
