//! The memory of a hash after its work. The only test of its process, since it reads the memory of
//! the whole process.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a file of proc_pid_status(5)")]

use auth_crypto::hashing::hash;

/// Returns the resident memory of this process in KiB.
fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn memory_of_a_hash_goes_back_to_the_system() {
    let before = resident_kib();
    // The allocator learns from the first release, so the second one counts.
    for _ in 0..2 {
        hash(b"password").unwrap();
    }
    let kept = resident_kib().saturating_sub(before);
    assert!(kept < 4 * 1024, "{kept} KiB stay");
}
