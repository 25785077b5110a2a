//! bcrypt hashes: `$2a$`, `$2b$` and `$2y$` with cost, salt and result.
//!
//! bcrypt hashes the first 72 bytes of a password. A password with other bytes after them matches,
//! until the log-in replaces the hash.

use super::cost;
use super::hash_fault::HashFault;
use super::imported::Imported;

/// Reads a hash. `digested` is true if bcrypt hashed a digest of the password.
pub(super) fn read(text: &str, digested: bool) -> Result<Imported, HashFault> {
    // `$2x$` marks hashes of a faulty program, and `$2$` hashes of the first version. The same
    // password gives another result with them, so a log-in would fail.
    if !["$2a$", "$2b$", "$2y$"].iter().any(|version| text.starts_with(version)) {
        return Err(HashFault::Unknown);
    }
    let parts: bcrypt::HashParts = text.parse().map_err(|_| HashFault::Damaged)?;
    if parts.get_cost() > cost::MOST_BCRYPT_COST {
        return Err(HashFault::TooCostly);
    }
    if parts.get_cost() < cost::LEAST_BCRYPT_COST {
        return Err(HashFault::Damaged);
    }
    Ok(Imported::Bcrypt { text: text.to_owned(), digested })
}

#[cfg(test)]
mod tests {
    use super::super::scheme::tests::{refused, right, wrong};
    use super::*;

    /// Written by Python's bcrypt 5.0 for `correct horse`.
    const KNOWN: [&str; 3] = [
        "$2a$04$73KZL6DTvpalo5.wWLnbeOvWcsu9NexFOgBzgAnNAE6nNa6gZXR.6",
        "$2b$04$SJ5VIFaFopM9az8R2Q9hWu6wmnw9JvFJCc1HEgLsVqQMTO0lRuQGC",
        "$2y$04$1HBu1GbhkyiFBORDbWHnJund9bXYNi2gDqLd.V2SzrC/11wCYCk.2",
    ];

    #[test]
    fn bcrypt_hash_of_each_version_verifies() {
        for text in KNOWN {
            assert!(right("correct horse", text), "{text}");
            assert!(wrong("correct horsE", text) && wrong("", text), "{text}");
        }
        assert!(right(
            "p\u{e9}p\u{e9}\u{20ac}",
            "$2b$04$xAfFEN3nYRJ3PJIfaLHgD.H93uFRCqZWe1rMIzYtgaagft.NbUWaS"
        ));
    }

    #[test]
    fn first_72_bytes_of_a_password_count() {
        let x = |count| "x".repeat(count);
        let of_72 = "$2b$04$3bMmu5QEs3.gN3Z4mhDwsezfpK.33lglSxBjdt3jdajmRy.sj6qAK";
        assert!(right(&x(72), of_72) && right(&x(73), of_72) && right(&x(500), of_72));
        assert!(wrong(&x(71), of_72));
        let of_71 = "$2b$04$npgyIJPTgVqX9dUP0eSg3.bddTPAjVYDaRLhzYfXhWu2UlgvziUj.";
        assert!(right(&x(71), of_71) && wrong(&x(72), of_71));
    }

    #[test]
    fn costly_malformed_or_unknown_bcrypt_hash_is_refused() {
        let known = KNOWN[1];
        assert_eq!(super::super::check(&known.replace("$04$", "$14$")), Ok(()));
        for cost in ["15", "31", "99"] {
            let text = known.replace("$04$", &format!("${cost}$"));
            assert_eq!(refused(&text), HashFault::TooCostly, "{text}");
        }
        for text in [
            known[..59].to_owned(),
            format!("{known}x"),
            known.replace("$04$", "$03$"),
            known.replace("$04$", "$xx$"),
            known.replace('S', "\u{e9}"),
            "$2b$".to_owned(),
        ] {
            assert_eq!(refused(&text), HashFault::Damaged, "{text}");
        }
        for version in ["$2x$", "$2$", "$2c$", "$3b$"] {
            let text = known.replace("$2b$", version);
            assert_eq!(refused(&text), HashFault::Unknown, "{text}");
        }
    }
}
