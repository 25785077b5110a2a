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
    let test = std::env::current_exe().expect("the path of the running test");
    // target/PROFILE/deps/TEST
    test.ancestors().nth(3).expect("a test lies three folders below the target's").to_owned()
}

fn built(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the path of the running test");
    // target/PROFILE/deps/TEST
    let profile = test.ancestors().nth(2).expect("a test lies two folders below the profile's");
    let program = profile.join(name);
    assert!(
        program.is_file(),
        "{} is missing. Build it first: cargo build --workspace --bins && \
         cargo build -p shared --all-features --examples",
        program.display()
    );
    program
}
