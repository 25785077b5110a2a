//! One job for a hashing thread, and the channel for its result.

use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::argon2id::{HashError, Memory, Verified, hash_in};
use super::scheme::verify_in;

/// A password to hash or to verify.
pub(super) enum Job {
    /// Makes a hash.
    Hash { password: Zeroizing<Vec<u8>>, result: oneshot::Sender<Result<String, HashError>> },
    /// Verifies a password.
    Verify {
        password: Zeroizing<Vec<u8>>,
        phc: String,
        result: oneshot::Sender<Result<Verified, HashError>>,
    },
}

impl Job {
    /// Does the work and sends the result, unless the caller has gone.
    pub(super) fn run(self, memory: &mut Memory) {
        // A send fails if the caller has gone. Then the result is not needed.
        match self {
            Self::Hash { password, result } => {
                if !result.is_closed() {
                    let _ = result.send(hash_in(memory, &password));
                }
            }
            Self::Verify { password, phc, result } => {
                if !result.is_closed() {
                    let _ = result.send(verify_in(memory, &password, &phc));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abandoned_job_is_not_hashed() {
        let job = || {
            let (result, done) = oneshot::channel();
            (Job::Hash { password: Zeroizing::new(b"a password".to_vec()), result }, done)
        };
        let mut memory = Memory::default();
        let (abandoned, done) = job();
        drop(done);
        abandoned.run(&mut memory);
        assert!(!memory.held());

        let (wanted, mut done) = job();
        wanted.run(&mut memory);
        assert!(memory.held() && done.try_recv().unwrap().is_ok());
    }
}
