//! The queue between the code that logs and the descriptor of the log.
//!
//! The code that logs only adds a line in memory. One thread writes it. So a slow, stopped or
//! broken reader of the log delays no request and changes no response. A line is dropped and
//! counted if the queue is full or the write fails.
//!
//! `tracing-appender` has such a queue, too. It limits lines and not bytes, counts no failed write,
//! and prints to standard output if its shutdown takes too long.

use std::collections::VecDeque;
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, write};

/// The memory of a queued line in addition to its text, in bytes.
const LINE_COST: usize = 48;

/// A bounded queue of lines with one thread that writes them.
#[derive(Debug, Clone)]
pub(super) struct LogQueue(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// The largest size of the queue, in bytes.
    capacity: usize,
    dropped: Counter,
    state: Mutex<State>,
    /// Wakes the writer.
    line_queued: Condvar,
    /// Wakes the threads in [`LogQueue::flush`].
    line_finished: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<Vec<u8>>,
    /// The cost of the queued lines, and of the line that is being written.
    bytes: usize,
    /// The number of all lines that were queued.
    queued: u64,
    /// The number of lines that were written, or dropped after a failed write.
    finished: u64,
    /// The number of threads that wait in [`LogQueue::flush`].
    flushing: usize,
}

impl LogQueue {
    /// Starts the thread that writes to `descriptor`. `dropped` counts the lost lines.
    pub(super) fn start<D>(
        descriptor: D,
        capacity: usize,
        dropped: Counter,
    ) -> std::io::Result<Self>
    where
        D: AsFd + Send + 'static,
    {
        let state = Mutex::default();
        let (line_queued, line_finished) = Default::default();
        let shared = Arc::new(Shared { capacity, dropped, state, line_queued, line_finished });
        let writer = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("log".into())
            .spawn(move || writer.write_lines(Sink { descriptor, torn: false }))?;
        Ok(Self(shared))
    }

    /// Queues a line. Drops and counts it if the queue is full. Never blocks on the descriptor.
    pub(super) fn push(&self, line: &[u8]) {
        let cost = line.len().saturating_add(LINE_COST);
        let line = line.to_vec();
        let mut state = self.0.lock();
        if state.bytes.saturating_add(cost) > self.0.capacity {
            drop(state);
            self.0.dropped.inc();
            return;
        }
        // The writer checks the queue before it waits, so only the first line has to wake it.
        let wakes_writer = state.lines.is_empty();
        state.lines.push_back(line);
        state.bytes += cost;
        state.queued += 1;
        drop(state);
        if wakes_writer {
            self.0.line_queued.notify_one();
        }
    }

    /// Waits until the lines queued so far are written or dropped, for at most `limit`. Returns
    /// `false` if `limit` ends the wait.
    pub(super) fn flush(&self, limit: Duration) -> bool {
        let mut state = self.0.lock();
        let goal = state.queued;
        state.flushing += 1;
        let (mut state, waited) = self
            .0
            .line_finished
            .wait_timeout_while(state, limit, |state| state.finished < goal)
            .unwrap_or_else(PoisonError::into_inner);
        state.flushing -= 1;
        !waited.timed_out()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_lines<D: AsFd>(&self, mut sink: Sink<D>) {
        loop {
            let line = self.next_line();
            if sink.write_line(&line).is_err() {
                self.dropped.inc();
            }
            let mut state = self.lock();
            state.bytes -= line.len() + LINE_COST;
            state.finished += 1;
            if state.flushing > 0 {
                self.line_finished.notify_all();
            }
        }
    }

    fn next_line(&self) -> Vec<u8> {
        let mut state = self.lock();
        loop {
            if let Some(line) = state.lines.pop_front() {
                return line;
            }
            state = self.line_queued.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The descriptor. It does not use the lock of `std::io::stderr`, because a blocked write would
/// hold that lock against all other threads.
struct Sink<D> {
    descriptor: D,
    /// True if the last write ended within a line, as on a disk that becomes full.
    torn: bool,
}

impl<D: AsFd> Sink<D> {
    fn write_line(&mut self, line: &[u8]) -> rustix::io::Result<()> {
        if self.torn {
            self.write_all(b"\n")?;
            self.torn = false;
        }
        self.write_all(line)
    }

    fn write_all(&mut self, bytes: &[u8]) -> rustix::io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match write(&self.descriptor, rest) {
                Ok(0) => return Err(Errno::IO),
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(Errno::INTR) => {}
                // Waits for a non-blocking descriptor. A blocking one waits in `write`.
                Err(Errno::AGAIN) => self.wait_until_writable()?,
                Err(error) => {
                    self.torn |= rest.len() < bytes.len();
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn wait_until_writable(&self) -> rustix::io::Result<()> {
        match poll(&mut [PollFd::new(&self.descriptor, PollFlags::OUT)], None) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
#[path = "log_queue_tests.rs"]
mod tests;
