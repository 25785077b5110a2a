//! The words of the audit log. People and programs search for them, so they stay as they are.

/// Declares an enum with a word for each variant.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$doc])* $variant,)+
        }

        impl $name {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The one with this word.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.word() == word)
            }
        }
    };
}

words! {
    /// What was done, or refused.
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
        /// A refresh token was shown. Only refusals are noted: what it was used for last, a session
        /// tells itself.
        SessionRefresh = "session.refresh",
        /// Somebody else, or a client, ended a session.
        SessionRevoke = "session.revoke",
        /// A client said who it is. Only refusals are noted.
        ClientAuthenticate = "client.authenticate",
        /// A client asked for a token of its own. Only refusals are noted: guards do that all day.
        ClientToken = "client.token",
        /// An operator made a user.
        UserCreate = "user.create",
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
        /// A user got other roles; the detail names those of now.
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
        /// The next key was published to take over; the detail says whether at once.
        KeyRotate = "key.rotate",
        /// A key signs from now on.
        KeyActivate = "key.activate",
        /// A key left the key set: its time was over.
        KeyRetire = "key.retire",
        /// A key was voided, and every token that it signed.
        KeyRevoke = "key.revoke",
    }
}

words! {
    /// Why something was refused.
    Reason {
        /// No account has the address.
        UnknownAccount = "unknown_account",
        /// The password is another.
        WrongPassword = "wrong_password",
        /// The account is disabled.
        AccountDisabled = "account_disabled",
        /// Too many tries failed before.
        TooManyFailures = "too_many_failures",
        /// Too many sign-ups came from the network before.
        TooManySignUps = "too_many_sign_ups",
        /// An account has the address.
        AddressTaken = "address_taken",
        /// Nobody would be left who may administer.
        LastAdmin = "last_admin",
        /// The refresh token was used before; its session ended with this.
        Reused = "reused",
        /// The session has ended, or its time is over.
        SessionOver = "session_over",
        /// The session is another client's.
        OtherClient = "other_client",
        /// The token is none of ours, or of a session long gone.
        UnknownToken = "unknown_token",
        /// No such client.
        UnknownClient = "unknown_client",
        /// The client's secret is another.
        WrongSecret = "wrong_secret",
        /// A scope that is not to be had.
        InvalidScope = "invalid_scope",
        /// An audience that is not to be had.
        InvalidTarget = "invalid_target",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_word_means_two_things_and_each_is_read_as_it_is_written() {
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
