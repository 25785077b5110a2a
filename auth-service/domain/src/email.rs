//! E-mail addresses: the check of their form, and the key by which two are compared.
//!
//! An address is shown as it was typed and compared by its key. Two spellings that a person, a mail
//! system or another program could confuse share one key, so that no user can sign up with a
//! look-alike of another's address (CVE-2019-19844): case, NFC and NFD, full-width forms, the long
//! s, the dotless and the dotted i of Turkish, and both spellings of an international domain.

use std::borrow::Cow;

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizer;
use icu_properties::props::{
    BinaryProperty as _, DefaultIgnorableCodePoint, EnumeratedProperty as _, GeneralCategory,
};
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

/// The longest address, in octets of UTF-8 (RFC 5321 §4.5.3.1.3 less its brackets).
const MOST_OCTETS: usize = 254;

/// A well-formed address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// The address as typed, without the blanks around it.
    pub shown: String,
    /// The key by which it is compared.
    pub key: String,
}

/// The reason for which a text is not an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// No system could deliver to it, and no account can have it.
    #[error("holds a control or an invisible character")]
    Unprintable,
    /// Longer than any address.
    #[error("is longer than 254 octets")]
    TooLong,
    /// Not of the required form.
    #[error("is not an address of the form name@domain")]
    Malformed,
}

impl Email {
    /// Parses an address that was typed into a form.
    pub fn parse(typed: &str) -> Result<Self, EmailError> {
        let shown = typed.trim_matches(blank);
        if shown.chars().any(unprintable) {
            return Err(EmailError::Unprintable);
        }
        if shown.len() > MOST_OCTETS {
            return Err(EmailError::TooLong);
        }
        Ok(Self { shown: shown.to_owned(), key: key(shown).ok_or(EmailError::Malformed)? })
    }

    /// Returns the key that finds the account of an address typed at a log-in. A malformed address
    /// gets the key of an account that does not exist.
    pub fn lookup_key(typed: &str) -> Result<String, EmailError> {
        match Self::parse(typed) {
            Ok(email) => Ok(email.key),
            Err(EmailError::Malformed) => Ok(format!("not an address: {}", typed.trim())),
            Err(error) => Err(error),
        }
    }
}

fn key(shown: &str) -> Option<String> {
    // Normalized before the search: a full-width `＠` or `．` is a separator, too.
    let normal = ComposingNormalizer::new_nfkc().normalize(shown).into_owned();
    let (local, domain) = normal.split_once('@')?;
    let local = fold(local);
    if local.is_empty() || !local.chars().all(local_character) {
        return None;
    }
    Some(format!("{local}@{}", domain_key(domain)?))
}

/// True for a letter or digit of any script, a dot, and an atom's signs (RFC 5322 §3.2.3).
fn local_character(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c)
    } else {
        !c.is_whitespace() && !unprintable(c)
    }
}

/// Returns the A-label form of the folded domain. Both spellings are first read as Unicode.
/// Otherwise `straße.example` and its A-label would get different keys.
///
/// Host names may have hyphens at any place inside a label, also at the third and fourth, where
/// IDNA allows them only in `xn--`. The other rules of IDNA hold: without the one for bidirectional
/// text, two domains could look the same.
fn domain_key(domain: &str) -> Option<String> {
    let (readable, sound) = idna::domain_to_unicode(domain);
    sound.ok()?;
    let folded = fold(&readable);
    // A label that decodes to an A-label would get the key of another domain.
    if folded.split('.').any(|label| label.starts_with("xn--")) {
        return None;
    }
    let (signs, hyphens) = (AsciiDenyList::STD3, Hyphens::CheckFirstLast);
    let ascii = Uts46::new().to_ascii(folded.as_bytes(), signs, hyphens, DnsLength::Verify);
    ascii.ok().map(Cow::into_owned)
}

/// Applies case folding and NFKC until nothing changes: each can produce characters that the other
/// one still maps.
fn fold(text: &str) -> String {
    let (nfkc, case) = (ComposingNormalizer::new_nfkc(), CaseMapper::new());
    let mut folded = text.to_owned();
    for _ in 0..4 {
        let undotted = folded.replace(['\u{131}', '\u{130}'], "i");
        // Another program that lower-cases a dotted capital I leaves these two characters.
        let next = nfkc.normalize(&case.fold_string(&undotted)).replace("i\u{307}", "i");
        if next == folded {
            break;
        }
        folded = next;
    }
    folded
}

/// True for the blanks that a person types around an address by accident. A line end is not one: it
/// splits headers and logs, so it is refused in every place.
fn blank(c: char) -> bool {
    c == '\t' || (c.is_whitespace() && !unprintable(c))
}

/// Returns true for a control or an invisible character: two texts that differ in one look the same.
pub(super) fn unprintable(c: char) -> bool {
    use GeneralCategory as G;
    DefaultIgnorableCodePoint::for_char(c)
        || matches!(
            G::for_char(c),
            G::Control | G::PrivateUse | G::LineSeparator | G::ParagraphSeparator
        )
        || ('\u{fff9}'..='\u{fffd}').contains(&c)
        // The braille pattern without dots. Its category is that of a symbol.
        || c == '\u{2800}'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key_of(typed: &str) -> String {
        Email::parse(typed).unwrap_or_else(|error| panic!("{typed:?} {error}")).key
    }

    #[test]
    fn address_is_shown_as_typed_without_blanks_around_it() {
        let email = Email::parse(" \u{3000}\u{a0}Ann.Lee@Example.ORG\t").unwrap();
        assert_eq!(email.shown, "Ann.Lee@Example.ORG");
        assert_eq!(email.key, "ann.lee@example.org");
    }

    #[test]
    fn similar_spellings_have_one_key() {
        for (one, other) in [
            ("mike@example.org", "MIKE@EXAMPLE.ORG"),
            ("mike@example.org", "m\u{131}ke@example.org"),
            ("mike@example.org", "M\u{130}KE@example.org"),
            ("mike@example.org", "mi\u{307}ke@example.org"),
            ("mike@example.org", "mike@ex\u{ff41}mple.org"),
            ("mike@github.com", "mike@g\u{131}thub.com"),
            ("mike@github.com", "mike@xn--gthub-n4a.com"),
            ("sam@example.org", "\u{17f}am@example.org"),
            ("sam@example.org", "sam@example.org".replace('@', "\u{ff20}").as_str()),
            ("sam@example.org", "\u{ff33}\u{ff21}\u{ff2d}@example.org"),
            ("sam@example.org", "sam@example\u{3002}org"),
            ("kim@example.org", "\u{212a}im@example.org"),
            ("ren\u{e9}@example.org", "rene\u{301}@example.org"),
            ("stra\u{df}e@example.org", "STRASSE@example.org"),
            ("a@b\u{fc}cher.example", "a@xn--bcher-kva.example"),
            ("a@b\u{fc}cher.example", "a@B\u{dc}CHER.example"),
            ("a@b\u{fc}cher.example", "a@bu\u{308}cher.example"),
            ("a@stra\u{df}e.example", "a@xn--strae-oqa.example"),
        ] {
            assert_eq!(key_of(one), key_of(other), "{one} and {other}");
        }
    }

    #[test]
    fn different_addresses_have_different_keys() {
        for (one, other) in [
            ("a@example.org", "b@example.org"),
            ("a@example.org", "a@example.com"),
            ("a.b@example.org", "ab@example.org"),
            ("a+x@example.org", "a@example.org"),
            ("ren\u{e9}@example.org", "rene@example.org"),
        ] {
            assert_ne!(key_of(one), key_of(other), "{one} and {other}");
        }
    }

    #[test]
    fn malformed_and_unprintable_addresses_are_refused() {
        for typed in [
            "",
            " ",
            "@",
            "a",
            "a@",
            "@example.org",
            "a@b@c",
            "a@example.org@",
            "a b@example.org",
            "a@exam ple.org",
            "a@example..org",
            "a@.org",
            "a@example.org.",
            "a@[127.0.0.1]",
            "a\u{a0}b@example.org",
            "<a@example.org>",
            "a@example.org,b@example.org",
            "a@exa_mple",
            "\"a\"@example.org",
            "a@-",
            "a\u{fe6b}b@example.org",
            "a@xn--\u{fc}.org",
        ] {
            assert_eq!(Email::parse(typed), Err(EmailError::Malformed), "{typed:?}");
        }
        for typed in [
            "a\0@example.org",
            "a@example.org\r\nBcc: b",
            "a@example.org\r\n",
            "\na@example.org",
            " a@example.org \u{2028}",
            "a\u{200b}@example.org",
            "\u{1b}[1m@x.org",
        ] {
            assert_eq!(Email::parse(typed), Err(EmailError::Unprintable), "{typed:?}");
        }
    }

    #[test]
    fn domain_of_any_host_name_is_taken() {
        for (typed, key) in [
            ("x@ab--c.example", "x@ab--c.example"),
            ("x@AB--C.Example", "x@ab--c.example"),
            ("x@r3---sn-4g5e.example", "x@r3---sn-4g5e.example"),
            ("x@a--b.c--d.example", "x@a--b.c--d.example"),
            ("x@1--2.example", "x@1--2.example"),
            ("x@xn-a.xn.xnn--a.example", "x@xn-a.xn.xnn--a.example"),
            ("x@163.example", "x@163.example"),
            ("x@3com.example", "x@3com.example"),
            ("x@a.b.c.d.e.f.example", "x@a.b.c.d.e.f.example"),
            ("x@localhost", "x@localhost"),
            ("x@zz--\u{fc}.example", "x@xn--zz---3ra.example"),
            ("x@i\u{2764}.example", "x@xn--i-7iq.example"),
            ("x@xn--i-7iq.example", "x@xn--i-7iq.example"),
            ("x@\u{5d0}\u{5d1}.example", "x@xn--4dbc.example"),
        ] {
            assert_eq!(key_of(typed), key);
        }
    }

    #[test]
    fn domain_that_no_host_name_can_have_is_refused() {
        let long = format!("a@{}.example", "b".repeat(64));
        for typed in [
            "a@-ab.example",
            "a@ab-.example",
            "a@ab--.example",
            "a@--ab.example",
            "a@a_b.example",
            "a@_dmarc.example",
            "a@xn--.example",
            "a@xn--a.example",
            "a@xn--ab-.example",
            "a@xn--zzzzzzzzzz9999.example",
            "a@XN--\u{fc}.example",
            "a@xn--xn--bcher-u9a.example",
            "a@xn--xn--gthub-n4a-79b.example",
            // A browser shows the labels of such a domain in another order (RFC 5893).
            "a@1a.\u{5d0}\u{5d1}",
            &long,
        ] {
            assert_eq!(Email::parse(typed), Err(EmailError::Malformed), "{typed}");
        }
    }

    #[test]
    fn address_has_at_most_254_octets() {
        let at_the_limit = format!("{}@example.org", "a".repeat(242));
        assert_eq!(at_the_limit.len(), 254);
        assert!(Email::parse(&at_the_limit).is_ok());
        assert_eq!(Email::parse(&format!("a{at_the_limit}")), Err(EmailError::TooLong));
    }

    #[test]
    fn lookup_key_of_a_malformed_address_is_the_key_of_no_account() {
        assert_eq!(Email::lookup_key(" Ann@Example.org "), Ok("ann@example.org".into()));
        assert_eq!(Email::lookup_key("ann"), Ok("not an address: ann".into()));
        assert!(Email::parse("not an address: ann").is_err());
        assert_eq!(Email::lookup_key("a\0@example.org"), Err(EmailError::Unprintable));
    }

    proptest! {
        #[test]
        fn key_of_a_key_is_the_same_key(typed in "[^\\x00-\\x20]{1,8}@[a-z\u{fc}\u{131}\u{df}]{1,5}\\.org") {
            if let Ok(email) = Email::parse(&typed) {
                prop_assert_eq!(key_of(&email.key), email.key);
            }
        }

        #[test]
        fn no_text_causes_a_panic(typed in "\\PC*") {
            let _ = Email::parse(&typed);
        }
    }
}
