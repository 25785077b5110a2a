//! The callers that handlers take, the same in every web framework.

use std::marker::PhantomData;
use std::sync::Arc;

use uuid::Uuid;

use super::Rules;
use signet_contract::claims::{ROLE_ADMIN, ROLE_USER};
use signet_contract::scope::holds;
use signet_verifier::{AccessToken, Subject};

/// The caller of a request: a user or a service, with any rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller(pub(super) Arc<AccessToken>);

impl Caller {
    /// Returns the token, as verified.
    pub fn token(&self) -> &AccessToken {
        &self.0
    }

    /// Returns the user's id; `None` for a service.
    pub fn user(&self) -> Option<Uuid> {
        self.0.public_id()
    }

    /// Returns the id of the client that has the token. For a service, the service itself.
    pub fn client_id(&self) -> &str {
        &self.0.client_id
    }

    /// Returns true if the token has the role. A role that is taken away refuses the user's older
    /// tokens, so no admitted token has it for long.
    pub fn has_role(&self, role: &str) -> bool {
        match &self.0.subject {
            Subject::User { roles, .. } => roles.iter().any(|held| held == role),
            Subject::Service => false,
        }
    }

    /// Returns true if the token has the scope (RFC 6749 §3.3).
    pub fn has_scope(&self, scope: &str) -> bool {
        holds(self.0.scope.as_deref(), scope)
    }
}

/// A caller that a handler requires. [`User`], [`Admin`] and [`Scoped`] implement it, and so may a
/// type of the service.
pub trait Required: Sized + 'static {
    /// Returns the rules for the caller.
    fn rules() -> Rules;

    /// Returns this type from a caller that keeps the rules; `None` refuses it with `403`.
    fn from_caller(caller: Caller) -> Option<Self>;
}

impl Required for Caller {
    fn rules() -> Rules {
        Rules::new()
    }

    fn from_caller(caller: Caller) -> Option<Self> {
        Some(caller)
    }
}

/// A user with the role `user` in the token and, if the guard has a directory, in the directory. A
/// service is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    caller: Caller,
    public_id: Uuid,
}

impl User {
    /// Returns the token, as verified.
    pub fn token(&self) -> &AccessToken {
        self.caller.token()
    }

    /// Returns the user's id.
    pub fn public_id(&self) -> Uuid {
        self.public_id
    }
}

impl Required for User {
    fn rules() -> Rules {
        Rules::new().user().role(ROLE_USER)
    }

    fn from_caller(caller: Caller) -> Option<Self> {
        caller.user().map(|public_id| Self { caller, public_id })
    }
}

/// An operator: a user with the role `admin` in the token and, if the guard has a directory, in the
/// directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin(pub User);

impl Admin {
    /// Returns the token, as verified.
    pub fn token(&self) -> &AccessToken {
        self.0.token()
    }

    /// Returns the user's id.
    pub fn public_id(&self) -> Uuid {
        self.0.public_id()
    }
}

impl Required for Admin {
    fn rules() -> Rules {
        Rules::new().user().role(ROLE_ADMIN)
    }

    fn from_caller(caller: Caller) -> Option<Self> {
        User::from_caller(caller).map(Self)
    }
}

/// A scope, as a type (RFC 6749 §3.3).
pub trait Scope: 'static {
    /// The scope's text in tokens.
    const NAME: &'static str;
}

/// A caller with the scope `S`. A user's token of a log-in has no scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scoped<S> {
    caller: Caller,
    scope: PhantomData<S>,
}

impl<S> Scoped<S> {
    /// Returns the token, as verified.
    pub fn token(&self) -> &AccessToken {
        self.caller.token()
    }
}

impl<S: Scope> Required for Scoped<S> {
    fn rules() -> Rules {
        Rules::new().scope(S::NAME)
    }

    fn from_caller(caller: Caller) -> Option<Self> {
        Some(Self { caller, scope: PhantomData })
    }
}
