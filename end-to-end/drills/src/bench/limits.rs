//! The limits of the machine: what the same cryptography and the same commits cost without a
//! service around them.

use std::hint::black_box;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
    RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use diesel::connection::SimpleConnection;
use diesel::{Connection, RunQueryDsl, SqliteConnection, sql_query};

/// A text as long as the signed part of an access token.
const SIGNED: [u8; 640] = [b'a'; 640];

/// Runs a work on every core for `time`. `prepare` makes the work of one thread. Returns the works
/// per second of all threads together.
pub fn on_all_cores<W: FnMut()>(time: Duration, prepare: impl Fn() -> W + Sync) -> f64 {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let done = AtomicU64::new(0);
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                let mut work = prepare();
                while began.elapsed() < time {
                    work();
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    done.into_inner() as f64 / began.elapsed().as_secs_f64()
}

/// A key pair that was parsed once.
#[derive(Debug)]
pub struct Signer(KeyPair);

impl Signer {
    /// Makes a key pair of 2,048 or 4,096 bits.
    pub fn new(bits: u32) -> Self {
        let size = if bits == 2_048 { KeySize::Rsa2048 } else { KeySize::Rsa4096 };
        Self(KeyPair::generate(size).expect("a key pair"))
    }

    /// Signs as RS256 (RFC 8017 §8.2.1).
    pub fn sign(&self, text: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        let signed = self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature);
        signed.expect("a signature");
        signature
    }

    /// Returns the public key, parsed once.
    pub fn public_key(&self) -> ParsedPublicKey {
        let numbers = self.0.public_key();
        let key = RsaPublicKeyComponents {
            n: numbers.modulus().big_endian_without_leading_zero(),
            e: numbers.exponent().big_endian_without_leading_zero(),
        };
        key.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).expect("a key")
    }

    /// The signatures per second on all cores.
    pub fn signatures(&self, time: Duration) -> f64 {
        on_all_cores(time, || || drop(black_box(self.sign(&SIGNED))))
    }
}

/// One thread's argon2id, with the parameters of the issuer and working memory that stays.
struct Hasher(Argon2<'static>, Vec<Block>);

impl Hasher {
    fn new() -> Self {
        let params = Params::new(19_456, 2, 1, Some(32)).expect("parameters");
        let memory = vec![Block::default(); params.block_count()];
        Self(Argon2::new(Algorithm::Argon2id, Version::V0x13, params), memory)
    }

    fn hash(&mut self) {
        let mut output = [0; 32];
        let Self(argon2, memory) = self;
        argon2
            .hash_password_into_with_memory(
                b"correct horse",
                b"sixteen bytes ..",
                &mut output,
                memory,
            )
            .expect("a hash");
        black_box(output);
    }
}

/// Returns the argon2id hash of a password as a PHC string, as the issuer stores it.
pub fn password_hash(password: &str) -> String {
    let Hasher(argon2, _) = Hasher::new();
    let salt = b"sixteen bytes ..";
    let mut output = [0; 32];
    argon2.hash_password_into(password.as_bytes(), salt, &mut output).expect("a hash");
    let [salt, output] = [&salt[..], &output].map(|bytes| STANDARD_NO_PAD.encode(bytes));
    format!("$argon2id$v=19$m=19456,t=2,p=1${salt}${output}")
}

/// The hashes per second on all cores, each with a signature of `signer`.
pub fn log_ins(signer: &Signer, time: Duration) -> f64 {
    on_all_cores(time, || {
        let mut hasher = Hasher::new();
        move || {
            hasher.hash();
            black_box(signer.sign(&SIGNED));
        }
    })
}

/// A SQLite file with the issuer's settings for durability.
pub struct Commits(Mutex<SqliteConnection>);

impl std::fmt::Debug for Commits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Commits")
    }
}

impl Commits {
    /// Creates the file in `folder`.
    pub fn new(folder: &Path) -> Self {
        let file = folder.join("commits.db");
        let mut connection =
            SqliteConnection::establish(&file.to_string_lossy()).expect("a database");
        connection
            .batch_execute(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                 CREATE TABLE rows (id INTEGER PRIMARY KEY, body TEXT NOT NULL);",
            )
            .expect("a table");
        Self(Mutex::new(connection))
    }

    /// Inserts a row of 200 bytes in a transaction of its own, which is on the disk at the end.
    pub fn commit(&self) {
        let mut connection = self.0.lock().expect("no thread panics while it holds this");
        sql_query("INSERT INTO rows (body) VALUES (hex(zeroblob(100)))")
            .execute(&mut *connection)
            .expect("a row");
    }

    /// The hashes per second on all cores, each with a commit.
    pub fn sign_ups(&self, time: Duration) -> f64 {
        on_all_cores(time, || {
            let mut hasher = Hasher::new();
            move || {
                hasher.hash();
                self.commit();
            }
        })
    }

    /// The signatures per second on all cores, each with a commit.
    pub fn refreshes(&self, signer: &Signer, time: Duration) -> f64 {
        on_all_cores(time, || {
            || {
                black_box(signer.sign(&SIGNED));
                self.commit();
            }
        })
    }
}
