//! Where the built programs lie. Cargo gives a test the path of binaries of its own package only,
//! so the way starts at the test's own executable.

use std::path::PathBuf;

/// The issuer's program.
pub fn auth_service() -> PathBuf {
    built("auth-service")
}

/// The guard's program.
pub fn api_service() -> PathBuf {
    built("api-service")
}

/// The example of a third service.
pub fn orders() -> PathBuf {
    built("examples/orders")
}

/// The target directory.
pub fn target() -> PathBuf {
    profile().parent().expect("a profile lies in a target").to_owned()
}

fn built(name: &str) -> PathBuf {
    let program = profile().join(name);
    assert!(
        program.is_file(),
        "{} is missing. Build it first: cargo build --workspace --all-features --all-targets",
        program.display()
    );
    program
}

/// The folder that this build's programs lie in: target/PROFILE. A test lies in its `deps`, a drill
/// in itself.
fn profile() -> PathBuf {
    let own = std::env::current_exe().expect("the path of the running program");
    let folder = own.parent().expect("a program lies in a folder");
    let profile = if folder.ends_with("deps") { folder.parent() } else { Some(folder) };
    profile.expect("a folder of a target").to_owned()
}
