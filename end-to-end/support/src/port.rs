//! Free ports for the processes under test.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Mutex;

use socket2::{Domain, Protocol, Socket, Type};
use uuid::Uuid;

/// The range is below the ports that the kernel gives to outgoing connections by default.
const RANGE: std::ops::Range<u16> = 10_000..32_000;

/// The ports that this process holds. A process under test leaves its port free before it starts
/// and while it is stopped; no other process may get the port meanwhile.
static HELD: Mutex<Vec<Held>> = Mutex::new(Vec::new());

/// A port that is held.
#[derive(Debug)]
struct Held {
    /// The lock against other test processes.
    _lock: File,
    /// Bound but not listening, so that the kernel gives the port to no outgoing connection. A
    /// server that binds the port by number with address reuse can still listen on it.
    _socket: Option<Socket>,
}

/// Returns a port of the loopback address on which nothing listens. No other test gets it while
/// this one runs.
pub fn free() -> u16 {
    let folder = std::env::temp_dir().join("signet-test-ports");
    fs::create_dir_all(&folder).expect("a folder for the locks");
    for _ in 0..1_000 {
        let (random, _) = Uuid::new_v4().as_u64_pair();
        let port = u16::try_from(random % u64::from(RANGE.end - RANGE.start)).unwrap_or(0);
        let port = RANGE.start + port;
        let lock = File::create(folder.join(port.to_string())).expect("a lock file");
        if lock.try_lock().is_err() {
            continue;
        }
        if let Ok(socket) = bound(port) {
            // Systems other than Linux refuse a second bind, with or without reuse.
            let socket = Some(socket).filter(|_| cfg!(target_os = "linux"));
            let held = Held { _lock: lock, _socket: socket };
            HELD.lock().expect("no test panics while it holds this").push(held);
            return port;
        }
    }
    panic!("no free port among a thousand tries")
}

fn bound(port: u16) -> std::io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn reserved_port_can_be_reused_after_each_close() {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free()));
        for _ in 0..2 {
            let refused = TcpStream::connect(address).expect_err("nobody listens");
            assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
            let listener = TcpListener::bind(address).expect("listened on");
            TcpStream::connect(address).expect("connected");
            assert!(bound(address.port()).is_err(), "it is taken");
            drop(listener);
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn free_port_is_unique_and_outside_the_outgoing_range() {
        let port = free();
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).expect("made");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let taken = socket.bind(&address.into()).expect_err("without reuse it is taken");
        assert_eq!(taken.kind(), std::io::ErrorKind::AddrInUse);
    }
}
