//! Random changes of a good token. Proptest prints the seed of a failure and keeps it.

use proptest::prelude::*;

use crate::minting::{judge, signer, user_claims};

fn good() -> &'static str {
    static GOOD: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    GOOD.get_or_init(|| signer().token(&user_claims()))
}

#[test]
fn every_single_character_matters() {
    assert!(judge(good()).is_ok());
    let mut refused = 0;
    for place in 0..good().len() {
        // A neighbour in the alphabet, a character outside it, and none.
        for other in [b'A', b'B', b'_', b'.', b'=', b' ', b'\n'] {
            let mut bytes = good().as_bytes().to_vec();
            if bytes[place] == other {
                continue;
            }
            bytes[place] = other;
            let changed = String::from_utf8(bytes).expect("ASCII");
            assert!(judge(&changed).is_err(), "{other:?} at {place}");
            refused += 1;
        }
        let mut cut = good().to_owned();
        cut.remove(place);
        assert!(judge(&cut).is_err(), "without the character at {place}");
    }
    assert!(refused > 6 * good().len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_token_with_any_characters_replaced_is_refused(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<char>()), 1..4),
    ) {
        let mut characters: Vec<char> = good().chars().collect();
        for (place, character) in changes {
            let place = place.index(characters.len());
            characters[place] = character;
        }
        let changed: String = characters.into_iter().collect();
        prop_assert_eq!(judge(&changed).is_ok(), changed == good());
    }

    #[test]
    fn a_token_with_something_put_in_or_cut_out_is_refused(
        place in any::<proptest::sample::Index>(),
        cut in 0_usize..4,
        put in "[A-Za-z0-9_.=+/ -]{0,4}",
    ) {
        let place = place.index(good().len());
        let end = (place + cut).min(good().len());
        let changed = format!("{}{put}{}", &good()[..place], &good()[end..]);
        prop_assert_eq!(judge(&changed).is_ok(), changed == good());
    }

    #[test]
    fn no_text_makes_the_verifier_fail(text in ".{0,300}", parts in "[A-Za-z0-9_-]{0,80}(\\.[A-Za-z0-9_-]{0,80}){0,4}") {
        prop_assert!(judge(&text).is_err());
        prop_assert!(judge(&parts).is_err());
    }

    #[test]
    fn no_signed_content_makes_the_verifier_fail(header in ".{0,60}", claims in ".{0,200}") {
        prop_assert!(judge(&signer().token_of(&header, &claims)).is_err());
        let good_header = signer().header().to_string();
        prop_assert!(judge(&signer().token_of(&good_header, &claims)).is_err());
    }
}
