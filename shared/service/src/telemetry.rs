//! The log: one line per event on standard error, as text or JSON, times in UTC.
//!
//! Text from outside never goes into a message. In a field (`field = %value`) it is escaped and cut.
//! Secrets, and texts that a stranger typed, go into neither.
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
use tracing::Level;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::log_line::{BACKTRACE, LineLayer, plain_line};
use super::log_queue::LogQueue;
use super::log_settings::{LogFormat, LogSettings};

/// The most memory that queued lines take, in bytes.
const QUEUE_CAPACITY: usize = 4 * 1024 * 1024;

/// The longest wait for the reader of the log at the end of a process.
const FLUSH_LIMIT: Duration = Duration::from_secs(1);

static DROPPED_LINES: LazyLock<Counter> = LazyLock::new(Counter::default);

/// The queue of this process, from the first line on. It is `None` if its thread can't be started.
static QUEUE: OnceLock<Option<LogQueue>> = OnceLock::new();

/// The format of this process, from the start of the log on.
static FORMAT: OnceLock<LogFormat> = OnceLock::new();

fn queue() -> Option<&'static LogQueue> {
    let start = || LogQueue::start(io::stderr(), QUEUE_CAPACITY, DROPPED_LINES.clone()).ok();
    QUEUE.get_or_init(start).as_ref()
}

/// Starts the log of this process.
pub fn start(settings: &LogSettings) {
    let format = settings.format;
    let colours = format == LogFormat::Text && io::stderr().is_terminal();
    let started = tracing_subscriber::registry()
        .with(settings.filter.directives())
        .with(LineLayer { format, colours, write: queue_line })
        .try_init();
    // A second start in one process (a test) keeps the first log.
    if started.is_ok() {
        let _ = FORMAT.set(format);
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

/// Prints a line to standard error after the log lines, as an error of the log if that is JSON. Waits
/// until it is written, for at most a second. A broken standard error is not a failure.
pub(super) fn print_line(line: &str) {
    let line = match FORMAT.get() {
        Some(LogFormat::Json) => plain_line(LogFormat::Json, Level::ERROR, line),
        _ => format!("{line}\n"),
    };
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
    tracing::error!(thread, location, cause, { BACKTRACE } = backtrace, "a thread panicked");
    // The panic may end the process, and no other code would flush the line.
    if thread == "main" {
        flush();
    }
}

/// Adds a line to the queue.
fn queue_line(line: &str) {
    match queue() {
        Some(queue) => queue.push(line.as_bytes()),
        None => _ = DROPPED_LINES.inc(),
    }
}

#[cfg(test)]
#[path = "telemetry_tests.rs"]
mod tests;
