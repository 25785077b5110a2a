//! `NumericDate` (RFC 7519 §2): seconds since the Unix epoch, with or without a fraction.

use serde_json::Number;
use time::OffsetDateTime;

/// 9999-12-31T00:00:00Z, the last day of a calendar of four-digit years. The rest of that day keeps
/// sums with a leeway inside the calendar.
const LATEST_SECONDS: i64 = 253_402_214_400;

/// Returns the instant if the number is after the epoch and inside the calendar. Zero and
/// negative numbers are refused: a clock that was never set shows zero.
pub(super) fn instant(number: &Number) -> Option<OffsetDateTime> {
    if let Some(seconds) = number.as_i64() {
        return if (1..=LATEST_SECONDS).contains(&seconds) {
            OffsetDateTime::from_unix_timestamp(seconds).ok()
        } else {
            None
        };
    }
    let seconds = number.as_f64()?;
    #[expect(clippy::cast_precision_loss, reason = "the bound is far below 2^53")]
    if !(seconds > 0.0 && seconds <= LATEST_SECONDS as f64) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "bounded above; what is cut is below 1 ns")]
    let nanoseconds = (seconds * 1e9) as i128;
    OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use time::macros::datetime;

    fn read(value: &Value) -> Option<OffsetDateTime> {
        instant(value.as_number().expect("a number"))
    }

    #[test]
    fn whole_and_fractional_seconds_are_read() {
        for (value, expected) in [
            (json!(1_700_000_000), datetime!(2023-11-14 22:13:20 UTC)),
            (json!(1.7e9), datetime!(2023-11-14 22:13:20 UTC)),
            (json!(1_700_000_000.5), datetime!(2023-11-14 22:13:20.5 UTC)),
            (json!(1), datetime!(1970-01-01 00:00:01 UTC)),
            (json!(LATEST_SECONDS), datetime!(9999-12-31 00:00 UTC)),
        ] {
            assert_eq!(read(&value), Some(expected), "{value}");
        }
    }

    #[test]
    fn time_out_of_range_is_refused() {
        for value in [json!(0), json!(-0.5), json!(LATEST_SECONDS + 1), json!(253_402_214_400.5)] {
            assert_eq!(read(&value), None, "{value}");
        }
    }
}
