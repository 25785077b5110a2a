//! Password hashes as Django writes them: `pbkdf2_sha256$N$SALT$BASE64`, `pbkdf2_sha1$…` and
//! `scrypt$N$SALT$R$P$BASE64`. `scheme` removes the prefix of its argon2 and bcrypt hashes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::hash_fault::HashFault;
use super::imported::{Imported, Method};

/// Reads `N$SALT$BASE64`, the part after `pbkdf2_sha256$` or `pbkdf2_sha1$`.
pub(super) fn pbkdf2(digest: &str, rest: &str) -> Result<Imported, HashFault> {
    let parts: Vec<&str> = rest.split('$').collect();
    let [iterations, salt, result] = *parts else { return Err(HashFault::Damaged) };
    Imported::of(Method::pbkdf2(digest, iterations)?, salt, STANDARD.decode(result).ok())
}

/// Reads `N$SALT$R$P$BASE64`, the part after `scrypt$`.
pub(super) fn scrypt(rest: &str) -> Result<Imported, HashFault> {
    let parts: Vec<&str> = rest.split('$').collect();
    let [n, salt, r, p, result] = *parts else { return Err(HashFault::Damaged) };
    Imported::of(Method::scrypt(n, r, p)?, salt, STANDARD.decode(result).ok())
}

#[cfg(test)]
mod tests {
    use super::super::scheme::tests::{refused, right, wrong};
    use super::*;

    /// Written by Django 5.2 for `correct horse`.
    const KNOWN: [&str; 7] = [
        "pbkdf2_sha256$1000$saltsalt$qQDPSZa3Ormyy9oK1Pu0ZLLwP2Svzmx3yu8OvDdq/J0=",
        "pbkdf2_sha1$1000$saltsalt$wQoBU7GXMNo2CJC+raijrf6key4=",
        "scrypt$1024$saltsalt$8$5$C66pLB1DV2CkeqxDfL9muWn+lrPc2b4Pw+LM+//zEyl+COwkn+Rapbe//LH8XZoW8ExHF4avepCrFfG9NRBQTw==",
        "scrypt$16384$saltsalt$8$5$KeGRfrCm1+gTAl9bo/IrI8Ddxx2CRxsDbebWrMR2Gcj1fs23erI/QYjsbXLGBk5H1erJIVIu2eL2FiE4QcW3XA==",
        "argon2$argon2id$v=19$m=1024,t=2,p=2$QmY0b0w0S3ZrbktTcHhxdkt3cnpXSw$H+fK4smlVqIyfXsfIG7BCxdOuUBMmNN3GVgaF/WZ/jc",
        "bcrypt$$2b$04$N/eyuy3dgnGcOxOqnBP9bugTJItnNavVn.e47M/sSynpmCAR495.G",
        "bcrypt_sha256$$2b$04$H7WPniQSjh.kZIXpRmRRUe4DI3pSV1BX3y3BX9c21l2iSOJyFhvBa",
    ];

    #[test]
    fn django_hash_verifies() {
        for text in KNOWN {
            assert!(right("correct horse", text), "{text}");
            assert!(wrong("correct horsE", text) && wrong("", text), "{text}");
        }
    }

    #[test]
    fn changed_django_hash_does_not_verify_or_is_refused() {
        for (of, changed) in [
            ("saltsalt$wQ", "saltsalx$wQ"),
            ("saltsalt$wQ", "saltsalt$wA"),
            ("$8$5$C6", "$8$4$C6"),
            ("$1000$saltsalt$qQ", "$1001$saltsalt$qQ"),
        ] {
            let text = KNOWN.iter().find(|text| text.contains(of)).unwrap().replace(of, changed);
            assert!(wrong("correct horse", &text), "{text}");
        }
        for text in KNOWN {
            let cut = &text[..text.len() - 12];
            assert!(super::super::check(cut).is_err(), "{cut}");
        }
    }

    #[test]
    fn costly_or_malformed_django_hash_is_refused() {
        let (half, long) = (STANDARD.encode([7; 32]), STANDARD.encode([7; 64]));
        for text in [
            format!("pbkdf2_sha256$2000001$salt${half}"),
            format!("scrypt$131072$salt$8$1${long}"),
            format!("scrypt$16384$salt$8$17${long}"),
            // The default of Django 5.2.
            "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0$90DGT/Nbc2NZX8YBq+0Bxa0SL+qQa7/PPjB0vVDOHho".to_owned(),
            "bcrypt$$2b$15$N/eyuy3dgnGcOxOqnBP9bugTJItnNavVn.e47M/sSynpmCAR495.G".to_owned(),
        ] {
            assert_eq!(refused(&text), HashFault::TooCostly, "{text}");
        }
        for text in [
            format!("pbkdf2_sha256$1000$${half}"),
            format!("pbkdf2_sha256$1000$salt${long}"),
            format!("pbkdf2_sha256$0$salt${half}"),
            format!("pbkdf2_sha256$salt${half}"),
            format!("pbkdf2_sha1$1000$salt${half}"),
            format!("scrypt$16384$salt$8$1${half}"),
            "bcrypt_sha256$$2b$04$short".to_owned(),
        ] {
            assert_eq!(refused(&text), HashFault::Damaged, "{text}");
        }
        for text in ["argon2$argon2i$v=19$m=512,t=2,p=2$c2FsdHNhbHQ$AAAA", "bcrypt$", "!unusable"] {
            assert_eq!(refused(text), HashFault::Unknown, "{text}");
        }
    }
}
