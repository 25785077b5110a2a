//! The paths of the built programs. Cargo gives a test the paths of its own package's binaries
//! only, so this module starts from the path of the running executable.

use std::path::PathBuf;

/// The issuer's program.
pub fn auth_service() -> PathBuf {
    built("auth-service")
}

/// The guard's program.
pub fn api_service() -> PathBuf {
    built("api-service")
}

/// The service of the benchmarks.
pub fn bench_service() -> PathBuf {
    built("bench-service")
}

/// The program with the work for counting instructions.
pub fn fixed_work() -> PathBuf {
    built("fixed-work")
}

/// An example of signet-guard, by the name of its framework.
pub fn example(framework: &str) -> PathBuf {
    built(&format!("examples/{framework}"))
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

/// The folder of this build's programs: target/PROFILE. A test is in its `deps`, a drill in the
/// folder itself.
fn profile() -> PathBuf {
    let own = std::env::current_exe().expect("the path of the running program");
    let folder = own.parent().expect("a program lies in a folder");
    let profile = if folder.ends_with("deps") { folder.parent() } else { Some(folder) };
    profile.expect("a folder of a target").to_owned()
}
