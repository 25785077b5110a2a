//! Disables core dumps: a memory image would hold keys, tokens and passwords in a file that no
//! operator manages.

use rustix::process::{Resource, Rlimit, setrlimit};

/// Disables core dumps for this process and for the processes that it starts.
pub fn forbid() {
    // Lowers the hard limit, too: no code can raise it again. A process may always lower it.
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let _ = setrlimit(Resource::Core, none);
}
