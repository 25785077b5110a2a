//! Numbers in the form that a report shows.

/// Returns the number with commas: `1,000,000`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let parts = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    parts.collect::<Vec<_>>().join(",")
}

/// Returns the number with at least three significant digits.
pub fn shown(value: f64) -> String {
    match value {
        _ if value >= 100.0 => format!("{value:.0}"),
        _ if value >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Returns the median; of an even count, the lower of the two in the middle.
///
/// # Panics
///
/// There is no value.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[(values.len() - 1) / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_thousands() {
        assert_eq!([10, 1_000, 1_000_000].map(grouped), ["10", "1,000", "1,000,000"]);
    }

    #[test]
    fn small_numbers_have_decimals() {
        assert_eq!([0.754, 12.34, 69_351.4].map(shown), ["0.75", "12.3", "69351"]);
    }

    #[test]
    fn median_of_an_even_count_is_the_lower_one() {
        assert!((median(vec![4.0, 1.0, 3.0, 2.0]) - 2.0).abs() < f64::EPSILON);
    }
}
