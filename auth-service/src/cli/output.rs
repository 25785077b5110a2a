//! Tables and times for people.

use comfy_table::{ContentArrangement, Table, presets};
use icu_properties::props::{BidiControl, BinaryProperty as _};
use signet_service::failure::Failure;
pub(super) use signet_service::output::{json, line};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Prints a table for people. Data from outside can't move the cursor.
pub(super) fn table(
    header: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Result<(), Failure> {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header.to_vec());
    for row in rows {
        table.add_row(row.into_iter().map(|cell| printable(&cell)).collect::<Vec<_>>());
    }
    line(&table.trim_fmt())
}

/// Replaces control characters, and characters that change the display order of the text after them
/// (Unicode UAX #9).
fn printable(cell: &str) -> String {
    let misleads = |c: char| c.is_control() || BidiControl::for_char(c);
    cell.chars().map(|c| if misleads(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Formats a time to the second (RFC 3339, UTC).
pub(super) fn time(at: OffsetDateTime) -> String {
    let whole = at.replace_nanosecond(0).unwrap_or(at);
    whole.format(&Rfc3339).unwrap_or_default()
}

/// Formats a time to the microsecond, for events that take milliseconds.
pub(super) fn exact_time(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}
