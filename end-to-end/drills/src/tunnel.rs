//! A connection between a guard and the issuer that passes bytes on, or holds them back as a broken
//! network does. Neither side sees the break: connections stay open, but no bytes arrive.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// A tunnel that can be cut.
#[derive(Debug, Clone)]
pub struct Tunnel {
    /// The address to call instead of the issuer's.
    pub url: String,
    valve: Arc<Valve>,
    connections: Arc<AtomicUsize>,
}

/// The state of the tunnel; waiting threads are notified of a change.
#[derive(Debug, Default)]
struct Valve {
    cut: Mutex<bool>,
    changed: Condvar,
}

impl Tunnel {
    /// Opens a tunnel to `upstream` (`HOST:PORT`).
    pub fn to(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let valve = Arc::new(Valve::default());
        let (upstream, shared) = (upstream.to_owned(), Arc::clone(&valve));
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::SeqCst);
                let (upstream, valve) = (upstream.clone(), Arc::clone(&shared));
                std::thread::spawn(move || valve.join(client, &upstream));
            }
        });
        Self { url, valve, connections }
    }

    /// Returns the number of connections so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Stops all bytes from now on.
    pub fn cut(&self) {
        self.set(true);
    }

    /// Lets bytes pass again, those that were held back first.
    pub fn heal(&self) {
        self.set(false);
    }

    fn set(&self, cut: bool) {
        *self.valve.cut.lock().unwrap_or_else(PoisonError::into_inner) = cut;
        self.valve.changed.notify_all();
    }
}

impl Valve {
    /// Waits while the tunnel is cut.
    fn pass(&self) {
        let mut cut = self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        while *cut {
            cut = self.changed.wait(cut).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Joins both ends until one of them closes. Broken connections are for the services to detect.
    fn join(self: Arc<Self>, client: TcpStream, upstream: &str) -> Option<()> {
        self.pass();
        let issuer = TcpStream::connect(upstream).ok()?;
        // The messages are small and awaited, so they must not be delayed.
        client.set_nodelay(true).ok()?;
        issuer.set_nodelay(true).ok()?;
        let (from, to) = (client.try_clone().ok()?, issuer.try_clone().ok()?);
        let other = Arc::clone(&self);
        std::thread::spawn(move || other.copy(from, to));
        self.copy(issuer, client);
        Some(())
    }

    fn copy(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = [0; 16_384];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            self.pass();
            if to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        self.pass();
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }
}
