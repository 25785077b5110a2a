//! No core dumps: an image of the memory would hold keys, tokens and passwords, in a file that nobody
//! looks after.

use rustix::process::{Resource, Rlimit, setrlimit};

/// Lets no crash of this process, or of one that it starts, leave an image of its memory.
pub fn forbid() {
    // The hard limit too, so that nothing raises it again. Lowering one is refused to nobody.
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let _ = setrlimit(Resource::Core, none);
}
