//! The words of the audit log. They never change, because people and programs search for them.

/// Declares an enum with a word for each variant.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$doc])* $variant,)+
        }

        impl $name {
            /// Every variant.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Returns the word.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// Returns the variant with this word.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.word() == word)
            }
        }
    };
}

words! {
    /// An action that was done or refused.
    Action {
        /// A log-in.
        Login = "login",
        /// A sign-up.
        SignUp = "signup",
        /// A user ended one of their own sessions.
        Logout = "logout",
        /// A user ended all of their own sessions.
        LogoutAll = "logout.all",
        /// A user changed the password.
        PasswordChange = "password.change",
        /// A refresh token was presented. Only refusals are noted: the session records its last use
        /// itself.
        SessionRefresh = "session.refresh",
        /// An actor other than its user ended a session.
        SessionRevoke = "session.revoke",
        /// A client authenticated. Only refusals are noted.
        ClientAuthenticate = "client.authenticate",
        /// A client asked for a token of its own. Only refusals are noted: guards ask all day.
        ClientToken = "client.token",
        /// An operator made a user.
        UserCreate = "user.create",
        /// An operator set a user's password, and every session ended.
        UserSetPassword = "user.set_password",
        /// A user came from a file.
        UserImport = "user.import",
        /// A user was disabled, and every session ended.
        UserDisable = "user.disable",
        /// A user was enabled.
        UserEnable = "user.enable",
        /// A user was deleted, and every session ended.
        UserDelete = "user.delete",
        /// An operator ended every session of a user.
        UserLogout = "user.logout",
        /// A user got other roles; the detail names the new ones.
        UserSetRoles = "user.set_roles",
        /// A client was registered; the detail names its scopes.
        ClientAdd = "client.add",
        /// A client got another secret.
        ClientRotateSecret = "client.rotate_secret",
        /// A client was removed, and its tokens ended.
        ClientRemove = "client.remove",
        /// A key was made and published.
        KeyGenerate = "key.generate",
        /// A key came from a file and was published.
        KeyImport = "key.import",
        /// The next key was published to take over; the detail says if it does so at once.
        KeyRotate = "key.rotate",
        /// A key began to sign.
        KeyActivate = "key.activate",
        /// A key left the key set: its time was over.
        KeyRetire = "key.retire",
        /// A key was revoked, with every token that it signed.
        KeyRevoke = "key.revoke",
    }
}

words! {
    /// The reason of a refusal.
    Reason {
        /// No account has the address.
        UnknownAccount = "unknown_account",
        /// The password is wrong.
        WrongPassword = "wrong_password",
        /// The account is disabled.
        AccountDisabled = "account_disabled",
        /// Too many tries failed before.
        TooManyFailures = "too_many_failures",
        /// Too many sign-ups came from the network before.
        TooManySignUps = "too_many_sign_ups",
        /// An account has the address.
        AddressTaken = "address_taken",
        /// No admin would be left.
        LastAdmin = "last_admin",
        /// The refresh token was used before; this refusal ended its session.
        Reused = "reused",
        /// The session has ended, or its time is over.
        SessionOver = "session_over",
        /// The session belongs to another client.
        OtherClient = "other_client",
        /// The token is not from this issuer, or its session is long gone.
        UnknownToken = "unknown_token",
        /// There is no such client.
        UnknownClient = "unknown_client",
        /// The client's secret is wrong.
        WrongSecret = "wrong_secret",
        /// The scope is not available.
        InvalidScope = "invalid_scope",
        /// The audience is not available.
        InvalidTarget = "invalid_target",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn words_are_unique_and_parsed_as_written() {
        let words: BTreeSet<_> = Action::ALL.iter().map(|action| action.word()).collect();
        assert_eq!(words.len(), Action::ALL.len());
        for action in Action::ALL {
            assert_eq!(Action::parse(action.word()), Some(*action));
        }
        let words: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.word()).collect();
        assert_eq!(words.len(), Reason::ALL.len());
        assert_eq!(Action::parse("LOGIN"), None);
    }
}
