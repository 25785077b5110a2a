//! The way between a guard and the issuer: it passes bytes on, or swallows them as a broken network
//! does. Nobody is told of the break: connections stay open and nothing comes through.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// A way that can be cut.
#[derive(Debug, Clone)]
pub struct Tunnel {
    /// The address to call instead of the issuer's.
    pub url: String,
    valve: Arc<Valve>,
}

/// Whether anything passes, and who waits until something does.
#[derive(Debug, Default)]
struct Valve {
    cut: Mutex<bool>,
    changed: Condvar,
}

impl Tunnel {
    /// An open way to `upstream` (`HOST:PORT`).
    pub fn to(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let valve = Arc::new(Valve::default());
        let (upstream, shared) = (upstream.to_owned(), Arc::clone(&valve));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (upstream, valve) = (upstream.clone(), Arc::clone(&shared));
                std::thread::spawn(move || valve.join(client, &upstream));
            }
        });
        Self { url, valve }
    }

    /// Nothing passes from now on.
    pub fn cut(&self) {
        self.set(true);
    }

    /// Everything passes again, what was held back first.
    pub fn heal(&self) {
        self.set(false);
    }

    fn set(&self, cut: bool) {
        *self.valve.cut.lock().unwrap_or_else(PoisonError::into_inner) = cut;
        self.valve.changed.notify_all();
    }
}

impl Valve {
    /// Waits while the way is cut.
    fn pass(&self) {
        let mut cut = self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        while *cut {
            cut = self.changed.wait(cut).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Joins both ends until one of them closes. An end that breaks is the services' to notice.
    fn join(self: Arc<Self>, client: TcpStream, upstream: &str) -> Option<()> {
        self.pass();
        let issuer = TcpStream::connect(upstream).ok()?;
        // What passes is small and waited for.
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
