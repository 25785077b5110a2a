//! Free ports for the processes under test.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Mutex;

use uuid::Uuid;

/// Below the range from which the kernel takes the ports of outgoing connections.
const RANGE: std::ops::Range<u16> = 10_000..32_000;

/// Locks on this process's ports, one file each. A process under test leaves its port free while
/// it is stopped, and another test, in a process of its own, must not be given it meanwhile.
static HELD: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// A port of the loopback address on which nothing listens, and which no other test is given
/// while this one runs.
pub fn free() -> u16 {
    let folder = std::env::temp_dir().join("signet-test-ports");
    fs::create_dir_all(&folder).expect("a folder for the locks");
    for _ in 0..1_000 {
        let (random, _) = Uuid::new_v4().as_u64_pair();
        let port = u16::try_from(random % u64::from(RANGE.end - RANGE.start)).unwrap_or(0);
        let port = RANGE.start + port;
        let lock = File::create(folder.join(port.to_string())).expect("a lock file");
        if lock.try_lock().is_ok() && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            HELD.lock().expect("no test panics while it holds this").push(lock);
            return port;
        }
    }
    panic!("no free port among a thousand tries")
}
