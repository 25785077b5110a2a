//! Many connections that send one kind of request again and again, to test the service's answers to
//! other callers meanwhile.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crate::poll;

/// The longest wait for an answer, so that a flood ends.
const PATIENCE: Duration = Duration::from_mins(1);

/// A flood under way. It ends when it is dropped.
#[derive(Debug)]
pub struct Flood {
    counts: Arc<Counts>,
    connections: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Counts {
    ended: AtomicBool,
    sent: AtomicUsize,
    statuses: Mutex<Vec<u16>>,
}

impl Flood {
    /// Opens `connections` to `address`. Each one sends the requests that `make` builds from the
    /// number of the request.
    pub fn start(
        address: &str,
        connections: usize,
        make: impl Fn(usize) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        let counts = Arc::new(Counts {
            ended: AtomicBool::new(false),
            sent: AtomicUsize::new(0),
            statuses: Mutex::default(),
        });
        let make = Arc::new(make);
        let connection = |_| {
            let (counts, make, address) = (counts.clone(), make.clone(), address.to_owned());
            let flood = move || {
                while !counts.ended.load(Ordering::SeqCst) {
                    counts.send_until_closed(&address, &*make);
                }
            };
            // There are hundreds of threads, so each gets a small stack.
            Builder::new().stack_size(128 * 1024).spawn(flood).expect("a thread")
        };
        let connections = (0..connections).map(connection).collect();
        Self { counts, connections }
    }

    /// Returns the number of answers with this status so far.
    pub fn answers(&self, status: u16) -> usize {
        let statuses = self.counts.statuses.lock().expect("the statuses");
        statuses.iter().filter(|seen| **seen == status).count()
    }

    /// Waits until `count` answers have this status.
    #[track_caller]
    pub fn wait_for(&self, status: u16, count: usize) {
        let what = format!("{count} answers {status} to a flood");
        poll::until(&what, PATIENCE, || self.answers(status) >= count);
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.counts.ended.store(true, Ordering::SeqCst);
        for connection in self.connections.drain(..) {
            let _ = connection.join();
        }
    }
}

impl Counts {
    fn send_until_closed(&self, address: &str, make: impl Fn(usize) -> Vec<u8>) {
        // A refusal by a full backlog is not an answer of the service.
        let Ok(mut stream) = TcpStream::connect(address) else { return poll::pause() };
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        let mut answers = BufReader::new(stream.try_clone().expect("a second handle"));
        while !self.ended.load(Ordering::SeqCst) {
            let request = make(self.sent.fetch_add(1, Ordering::SeqCst));
            if stream.write_all(&request).is_err() {
                return;
            }
            let Some(status) = status_of_answer(&mut answers) else { return };
            self.statuses.lock().expect("the statuses").push(status);
            if status == 503 {
                // The test is about places in a queue. Refusals at full speed would measure the
                // processor.
                poll::pause();
            }
        }
    }
}

/// Reads one answer to its end; returns its status, or nothing if the connection ends first.
fn status_of_answer(answers: &mut impl BufRead) -> Option<u16> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if answers.read_until(b'\n', &mut head).ok()? == 0 {
            return None;
        }
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length = length.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    answers.read_exact(&mut body).ok()?;
    head.split(' ').nth(1)?.parse().ok()
}
