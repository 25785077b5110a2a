//! Forward authentication: before a proxy passes a request on, it asks the guard if the caller may
//! send it, and adds the answer's header fields to the request.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::form_urlencoded;

use super::admission::Admission;
use super::{Caller, Guard, Rules};
use signet_verifier::{Reason, Refusal, RequestHeaders, Subject, presented};

/// The header fields of an answer that admits, in order. All of them are always present, so that they
/// overwrite a client's own.
pub const FIELDS: [&str; 7] = [
    "x-auth-subject",
    "x-auth-client",
    "x-auth-audience",
    "x-auth-scope",
    "x-auth-roles",
    "x-auth-name",
    "x-auth-email",
];

const REQUIRE_ROLE: &str = "x-require-role";
const REQUIRE_SCOPE: &str = "x-require-scope";
const REQUIRE_AUDIENCE: &str = "x-require-audience";

/// The bytes that a field does not hold as they are, beside those outside ASCII.
const ENCODED: &AsciiSet = &CONTROLS.add(b'%');

/// A rule that no caller can keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadRule {
    /// The query names a rule that does not exist.
    #[error("the query has a parameter other than `role`, `scope` and `audience`")]
    Unknown,
    /// A rule has no value, or none that a token can hold.
    #[error("a rule for `{0}` has no value that a token can hold")]
    Value(&'static str),
    /// The guard does not accept the audience.
    #[error("a rule asks for an audience that this guard does not accept")]
    Audience,
}

/// The reason for which a proxy must not pass a request on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The caller is refused.
    Caller(Refusal),
    /// The token is good, but a rule is not: the proxy's configuration is wrong, or a client sent a
    /// header of a rule.
    Rule(BadRule),
}

impl Refused {
    /// Returns the refusal for the client. Its status is 401, 403 or 503: proxies turn others into a
    /// `500`.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::Caller(Refusal::Ambiguous) => Refusal::Invalid(Reason::Malformed),
            Self::Caller(refusal) => refusal.clone(),
            Self::Rule(_) => Refusal::Forbidden { scope: None },
        }
    }
}

/// A caller that a proxy may pass on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    caller: Caller,
    /// Those of the token that the guard accepts.
    audiences: Vec<String>,
    /// Those that the token and the directory have.
    roles: Vec<String>,
}

impl Passed {
    /// Returns the caller.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Returns the values of [`FIELDS`], in printable ASCII: other bytes, and `%`, are
    /// percent-encoded. A value that is not known is empty. Roles and audiences are separated by
    /// commas, scopes by spaces.
    pub fn values(&self, name: &str, email: &str) -> [String; FIELDS.len()] {
        let token = self.caller.token();
        let subject = self.caller.user().map(|user| user.to_string());
        [
            subject.as_deref().unwrap_or(&token.client_id),
            &token.client_id,
            &self.audiences.join(","),
            token.scope.as_deref().unwrap_or_default(),
            &self.roles.join(","),
            name,
            email,
        ]
        .map(|text| utf8_percent_encode(text, ENCODED).to_string())
    }
}

impl Guard {
    /// Judges the caller of a request that a proxy asks about, for a route such as `/verify`.
    ///
    /// Rules come from the `query` (`role`, `scope`, `audience`) and from the header fields
    /// `X-Require-Role`, `X-Require-Scope` and `X-Require-Audience`. Each may have several values. All
    /// roles and scopes must be granted. Of the audiences of the query one must be in the token, and
    /// of those of the header fields another or the same one: so a client that sends such a field
    /// never widens the proxy's rules. The token is judged before the rules.
    ///
    /// # Errors
    ///
    /// The reason for which the request must not be passed on.
    pub async fn forward_auth(
        &self,
        query: &str,
        headers: &impl RequestHeaders,
    ) -> Result<Passed, Refused> {
        let asked = rules(query, headers, self.audiences());
        let none = Rules::new();
        let decided = self.decide(presented(headers), asked.as_ref().unwrap_or(&none)).await;
        let Admission { token, directory_roles } = decided.map_err(Refused::Caller)?;
        asked.map_err(Refused::Rule)?;
        let granted =
            |role: &&String| directory_roles.as_ref().is_none_or(|roles| roles.contains(role));
        let roles = match &token.subject {
            Subject::User { roles, .. } => roles.iter().filter(granted).cloned().collect(),
            Subject::Service => Vec::new(),
        };
        let caller = Caller(token);
        let audiences = self.audiences().iter().filter(|one| caller.token().is_for(one));
        let audiences = audiences.cloned().collect();
        Ok(Passed { caller, audiences, roles })
    }
}

/// Reads the rules of a query and of header fields.
fn rules(
    query: &str,
    headers: &impl RequestHeaders,
    accepted: &[String],
) -> Result<Rules, BadRule> {
    let (mut role, mut scope, mut audience) = (Vec::new(), Vec::new(), Vec::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "role" => role.push(value),
            "scope" => scope.push(value),
            "audience" => audience.push(value),
            _ => return Err(BadRule::Unknown),
        }
    }
    role.extend(fields(headers, REQUIRE_ROLE));
    scope.extend(fields(headers, REQUIRE_SCOPE));
    let audience_field: Vec<_> = fields(headers, REQUIRE_AUDIENCE).collect();

    let mut rules = Rules::new();
    for role in elements("role", &role, |c| c == ',')? {
        rules = rules.role(role);
    }
    for scope in elements("scope", &scope, |c| c == ',' || c == ' ')? {
        rules = rules.scope(scope);
    }
    for values in [audience, audience_field] {
        let audiences = elements("audience", &values, |c| c == ',')?;
        if !audiences.iter().all(|one| accepted.contains(one)) {
            return Err(BadRule::Audience);
        }
        if !audiences.is_empty() {
            rules = rules.any_audience(audiences);
        }
    }
    Ok(rules)
}

/// Returns the lines of a header field. A byte outside UTF-8 is in no rule that a caller can keep.
fn fields<'h>(
    headers: &'h impl RequestHeaders,
    name: &'static str,
) -> impl Iterator<Item = Cow<'h, str>> {
    headers.values(name).map(String::from_utf8_lossy)
}

/// Returns the elements of all values of a rule. Each value needs one.
fn elements(
    rule: &'static str,
    values: &[Cow<'_, str>],
    separates: fn(char) -> bool,
) -> Result<Vec<String>, BadRule> {
    let mut all = Vec::new();
    for value in values {
        let before = all.len();
        let elements = value
            .split(separates)
            .map(|one| one.trim_matches([' ', '\t']))
            .filter(|one| !one.is_empty());
        all.extend(elements.map(str::to_owned));
        if all.len() == before {
            return Err(BadRule::Value(rule));
        }
    }
    // A scope comes back in the challenge (RFC 6749 §3.3, RFC 6750 §3).
    let fits =
        |one: &String| one.bytes().all(|b| (b' '..=b'~').contains(&b) && !br#""\"#.contains(&b));
    if rule == "scope" && !all.iter().all(fits) { Err(BadRule::Value(rule)) } else { Ok(all) }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    fn asked(query: &str, fields: &[(&'static str, &[u8])]) -> Result<Rules, BadRule> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let value = HeaderValue::from_bytes(value).expect("a value");
            headers.append(HeaderName::from_static(name), value);
        }
        rules(query, &headers, &["orders".to_owned(), "bills".to_owned()])
    }

    #[test]
    fn query_and_fields_give_rules() {
        assert_eq!(asked("", &[]), Ok(Rules::new()));
        assert_eq!(asked("&", &[]), Ok(Rules::new()));
        let both = Rules::new().role("a").role("b").scope("x").scope("y");
        for (query, fields) in [
            ("role=a&scope=x&role=b&scope=y", &[][..]),
            ("role=a,b&scope=x%20y", &[]),
            ("role=a&scope=x+y", &[(REQUIRE_ROLE, &b"b"[..])]),
            ("%72ole=%61", &[(REQUIRE_ROLE, b"b,"), (REQUIRE_SCOPE, b"x"), (REQUIRE_SCOPE, b"y")]),
            ("", &[(REQUIRE_ROLE, b"a , b"), (REQUIRE_SCOPE, b"x y")]),
        ] {
            assert_eq!(asked(query, fields), Ok(both.clone()), "{query} {fields:?}");
        }
    }

    #[test]
    fn one_audience_of_the_query_and_one_of_the_fields_is_required() {
        let orders = Rules::new().audience("orders");
        assert_eq!(asked("audience=orders", &[]), Ok(orders.clone()));
        assert_eq!(asked("", &[(REQUIRE_AUDIENCE, b"orders")]), Ok(orders.clone()));
        let either = Ok(Rules::new().any_audience(["orders", "bills"]));
        assert_eq!(asked("audience=orders&audience=bills", &[]), either);
        let lines = [(REQUIRE_AUDIENCE, &b"orders"[..]), (REQUIRE_AUDIENCE, b"bills")];
        assert_eq!(asked("", &lines), either);
        // A client's own header does not widen the proxy's rule.
        let both = Ok(orders.audience("bills"));
        assert_eq!(asked("audience=orders", &[(REQUIRE_AUDIENCE, b"bills")]), both);
    }

    #[test]
    fn rule_that_no_caller_can_keep_is_an_error() {
        for (query, error) in [
            ("user=ann", BadRule::Unknown),
            ("Role=admin", BadRule::Unknown),
            ("=admin", BadRule::Unknown),
            ("role", BadRule::Value("role")),
            ("role=", BadRule::Value("role")),
            ("role=a&role=", BadRule::Value("role")),
            ("role=,%20", BadRule::Value("role")),
            ("scope=+", BadRule::Value("scope")),
            ("scope=%22", BadRule::Value("scope")),
            ("scope=a%5c", BadRule::Value("scope")),
            ("scope=%0d%0aX:y", BadRule::Value("scope")),
            ("scope=%ff", BadRule::Value("scope")),
            ("audience=", BadRule::Value("audience")),
            ("audience=other", BadRule::Audience),
            ("audience=orders&audience=other", BadRule::Audience),
            ("audience=Orders", BadRule::Audience),
        ] {
            assert_eq!(asked(query, &[]), Err(error), "{query}");
        }
        for (field, error) in [
            ((REQUIRE_ROLE, &b""[..]), BadRule::Value("role")),
            ((REQUIRE_SCOPE, b" "), BadRule::Value("scope")),
            ((REQUIRE_AUDIENCE, b","), BadRule::Value("audience")),
            ((REQUIRE_AUDIENCE, b"other"), BadRule::Audience),
            ((REQUIRE_AUDIENCE, b"orders\xff"), BadRule::Audience),
        ] {
            assert_eq!(asked("role=a", &[field]), Err(error), "{field:?}");
        }
    }
}
