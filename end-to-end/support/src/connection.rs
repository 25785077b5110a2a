//! A bare TCP connection, for requests that a correct HTTP client cannot send.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Sends `bytes` to `address` and reads until the other side closes, or is silent for `patience`.
pub fn exchange(address: &str, bytes: &[u8], patience: Duration) -> Exchange {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(patience)).expect("a time-out");
    // The other side may refuse before it has read all.
    let _ = stream.write_all(bytes);
    let mut text = Vec::new();
    let mut buffer = [0; 4_096];
    let closed = loop {
        match stream.read(&mut buffer) {
            Ok(0) => break true,
            Ok(read) => text.extend_from_slice(&buffer[..read]),
            Err(error) => break error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    };
    let _ = stream.shutdown(Shutdown::Both);
    Exchange { text: String::from_utf8_lossy(&text).into_owned(), closed }
}

/// The other side's answer.
#[derive(Debug)]
pub struct Exchange {
    /// Everything that the other side sent.
    pub text: String,
    /// True if the other side closed the connection.
    pub closed: bool,
}

impl Exchange {
    /// The status codes of all answers, in order.
    pub fn statuses(&self) -> Vec<u16> {
        self.text
            .split("HTTP/1.1 ")
            .skip(1)
            .filter_map(|answer| answer.get(..3)?.parse().ok())
            .collect()
    }
}

/// A listener that only counts connections.
#[derive(Debug)]
pub struct Tripwire {
    /// The address on which it listens, as `HOST:PORT`.
    pub address: String,
    calls: Arc<AtomicUsize>,
}

impl Tripwire {
    /// Starts to listen.
    pub fn lay() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        std::thread::spawn(move || {
            for _caller in listener.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { address, calls }
    }

    /// The number of connections so far.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}
