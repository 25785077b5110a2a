//! One line for each event of the log, as text or as a JSON object.
//!
//! All values pass [`Fields`], so every value is cut, and no call of `tracing` can forget it. The
//! formats of `tracing-subscriber` cut nothing.

use std::error::Error;
use std::fmt::{self, Debug, Write as _};

use serde_json::{Map, Value};
use signet_contract::clock::{Clock, SystemClock};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::log_settings::LogFormat;

/// RFC 3339 with milliseconds, which is precise enough for people.
const TIMES: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// The most bytes of a value, with the mark of the cut.
const LONGEST_VALUE: usize = 200;

/// The most bytes of a message. Messages are texts of the code and of settings.
const LONGEST_MESSAGE: usize = 2_000;

/// The mark of a cut.
const MARK: &str = "…";

/// The field with the backtrace of a panic, which is not cut. No caller chooses the name of a field.
pub(super) const BACKTRACE: &str = "backtrace";

/// Writes each event as one line. The fields of the spans around an event follow its own.
pub(super) struct LineLayer<W> {
    pub(super) format: LogFormat,
    /// True if a terminal shows the lines.
    pub(super) colours: bool,
    pub(super) write: W,
}

impl<S, W> Layer<S> for LineLayer<W>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: Fn(&str) + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(around) = span.extensions().get::<Fields>() {
                fields.values.extend(around.values.iter().cloned());
            }
        }
        (self.write)(&fields.line(self.format, self.colours, *event.metadata().level()));
    }
}

/// Returns a line without fields.
pub(super) fn plain_line(format: LogFormat, level: Level, message: &str) -> String {
    Fields { message: message.to_owned(), values: Vec::new() }.line(format, false, level)
}

/// The message and the fields of an event or a span.
#[derive(Default)]
struct Fields {
    message: String,
    values: Vec<(&'static str, Value)>,
}

impl Fields {
    fn line(self, format: LogFormat, colours: bool, level: Level) -> String {
        match format {
            LogFormat::Text => self.text(now(), colours, level),
            LogFormat::Json => self.json(now(), level),
        }
    }

    fn text(self, time: String, colours: bool, level: Level) -> String {
        let mut line = time;
        let (before, after) = if colours { (colour(level), "\u{1b}[0m") } else { ("", "") };
        // Writing to a text does not fail.
        let _ = write!(line, " {before}{level:>5}{after} ");
        push_escaped(&mut line, &self.message);
        for (name, value) in self.values {
            let _ = write!(line, " {name}=");
            match value {
                Value::String(text) if is_bare(&text) => line.push_str(&text),
                Value::String(text) => _ = write!(line, "{text:?}"),
                number => _ = write!(line, "{number}"),
            }
        }
        line.push('\n');
        line
    }

    fn json(self, time: String, level: Level) -> String {
        let mut object = Map::new();
        object.insert("timestamp".into(), time.into());
        object.insert("level".into(), level.as_str().into());
        object.insert("message".into(), self.message.into());
        for (name, value) in self.values {
            // A name that stands twice would be an error to some readers.
            object.entry(name).or_insert(value);
        }
        let mut line = String::new();
        // JSON need not escape all control characters, and a terminal may obey the rest.
        for c in Value::from(object).to_string().chars() {
            match c {
                '\u{7f}'..='\u{9f}' => _ = write!(line, "\\u{:04x}", u32::from(c)),
                c => line.push(c),
            }
        }
        line.push('\n');
        line
    }

    fn add(&mut self, field: &Field, value: Value) {
        // The source of a line of the crate `log`.
        if !field.name().starts_with("log.") {
            self.values.push((field.name(), value));
        }
    }

    fn add_text(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        match field.name() {
            "message" => self.message = cut(LONGEST_MESSAGE, value),
            BACKTRACE => self.add(field, value.to_string().into()),
            _ => self.add(field, cut(LONGEST_VALUE, value).into()),
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add_text(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add_text(field, format_args!("{value}"));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.add_text(field, format_args!("{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value.into());
    }
}

fn now() -> String {
    let now: OffsetDateTime = SystemClock.now();
    now.format(TIMES).unwrap_or_default()
}

fn colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\u{1b}[31m",
        Level::WARN => "\u{1b}[33m",
        Level::INFO => "\u{1b}[32m",
        Level::DEBUG => "\u{1b}[34m",
        Level::TRACE => "\u{1b}[35m",
    }
}

/// Returns true if a value needs no quotes.
fn is_bare(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'=');
    !text.is_empty() && text.bytes().all(plain)
}

/// Adds a text. Characters that could forge a line or change a terminal are escaped.
fn push_escaped(line: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '"' | '\'' | '\\' => line.push(c),
            _ => line.extend(c.escape_debug()),
        }
    }
}

/// Formats a value, cut to at most `most` bytes. A longer value is not formatted to its end.
fn cut(most: usize, value: fmt::Arguments<'_>) -> String {
    let mut cut = Cut { most, text: String::new() };
    if cut.write_fmt(value).is_err() {
        cut.text.truncate(cut.text.floor_char_boundary(most - MARK.len()));
        cut.text.push_str(MARK);
    }
    cut.text
}

/// A text that accepts at most `most` bytes. The write that exceeds them fails.
struct Cut {
    most: usize,
    text: String,
}

impl fmt::Write for Cut {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.most - self.text.len();
        if text.len() <= room {
            self.text.push_str(text);
            return Ok(());
        }
        self.text.push_str(&text[..text.floor_char_boundary(room)]);
        Err(fmt::Error)
    }
}

#[cfg(test)]
#[path = "log_line_tests.rs"]
mod tests;
