//! The spelling of a duration in settings, such as `10s` or `24h`.

use std::time::Duration;

/// Returns a parser of durations such as `15s`, `5m`, `2h` or `90d`, from `least` to `most`. The
/// error continues the sentence "the value …".
pub fn duration(
    least: Duration,
    most: Duration,
) -> impl Fn(&str) -> Result<Duration, String> + Clone + Send + Sync + 'static {
    move |value: &str| {
        let parsed = parse(value).ok_or("is not a duration")?;
        if parsed < least || parsed > most {
            return Err(format!(
                "is not from {} to {} seconds long",
                least.as_secs(),
                most.as_secs()
            ));
        }
        Ok(parsed)
    }
}

fn parse(value: &str) -> Option<Duration> {
    let (digits, seconds) = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)]
        .iter()
        .find_map(|(unit, seconds)| Some((value.strip_suffix(unit)?, *seconds)))?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u64>().ok()?.checked_mul(seconds).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_whole_number_and_one_unit() {
        let parse = duration(Duration::ZERO, Duration::from_secs(u64::MAX));
        for (value, seconds) in [("15s", 15), ("5m", 300), ("2h", 7_200), ("90d", 7_776_000)] {
            assert_eq!(parse(value), Ok(Duration::from_secs(seconds)), "{value}");
        }
        for value in
            ["", "5", "m", "1.5h", "-1s", "+1s", "5 m", "5M", "1h30m", "99999999999999999d"]
        {
            assert!(parse(value).is_err(), "{value}");
        }
    }

    #[test]
    fn a_duration_out_of_bounds_is_refused() {
        let parse = duration(Duration::from_secs(5), Duration::from_mins(1));
        assert!(parse("4s").is_err() && parse("61s").is_err());
        assert!(parse("5s").is_ok() && parse("1m").is_ok());
    }
}
