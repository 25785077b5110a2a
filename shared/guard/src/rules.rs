//! The requirements for a caller, beside a good token.

use std::borrow::Cow;

use signet_contract::scope::holds;
use signet_verifier::{AccessToken, Reason, Refusal, Subject};

/// A name in a rule.
type Name = Cow<'static, str>;

/// The requirements for a caller. All of them must hold. Without any, every good token is admitted.
///
/// ```
/// use signet_guard::Rules;
///
/// let operators = Rules::new().role("admin");
/// let importers = Rules::new().service().scope("orders:write").any_audience(["orders", "imports"]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    kind: Option<Kind>,
    roles: Vec<Name>,
    scopes: Vec<Name>,
    /// Of each list, one scope must be granted.
    any_scopes: Vec<Vec<Name>>,
    /// Of each list, one audience must be in the token.
    audiences: Vec<Vec<Name>>,
    optional: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    User,
    Service,
    /// Both at once: no caller.
    Neither,
}

impl Rules {
    /// Returns rules that admit every good token.
    pub fn new() -> Self {
        Self::default()
    }

    /// Requires a user. A service is refused with `403`.
    #[must_use]
    pub fn user(self) -> Self {
        self.of_kind(Kind::User)
    }

    /// Requires a service, which has its token by client credentials (RFC 6749 §4.4). A user is
    /// refused with `403`.
    #[must_use]
    pub fn service(self) -> Self {
        self.of_kind(Kind::Service)
    }

    /// Requires a role of a user: in the token and, if the guard has a directory, in the directory.
    #[must_use]
    pub fn role(mut self, role: impl Into<Name>) -> Self {
        self.roles.push(role.into());
        self
    }

    /// Requires a scope (RFC 6749 §3.3). A user's token of a log-in has no scope.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<Name>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// Requires one or more of these scopes. Without a scope in the list, nothing is admitted.
    #[must_use]
    pub fn any_scope(mut self, scopes: impl IntoIterator<Item = impl Into<Name>>) -> Self {
        self.any_scopes.push(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// Requires an audience, beside one of the guard's own. A token without it is refused with
    /// `401`.
    #[must_use]
    pub fn audience(self, audience: impl Into<Name>) -> Self {
        self.any_audience([audience])
    }

    /// Requires one or more of these audiences. Without an audience in the list, nothing is
    /// admitted.
    #[must_use]
    pub fn any_audience(mut self, audiences: impl IntoIterator<Item = impl Into<Name>>) -> Self {
        self.audiences.push(audiences.into_iter().map(Into::into).collect());
        self
    }

    /// Lets requests without a token pass, without a caller. A request with a bad token is still
    /// refused. Rules that are added later end it, unless they are optional, too.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Adds other rules to these.
    #[must_use]
    pub fn and(mut self, more: Self) -> Self {
        let Self { kind, roles, scopes, any_scopes, audiences, optional } = more;
        if let Some(kind) = kind {
            self = self.of_kind(kind);
        }
        self.roles.extend(roles);
        self.scopes.extend(scopes);
        self.any_scopes.extend(any_scopes);
        self.audiences.extend(audiences);
        self.optional = optional;
        self
    }

    fn of_kind(mut self, kind: Kind) -> Self {
        let same = self.kind.is_none_or(|known| known == kind);
        self.kind = Some(if same { kind } else { Kind::Neither });
        self
    }

    /// Returns true if a request without a token passes.
    pub(super) fn is_optional(&self) -> bool {
        self.optional
    }

    /// The roles, which the directory must have, too.
    pub(super) fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().map(Cow::as_ref)
    }

    /// Checks everything that the token shows.
    pub(super) fn check(&self, token: &AccessToken) -> Result<(), Refusal> {
        let meant = |audiences: &Vec<Name>| audiences.iter().any(|one| token.is_for(one));
        if !self.audiences.iter().all(meant) {
            return Err(Refusal::Invalid(Reason::Audience));
        }
        let (kind, roles) = match &token.subject {
            Subject::User { roles, .. } => (Kind::User, roles.as_slice()),
            Subject::Service => (Kind::Service, &[][..]),
        };
        let right_kind = self.kind.is_none_or(|wanted| wanted == kind);
        if !right_kind || !self.roles().all(|wanted| roles.iter().any(|held| held == wanted)) {
            return Err(Refusal::Forbidden { scope: None });
        }
        let granted = |scope: &Name| holds(token.scope.as_deref(), scope);
        let all = self.scopes.iter().all(granted);
        if all && self.any_scopes.iter().all(|scopes| scopes.iter().any(granted)) {
            return Ok(());
        }
        // RFC 6750 §3: scopes that would be enough.
        let enough = self.scopes.iter().chain(self.any_scopes.iter().filter_map(|any| any.first()));
        let enough: Vec<_> = enough.map(Cow::as_ref).collect();
        Err(Refusal::Forbidden { scope: (!enough.is_empty()).then(|| enough.join(" ")) })
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::*;

    const FORBIDDEN: Result<(), Refusal> = Err(Refusal::Forbidden { scope: None });

    fn service(scope: Option<&str>) -> AccessToken {
        AccessToken {
            subject: Subject::Service,
            issuer: "https://login.example.org".into(),
            audience: vec!["orders".into(), "bills".into()],
            client_id: "reporting".into(),
            scope: scope.map(str::to_owned),
            issued_at: OffsetDateTime::UNIX_EPOCH,
            not_before: None,
            expires_at: OffsetDateTime::UNIX_EPOCH,
            jti: Uuid::nil(),
            pos: 0,
            kid: "k".into(),
        }
    }

    fn user(roles: &[&str]) -> AccessToken {
        let roles = roles.iter().map(|role| (*role).to_owned()).collect();
        let subject = Subject::User { public_id: Uuid::nil(), sid: Uuid::nil(), roles };
        AccessToken { subject, ..service(None) }
    }

    fn lacking(scope: &str) -> Result<(), Refusal> {
        Err(Refusal::Forbidden { scope: Some(scope.to_owned()) })
    }

    #[test]
    fn rules_without_requirements_admit_users_and_services() {
        for token in [user(&[]), user(&["user"]), service(None), service(Some("a"))] {
            assert_eq!(Rules::new().check(&token), Ok(()));
        }
    }

    #[test]
    fn each_role_is_required_and_no_service_has_one() {
        let both = Rules::new().role("user").role("admin");
        assert_eq!(both.check(&user(&["admin", "user"])), Ok(()));
        for token in [user(&["user"]), user(&["admin"]), user(&["user", "Admin"]), service(None)] {
            assert_eq!(both.check(&token), FORBIDDEN, "{:?}", token.subject);
        }
    }

    #[test]
    fn kind_of_caller_is_required() {
        assert_eq!(Rules::new().user().check(&user(&[])), Ok(()));
        assert_eq!(Rules::new().service().check(&service(None)), Ok(()));
        assert_eq!(Rules::new().user().check(&service(None)), FORBIDDEN);
        assert_eq!(Rules::new().service().check(&user(&["user"])), FORBIDDEN);
        for token in [user(&["user"]), service(None)] {
            assert_eq!(Rules::new().user().service().check(&token), FORBIDDEN);
        }
    }

    #[test]
    fn missing_scope_is_named_with_all_that_are_required() {
        let all = Rules::new().scope("a").scope("b");
        assert_eq!(all.check(&service(Some("b x a"))), Ok(()));
        for scope in [None, Some("a"), Some("b"), Some("ab"), Some("a bb")] {
            assert_eq!(all.check(&service(scope)), lacking("a b"), "{scope:?}");
        }
        let any = Rules::new().any_scope(["a", "b"]).any_scope(["c", "d"]);
        assert_eq!(any.check(&service(Some("b c"))), Ok(()));
        for scope in [None, Some("a b"), Some("d")] {
            assert_eq!(any.check(&service(scope)), lacking("a c"), "{scope:?}");
        }
        assert_eq!(all.check(&user(&["user"])), lacking("a b"));
    }

    #[test]
    fn one_audience_of_each_list_is_required() {
        let audience = Err(Refusal::Invalid(Reason::Audience));
        assert_eq!(Rules::new().audience("orders").audience("bills").check(&user(&[])), Ok(()));
        assert_eq!(Rules::new().any_audience(["x", "bills"]).check(&user(&[])), Ok(()));
        assert_eq!(Rules::new().audience("orders").audience("x").check(&user(&[])), audience);
        // The token does not fit, so it is not said what right it lacks.
        assert_eq!(Rules::new().audience("x").role("admin").check(&user(&[])), audience);
    }

    #[test]
    fn empty_list_admits_no_token() {
        let none: [&str; 0] = [];
        assert!(Rules::new().any_audience(none).check(&service(Some("a"))).is_err());
        assert!(Rules::new().any_scope(none).check(&service(Some("a"))).is_err());
    }

    #[test]
    fn rules_add_up() {
        let base = Rules::new().audience("orders").user();
        let both = base.and(Rules::new().role("admin").scope("a").optional());
        assert!(both.is_optional());
        assert!(!Rules::new().optional().and(Rules::new().role("admin")).is_optional());
        assert_eq!(both.roles().collect::<Vec<_>>(), ["admin"]);
        assert_eq!(both.check(&user(&["user"])), FORBIDDEN);
        assert_eq!(both.check(&user(&["admin"])), lacking("a"));
        assert_eq!(both.and(Rules::new().service()).check(&user(&["admin"])), FORBIDDEN);
    }
}
