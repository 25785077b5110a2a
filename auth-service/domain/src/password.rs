//! The rules for a new password. They apply when it is set, never at a log-in. A password is hashed
//! as received: no normalising, no trimming, no truncation, no rules of composition (OWASP ASVS 5.0
//! 6.2, NIST SP 800-63B §3.1.1).

use std::collections::HashSet;
use std::sync::LazyLock;

/// The fewest code points of a password.
pub const LEAST_CODE_POINTS: usize = 8;

/// The first 3,000 of the common passwords that are long enough, lower-case.
static COMMON: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// The names that an attacker would try first on this service, without digits and signs.
const OUR_NAMES: [&str; 9] = [
    "signet",
    "signetsignet",
    "signetauth",
    "signetapi",
    "signetadmin",
    "adminsignet",
    "signetpassword",
    "authservice",
    "apiservice",
];

/// The reason for which a password may not be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// A short one is guessed by trying all.
    #[error("has fewer than 8 characters; 15 or more are advised")]
    TooShort,
    /// Among the first passwords that any attacker tries.
    #[error("is one of the most common passwords")]
    Common,
    /// Public, or nearly so.
    #[error("is the e-mail address or a part of it")]
    Email,
    /// Public, or nearly so.
    #[error("is the name")]
    Name,
    /// Among the first passwords that an attacker of this service tries.
    #[error("is the name of this product")]
    Product,
}

/// Judges a password about to be set for the account with this name and address. Returns every
/// fault at once.
pub fn judge(password: &str, name: &str, email: &str) -> Vec<PasswordError> {
    let mut wrong = Vec::new();
    let lower = password.to_lowercase();
    if password.chars().count() < LEAST_CODE_POINTS {
        wrong.push(PasswordError::TooShort);
    }
    if COMMON.contains(lower.as_str()) {
        wrong.push(PasswordError::Common);
    }
    if same_as_email(&lower, &email.trim().to_lowercase()) {
        wrong.push(PasswordError::Email);
    }
    if same_as_name(&lower, &name.trim().to_lowercase()) {
        wrong.push(PasswordError::Name);
    }
    let letters: String = lower.chars().filter(|c| c.is_alphabetic()).collect();
    if OUR_NAMES.contains(&letters.as_str()) {
        wrong.push(PasswordError::Product);
    }
    wrong
}

fn same_as_email(password: &str, email: &str) -> bool {
    let Some((local, domain)) = email.rsplit_once('@') else { return false };
    let password = password.trim();
    !password.is_empty() && [email, local, domain].contains(&password)
}

fn same_as_name(password: &str, name: &str) -> bool {
    let joined = |text: &str| text.split_whitespace().collect::<String>();
    !name.is_empty() && joined(password) == joined(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(password: &str) -> Vec<PasswordError> {
        judge(password, "Annabel Lee", "Annabel.Lee.1849@example.org")
    }

    #[test]
    fn password_has_at_least_eight_code_points() {
        assert_eq!(judged("zq\u{e9}\u{1f512}x7w"), [PasswordError::TooShort]);
        assert_eq!(judged("zq\u{e9}\u{1f512}x7wv"), []);
        assert_eq!(judged(""), [PasswordError::TooShort]);
    }

    #[test]
    fn password_has_no_rules_of_composition() {
        for good in [
            "zwuxvqkm",
            "        x",
            "\u{1f512}\u{1f511}\u{1f5dd}\u{1f510}\u{1f50f}\u{1f6e1}\u{1f9f1}\u{1f3f0}",
            "it's \"quoted\" -- here",
            &"long ".repeat(3_000),
            "nul\0 inside",
        ] {
            assert_eq!(judged(good), [], "{good:?}");
        }
    }

    #[test]
    fn common_passwords_are_refused_in_any_case() {
        assert_eq!(COMMON.len(), 3_000);
        for bad in ["password", "PassWord", "12345678", "qwertyuiop"] {
            assert_eq!(judged(bad), [PasswordError::Common], "{bad}");
        }
    }

    #[test]
    fn address_name_and_product_are_refused() {
        for (bad, why) in [
            ("annabel.lee.1849@EXAMPLE.org", PasswordError::Email),
            ("Annabel.Lee.1849", PasswordError::Email),
            ("annabel lee", PasswordError::Name),
            ("AnnabelLee", PasswordError::Name),
            ("signet2026", PasswordError::Product),
            ("Signet!!", PasswordError::Product),
            ("auth-service", PasswordError::Product),
        ] {
            assert_eq!(judged(bad), [why], "{bad}");
        }
        assert_eq!(judged("annabel lee wrote this"), []);
    }
}
