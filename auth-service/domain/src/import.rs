//! Imported accounts: the check of one record of a file, and the result of a batch in the store.
//!
//! Names and addresses follow the rules of a sign-up. The rules for passwords do not apply: the
//! import knows only hashes, and each user logs in with the old password.

use serde::Deserialize;
use uuid::Uuid;

use super::email::Email;
use super::sign_up::wrong_with_name;
use super::users::NewUser;

/// One account of an import file.
#[derive(Clone, Default, Deserialize)]
pub struct ImportRecord {
    /// The id that tokens will carry.
    pub public_id: String,
    /// The person's name.
    pub name: String,
    /// The address.
    pub email: String,
    /// The password's hash. The hashing code checks that it can be verified.
    pub password_hash: String,
}

impl ImportRecord {
    /// Returns the user to create, or all faults of the record. No fault contains a part of the
    /// hash.
    pub fn check(self) -> Result<NewUser, Vec<String>> {
        let mut wrong = Vec::new();
        let public_id = read_id(&self.public_id);
        if public_id.is_none() {
            wrong.push("the public_id is no UUID of the form 8-4-4-4-12".to_owned());
        }
        if let Some(why) = wrong_with_name(&self.name) {
            wrong.push(format!("the name {why}"));
        }
        let email = Email::parse(&self.email);
        if let Err(why) = &email {
            wrong.push(format!("the email {why}"));
        }
        match (public_id, email) {
            (Some(public_id), Ok(email)) if wrong.is_empty() => Ok(NewUser {
                public_id,
                name: self.name,
                email: email.shown,
                email_key: email.key,
                password_hash: self.password_hash,
                admin: false,
            }),
            _ => Err(wrong),
        }
    }
}

/// Parses an id in the form in which tokens carry it, in either case (RFC 9562 §4). Other tables
/// refer to a user by this text, so other forms are refused.
fn read_id(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok().filter(|id| id.to_string().eq_ignore_ascii_case(text))
}

/// The result for one account of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// The user was created.
    Created,
    /// A user with this id existed before and is unchanged.
    There,
    /// Another user has the address.
    AddressTaken,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0b0e8a3e-6cbe-4a1b-9d4f-7c3d1f8e2a10";

    fn record() -> ImportRecord {
        ImportRecord {
            public_id: ID.into(),
            name: "Ann Lee".into(),
            email: " Ann@Example.ORG".into(),
            password_hash: "hash".into(),
        }
    }

    #[test]
    fn record_becomes_a_user_with_its_id() {
        let user = record().check().expect("a user");
        assert_eq!(user.public_id.to_string(), ID);
        assert_eq!((&*user.email, &*user.email_key), ("Ann@Example.ORG", "ann@example.org"));
        assert_eq!((&*user.name, &*user.password_hash, user.admin), ("Ann Lee", "hash", false));
    }

    #[test]
    fn id_is_accepted_only_in_its_own_form() {
        let refused =
            |public_id: &str| ImportRecord { public_id: public_id.into(), ..record() }.check();
        assert!(refused(&ID.to_uppercase()).is_ok());
        for other in ["", "17", &ID.replace('-', ""), &format!("{{{ID}}}"), &format!("{ID} ")] {
            assert!(refused(other).is_err(), "{other}");
        }
    }

    #[test]
    fn all_faults_are_reported_without_the_hash() {
        let wrong =
            ImportRecord { password_hash: "scrypt:secret".into(), ..ImportRecord::default() }
                .check();
        let wrong = wrong.err().expect("wrong").join("; ");
        for word in ["public_id", "name", "email"] {
            assert!(wrong.contains(word), "{wrong}");
        }
        assert!(!wrong.contains("secret"), "{wrong}");
    }
}
