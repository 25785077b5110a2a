//! `exp`, `iat` and `nbf`, compared with the clock second by second, and with each other.

use serde_json::{Value, json};
use signet_verifier::Reason;
use time::{Duration, OffsetDateTime};

use crate::minting::{
    EXPIRES, ISSUED, NOW, assert_refused, assert_taken, at, judge_at, signer, user_claims, with,
};

const LEEWAY: i64 = 10;

fn verdict(claims: &Value, now: OffsetDateTime) -> Result<(), Reason> {
    judge_at(&signer().token(claims), now).map(drop)
}

#[test]
fn a_token_expires_at_the_instant_exp_plus_leeway() {
    let token = signer().token(&user_claims());
    for step in -20..=20 {
        let now = EXPIRES + step;
        let expected = if step < LEEWAY { Ok(()) } else { Err(Reason::Expired) };
        assert_eq!(judge_at(&token, at(now)).map(drop), expected, "{step} s past exp");
    }
    let instant = at(EXPIRES + LEEWAY);
    assert!(judge_at(&token, instant - Duration::NANOSECOND).is_ok());
    assert_eq!(judge_at(&token, instant).err(), Some(Reason::Expired));
}

#[test]
fn a_token_is_of_the_future_until_iat_minus_leeway() {
    let token = signer().token(&user_claims());
    for step in -20..=20 {
        let expected = if step >= -LEEWAY { Ok(()) } else { Err(Reason::Future) };
        assert_eq!(judge_at(&token, at(ISSUED + step)).map(drop), expected, "{step} s past iat");
    }
}

#[test]
fn a_token_is_of_the_future_until_nbf_minus_leeway() {
    for step in -20..=20 {
        let claims = with(&user_claims(), "nbf", json!(NOW + step));
        let expected = if step <= LEEWAY { Ok(()) } else { Err(Reason::Future) };
        assert_eq!(verdict(&claims, at(NOW)), expected, "nbf {step} s ahead");
    }
}

#[test]
fn fractions_count() {
    let claims = with(&user_claims(), "exp", json!(1_700_001_000.5));
    assert_eq!(verdict(&claims, at(1_700_001_010)), Ok(()));
    assert_eq!(verdict(&claims, at(1_700_001_011)), Err(Reason::Expired));
    for claims in [
        with(&user_claims(), "iat", json!(1_700_000_000.25)),
        with(&user_claims(), "iat", json!(1.7e9)),
        with(&user_claims(), "nbf", json!(1_700_000_000.75)),
    ] {
        assert_eq!(verdict(&claims, at(NOW)), Ok(()), "{claims}");
    }
}

#[test]
fn invalid_time_is_refused() {
    for name in ["exp", "iat", "nbf"] {
        let good = with(&user_claims(), "nbf", json!(ISSUED));
        assert_taken([(name, signer().token(&good))]);
        let texts = r#"null true "1700000000" "" [1700000000] {} -1 0 -0 0.0 -0.0 -0.5 9.3e18 -1700000000 NaN Infinity
            -Infinity 1e400 -1e400 1e308 -1e308 1e20 9223372036854775807 9223372036854775808
            18446744073709551615 18446744073709551616 -9223372036854775808 253402300800 1e-400
            1700000000s"#;
        for text in texts.split_whitespace() {
            let number = if name == "exp" { EXPIRES } else { ISSUED };
            let claims = good.to_string();
            let claims =
                claims.replace(&format!("\"{name}\":{number}"), &format!("\"{name}\":{text}"));
            assert_ne!(claims, good.to_string(), "the table must change something");
            let token = signer().token_of(&signer().header().to_string(), &claims);
            assert_refused([((name, text), token)], Reason::Malformed);
        }
    }
}

#[test]
fn a_token_that_ends_before_it_begins_is_refused() {
    for life in [0, -1, -1_000] {
        let claims = with(&user_claims(), "exp", json!(ISSUED + life));
        assert_refused([(life, signer().token(&claims))], Reason::Malformed);
    }
}

#[test]
fn a_life_above_the_ceiling_is_refused_and_one_at_it_is_not() {
    let day = 24 * 3_600;
    assert_taken([(day, signer().token(&with(&user_claims(), "exp", json!(ISSUED + day))))]);
    for life in [day + 1, 365 * day, 253_402_214_400 - ISSUED] {
        let claims = with(&user_claims(), "exp", json!(ISSUED + life));
        assert_refused([(life, signer().token(&claims))], Reason::Malformed);
    }
}

#[test]
fn every_clock_value_gives_a_verdict() {
    let token = signer().token(&user_claims());
    let last = with(&user_claims(), "exp", json!(253_402_214_400_i64));
    let last = signer().token(&with(&last, "iat", json!(253_402_214_000_i64)));
    for now in [
        OffsetDateTime::UNIX_EPOCH,
        time::macros::datetime!(0000-01-01 00:00 UTC),
        time::macros::datetime!(-9999-01-01 00:00 UTC),
        time::macros::datetime!(9999-12-31 23:59:59.999999999 UTC),
    ] {
        assert!(judge_at(&token, now).is_err());
        assert!(judge_at(&last, now).is_err());
    }
}
