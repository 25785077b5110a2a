//! The query of a request. Both services read it in the same way.

use std::fmt::Display;
use std::future::{Ready, ready};
use std::ops::RangeInclusive;
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest};

use crate::problem_response::ProblemError;
use crate::url_encoded::pairs;

/// The parameters of a query. Parameters that the route does not read have no effect.
#[derive(Debug)]
pub struct Query(Vec<(String, String)>);

/// A parameter that a route can't read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterError {
    /// The name of the parameter.
    pub name: &'static str,
    /// The reason, for the client.
    pub why: String,
    /// True if the query has the parameter more than once.
    pub repeated: bool,
}

impl FromRequest for Query {
    type Error = ProblemError;
    type Future = Ready<Result<Self, ProblemError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::parse(request.query_string()))
    }
}

impl Query {
    /// Parses a query.
    ///
    /// # Errors
    ///
    /// `400` for a query that is not url-encoded UTF-8.
    pub fn parse(query: &str) -> Result<Self, ProblemError> {
        let pairs = pairs(query.as_bytes()).collect::<Result<_, _>>();
        pairs
            .map(Self)
            .map_err(|why| ProblemError::new(StatusCode::BAD_REQUEST, format!("The query {why}.")))
    }

    /// Returns the value of a parameter. An empty value counts as none.
    ///
    /// # Errors
    ///
    /// The query has the parameter more than once.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, ParameterError> {
        let mut values = self.0.iter().filter(|(found, _)| found == name).map(|(_, value)| value);
        let value = values.next().map(String::as_str).filter(|value| !value.is_empty());
        if values.next().is_some() {
            let why = "is given more than once".to_owned();
            return Err(ParameterError { name, why, repeated: true });
        }
        Ok(value)
    }

    /// Returns the parsed value of a parameter.
    ///
    /// # Errors
    ///
    /// The value can't be parsed, or the query has the parameter more than once.
    pub fn value<T>(&self, name: &'static str) -> Result<Option<T>, ParameterError>
    where
        T: FromStr<Err: Display>,
    {
        let value = self.text(name)?.map(str::parse::<T>).transpose();
        value.map_err(|why: T::Err| ParameterError::invalid(name, why.to_string()))
    }

    /// Returns a whole number of this range, or `default` without a value.
    ///
    /// # Errors
    ///
    /// The value is another one, or the query has the parameter more than once.
    pub fn number<N>(
        &self,
        name: &'static str,
        default: N,
        range: RangeInclusive<N>,
    ) -> Result<N, ParameterError>
    where
        N: FromStr + PartialOrd + Display,
    {
        let Some(text) = self.text(name)? else { return Ok(default) };
        // `FromStr` takes a sign, too.
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number| digits && range.contains(number)).ok_or_else(|| {
            let (least, most) = range.into_inner();
            ParameterError::invalid(name, format!("is not a whole number from {least} to {most}"))
        })
    }
}

impl ParameterError {
    /// Creates the error of a parameter with an invalid value.
    pub fn invalid(name: &'static str, why: impl Into<String>) -> Self {
        Self { name, why: why.into(), repeated: false }
    }
}

/// A repeated parameter is `400`, an invalid value `422`.
impl From<ParameterError> for ProblemError {
    fn from(ParameterError { name, why, repeated }: ParameterError) -> Self {
        if repeated {
            Self::new(StatusCode::BAD_REQUEST, format!("The parameter `{name}` {why}."))
        } else {
            Self::fields([(name, why)])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query::parse(text).expect(text)
    }

    fn status(error: ParameterError) -> u16 {
        ProblemError::from(error).problem.status
    }

    #[test]
    fn empty_value_counts_as_none() {
        for text in ["", "a=", "a", "&a&&", "%61=", "b=1", "=1", "A=1"] {
            let query = query(text);
            assert_eq!(query.text("a"), Ok(None), "{text}");
            assert_eq!(query.value::<u8>("a"), Ok(None), "{text}");
            assert_eq!(query.number("a", 7, 0..=9), Ok(7), "{text}");
        }
    }

    #[test]
    fn value_is_decoded_and_parsed() {
        let query = query("a=1%2B2+%C3%A9=&n=07&d=-5");
        assert_eq!(query.text("a"), Ok(Some("1+2 \u{e9}=")));
        assert_eq!(query.number("n", 0_u8, 0..=9), Ok(7));
        assert_eq!(query.value("d"), Ok(Some(-5)));
    }

    #[test]
    fn invalid_number_is_422_by_name() {
        for text in ["n=10", "n=-1", "n=%2B1", "n=1.0", "n=1e0", "n=x", "n=+", "n=256", "n=%D9%A1"]
        {
            let error = query(text).number("n", 0_u8, 1..=9).expect_err(text);
            assert_eq!((error.name, &*error.why), ("n", "is not a whole number from 1 to 9"));
            assert_eq!(status(error), 422, "{text}");
        }
    }

    #[test]
    fn repeated_parameter_is_400_if_the_route_reads_it() {
        for text in ["a=1&a=1", "a=&a=", "a&b=1&%61=2"] {
            let query = query(text);
            assert!(query.text("b").is_ok(), "{text}");
            for error in [query.text("a").err(), query.number("a", 1, 1..=9).err()] {
                assert_eq!(error.map(status), Some(400), "{text}");
            }
        }
    }

    #[test]
    fn query_that_is_not_url_encoded_utf_8_is_400() {
        for text in ["a=%", "b=%zz", "%ff=1", "a=%c3", "a=1&b=%4"] {
            assert_eq!(Query::parse(text).expect_err(text).problem.status, 400, "{text}");
        }
    }
}
