//! Printing. A reader that goes away early, such as `head`, ends a command quietly.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use shared::service::failure::Failure;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Prints text and a line end.
pub(super) fn line(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format_args!("can't write the output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints JSON for programs.
pub(super) fn json(value: &impl Serialize) -> Result<(), Failure> {
    line(&serde_json::to_string_pretty(value).map_err(Failure::failed)?)
}

/// Prints a table for people. What came from outside can't move their cursor.
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

fn printable(cell: &str) -> String {
    cell.chars().map(|c| if c.is_control() || reorders(c) { '\u{fffd}' } else { c }).collect()
}

/// Whether a terminal would show the characters that follow in another order (Unicode UAX #9).
fn reorders(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A time as people and programs read it (RFC 3339, UTC).
pub(super) fn time(at: OffsetDateTime) -> String {
    let whole = at.replace_nanosecond(0).unwrap_or(at);
    whole.format(&Rfc3339).unwrap_or_default()
}

/// The same to the microsecond, for what takes milliseconds.
pub(super) fn exact_time(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}
