//! The log: one readable line per event on standard error, times in UTC.
//!
//! Text from outside goes into fields (`field = %value`), and the formatter escapes it. Secrets
//! never go into a field.
//!
//! No response and no exit status depends on the log: a [`LogQueue`] is in front of standard error.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, IsTerminal, Write};
use std::panic::PanicHookInfo;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use signal_hook::consts::SIGXFSZ;
use signal_hook::flag;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::time::UtcTime;

use super::log_queue::LogQueue;

/// The default filter. The server library logs its threads at `info`.
const DEFAULT: &str = "info,actix_server=warn";

/// RFC 3339 with milliseconds, which is precise enough for people.
const TIMES: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// The most memory that queued lines take, in bytes.
const QUEUE_CAPACITY: usize = 4 * 1024 * 1024;

/// The longest wait for the reader of the log at the end of a process.
const FLUSH_LIMIT: Duration = Duration::from_secs(1);

static DROPPED_LINES: LazyLock<Counter> = LazyLock::new(Counter::default);

/// The queue of this process, from the first line on. It is `None` if its thread can't be started.
static QUEUE: OnceLock<Option<LogQueue>> = OnceLock::new();

fn queue() -> Option<&'static LogQueue> {
    let start = || LogQueue::start(io::stderr(), QUEUE_CAPACITY, DROPPED_LINES.clone()).ok();
    QUEUE.get_or_init(start).as_ref()
}

/// Starts the log of this process. `filter` is in the form of `RUST_LOG`.
pub fn start(filter: Option<&str>) {
    let filter = filter.and_then(|text| text.parse::<EnvFilter>().ok());
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|| EnvFilter::new(DEFAULT)))
        .with_timer(UtcTime::new(TIMES))
        .with_writer(|| QueueWriter)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        // The errors would bypass the queue, and cause a panic if standard error fails.
        .log_internal_errors(false)
        .try_init();
    // A second start in one process (a test) keeps the first log.
    if started.is_ok() {
        std::panic::set_hook(Box::new(log_panic));
        survive_file_size_limit();
    }
}

/// Makes a write beyond the limit of file sizes (`ulimit -f`) fail. By default it ends the process.
fn survive_file_size_limit() {
    if let Err(error) = flag::register(SIGXFSZ, Arc::default()) {
        tracing::warn!(%error, "a file size limit ends this process when a file reaches it");
    }
}

/// Registers the counter of the lost log lines.
pub(super) fn register_metrics(registry: &mut Registry) {
    registry.register(
        "signet_log_lines_dropped",
        "Log lines that were dropped because standard error did not take them",
        DROPPED_LINES.clone(),
    );
}

/// Waits until the log lines are written, for at most a second. A process calls it before its end.
pub fn flush() {
    if let Some(Some(queue)) = QUEUE.get() {
        queue.flush(FLUSH_LIMIT);
    }
}

/// Prints a line to standard error after the log lines. Waits until it is written, for at most a
/// second. A broken standard error is not a failure.
pub(super) fn print_line(line: &str) {
    let line = format!("{line}\n");
    if let Some(queue) = queue() {
        queue.push(line.as_bytes());
        queue.flush(FLUSH_LIMIT);
    } else {
        drop(io::stderr().write_all(line.as_bytes()));
    }
}

/// Logs a panic. The standard hook bypasses the queue, and a stopped reader blocks it.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    let location = panic.location().map(tracing::field::display);
    let cause = panic.payload_as_str().unwrap_or("not a text");
    let backtrace = Backtrace::capture();
    let captured = backtrace.status() == BacktraceStatus::Captured;
    // A text is escaped, so the event stays one line.
    let backtrace = captured.then(|| backtrace.to_string());
    tracing::error!(thread, location, cause, backtrace, "a thread panicked");
    // The panic may end the process, and no other code would flush the line.
    if thread == "main" {
        flush();
    }
}

/// Adds each event to the queue, as one line.
struct QueueWriter;

impl Write for QueueWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match queue() {
            Some(queue) => queue.push(line),
            None => _ = DROPPED_LINES.inc(),
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
#[path = "telemetry_tests.rs"]
mod tests;
