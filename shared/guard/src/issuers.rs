//! Guards of several issuers in one service.

use std::sync::Arc;

use super::{Caller, Guard, Rules};
use signet_verifier::{Refusal, RequestHeaders, outline, presented};

/// One or more guards, each of another issuer. The `iss` of a token chooses its guard, before
/// anything else is checked: no key of one issuer ever verifies a token of another one.
///
/// The middleware and the extractors take it. A single [`Guard`] converts into it.
#[derive(Clone)]
pub struct Guards {
    /// The guard that refuses the tokens of unknown issuers, too.
    first: Guard,
    others: Arc<[Guard]>,
}

/// Two guards have the same issuer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("two guards have the issuer `{0}`")]
pub struct SameIssuer(pub String);

impl Guards {
    /// Combines guards. Each of them needs a store of its own.
    ///
    /// # Errors
    ///
    /// Two of them have the same issuer.
    pub fn new(first: Guard, others: impl IntoIterator<Item = Guard>) -> Result<Self, SameIssuer> {
        let others: Arc<[Guard]> = others.into_iter().collect();
        for (place, guard) in others.iter().enumerate() {
            let mut earlier = others.iter().take(place).chain([&first]);
            if earlier.any(|known| known.issuer() == guard.issuer()) {
                return Err(SameIssuer(guard.issuer().to_owned()));
            }
        }
        Ok(Self { first, others })
    }

    /// Returns the same guards with more rules.
    #[must_use]
    pub fn requiring(&self, rules: Rules) -> Self {
        Self {
            others: self.others.iter().map(|guard| guard.requiring(rules.clone())).collect(),
            first: self.first.requiring(rules),
        }
    }

    /// Judges a token as [`Guard::admit`] does, by the guard of its issuer.
    ///
    /// # Errors
    ///
    /// The refusal, which is the answer to the client.
    pub async fn admit(&self, token: &str) -> Result<Caller, Refusal> {
        self.of_issuer(token).admit(token).await
    }

    /// Judges the token of a request as [`Guard::admit_request`] does, by the guard of its issuer.
    ///
    /// # Errors
    ///
    /// The refusal, which is the answer to the client.
    pub async fn admit_request(&self, headers: &impl RequestHeaders) -> Result<Caller, Refusal> {
        self.judge(headers, &Rules::new()).await
    }

    /// Does the same, but returns `None` for a request without a token if the rules of all guards are
    /// [optional](Rules::optional).
    ///
    /// # Errors
    ///
    /// The refusal, which is the answer to the client.
    pub async fn admit_optional(
        &self,
        headers: &impl RequestHeaders,
    ) -> Result<Option<Caller>, Refusal> {
        let mut all = self.others.iter().chain([&self.first]);
        match presented(headers) {
            Err(Refusal::Missing) if all.all(Guard::is_optional) => Ok(None),
            token => self.guard_of(&token).judge(token, &Rules::new()).await.map(Some),
        }
    }

    /// Judges the token of a request, with more rules than the guards'.
    pub(crate) async fn judge(
        &self,
        headers: &impl RequestHeaders,
        more: &Rules,
    ) -> Result<Caller, Refusal> {
        let token = presented(headers);
        self.guard_of(&token).judge(token, more).await
    }

    /// Returns true if these are the same guards with equal rules.
    #[cfg(any(feature = "actix", feature = "tower"))]
    fn are(&self, others: &Self) -> bool {
        let all = || std::iter::once(&self.first).chain(&*self.others);
        let theirs = || std::iter::once(&others.first).chain(&*others.others);
        all().count() == theirs().count() && all().zip(theirs()).all(|(one, other)| one.is(other))
    }

    fn guard_of(&self, token: &Result<&str, Refusal>) -> &Guard {
        token.as_ref().map_or(&self.first, |token| self.of_issuer(token))
    }

    /// Returns the guard of a token's issuer. The first guard also refuses what no guard is for.
    fn of_issuer(&self, token: &str) -> &Guard {
        if self.others.is_empty() {
            return &self.first;
        }
        let issuer = outline(token).map(|told| told.issuer);
        let of = |guard: &&Guard| issuer.as_ref().is_ok_and(|issuer| issuer == guard.issuer());
        self.others.iter().find(of).unwrap_or(&self.first)
    }
}

impl From<Guard> for Guards {
    fn from(guard: Guard) -> Self {
        Self { first: guard, others: Arc::default() }
    }
}

impl From<&Guard> for Guards {
    fn from(guard: &Guard) -> Self {
        guard.clone().into()
    }
}

impl From<&Guards> for Guards {
    fn from(guards: &Guards) -> Self {
        guards.clone()
    }
}

/// The admitted caller of a request, and the guards that admitted it. A scope or a route may have
/// other guards than the app or the layer around it.
#[cfg(any(feature = "actix", feature = "tower"))]
#[derive(Clone)]
pub(crate) struct Admitted {
    pub(crate) caller: Caller,
    pub(crate) by: Guards,
}

#[cfg(any(feature = "actix", feature = "tower"))]
impl Admitted {
    /// Returns the caller, if the same guards without `more` rules would judge it again.
    pub(crate) fn again(&self, by: &Guards, more: &Rules) -> Option<Caller> {
        (*more == Rules::new() && self.by.are(by)).then(|| self.caller.clone())
    }
}
