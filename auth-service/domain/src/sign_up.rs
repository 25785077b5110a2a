//! The requirements for a new account. The store checks that the address is free, in the
//! transaction that takes it.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::email::{Email, unprintable};
use super::password;
use super::users::NewUser;

/// The most code points of a name.
const LONGEST_NAME: usize = 100;

/// The fields of a sign-up, as a form or as JSON.
#[derive(Deserialize, ToSchema)]
#[schema(max_properties = 32)]
pub struct SignUpForm {
    /// The person's name.
    #[serde(default)]
    #[schema(
        required,
        min_length = 1,
        max_length = 100,
        pattern = r"^[^\x00-\x1F\x7F-\x9F]*$",
        example = "Ann Lee"
    )]
    pub name: String,
    /// One account per address, compared without regard to case and spelling.
    #[serde(default)]
    #[schema(required, format = "email", max_length = 254, example = "ann@example.org")]
    pub email: String,
    /// Not a common one, not the address, not the name.
    #[serde(default)]
    #[schema(required, value_type = String, format = "password", min_length = 8, example = "a long sentence is best")]
    pub password: Zeroizing<String>,
}

/// A form without faults.
pub struct Applicant {
    /// The person's name, as typed.
    pub name: String,
    /// The address.
    pub email: Email,
    /// The password as received.
    pub password: Zeroizing<String>,
}

/// The faults of a form, each with the name of its field.
pub type FieldErrors = Vec<(&'static str, String)>;

impl SignUpForm {
    /// Checks every field; returns all faults at once.
    pub fn check(self) -> Result<Applicant, FieldErrors> {
        let mut wrong = FieldErrors::new();
        if let Some(why) = wrong_with_name(&self.name) {
            wrong.push(("name", why.into()));
        }
        let email = Email::parse(&self.email);
        if let Err(why) = &email {
            wrong.push(("email", why.to_string()));
        }
        let judged = password::judge(&self.password, &self.name, &self.email);
        wrong.extend(judged.iter().map(|why| ("password", why.to_string())));
        match email {
            Ok(email) if wrong.is_empty() => {
                Ok(Applicant { name: self.name, email, password: self.password })
            }
            _ => Err(wrong),
        }
    }
}

impl Applicant {
    /// Returns the user to create, with a fresh id and the hash of the password.
    pub fn into_user(self, public_id: Uuid, password_hash: String, admin: bool) -> NewUser {
        NewUser {
            public_id,
            name: self.name,
            email: self.email.shown,
            email_key: self.email.key,
            password_hash,
            admin,
        }
    }
}

pub(super) fn wrong_with_name(name: &str) -> Option<&'static str> {
    if name.trim().is_empty() {
        Some("is empty")
    } else if name.chars().any(unprintable) {
        Some("holds a control or an invisible character")
    } else if name.chars().count() > LONGEST_NAME {
        Some("is longer than 100 characters")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(name: &str, email: &str, password: &str) -> Vec<&'static str> {
        let form = SignUpForm {
            name: name.into(),
            email: email.into(),
            password: password.to_owned().into(),
        };
        match form.check() {
            Ok(_) => Vec::new(),
            Err(wrong) => wrong.into_iter().map(|(field, _)| field).collect(),
        }
    }

    #[test]
    fn all_faults_are_reported_at_once() {
        assert_eq!(wrong("", "", ""), ["name", "email", "password"]);
        assert_eq!(wrong("Ann", "ann@example.org", "seven 77"), [""; 0]);
    }

    #[test]
    fn name_has_1_to_100_code_points_and_no_controls() {
        let lock = "\u{1f512}".repeat(100);
        for good in ["A", &lock, "O'Brien; DROP TABLE users", "\u{5d0}", "Jose\u{301}"] {
            assert_eq!(wrong(good, "a@example.org", "correct horse"), [""; 0], "{good}");
        }
        for bad in
            ["", "  ", "\u{e9}".repeat(101).as_str(), "a\0b", "a\r\nb", "\u{1b}[31m", "a\u{85}"]
        {
            assert_eq!(wrong(bad, "a@example.org", "correct horse"), ["name"], "{bad:?}");
        }
    }

    #[test]
    fn name_holds_no_invisible_character() {
        for invisible in [
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{115f}',
            '\u{180e}',
            '\u{200b}',
            '\u{200f}',
            '\u{202e}',
            '\u{2028}',
            '\u{2060}',
            '\u{2066}',
            '\u{2800}',
            '\u{3164}',
            '\u{e000}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fff9}',
            '\u{e0041}',
        ] {
            for name in
                [invisible.to_string(), format!("Ann{invisible}Lee"), format!("Ann{invisible}")]
            {
                let wrong = wrong(&name, "a@example.org", "correct horse");
                assert_eq!(wrong, ["name"], "{}", name.escape_unicode());
            }
        }
    }
}
