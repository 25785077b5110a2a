//! Fresh tokens at a steady rate, for the load to present.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::holder::{Holder, Minted};
use super::pacer::Pacer;
use super::pool::Pool;
use support::service::Service;

/// The number of applications that get tokens at the same time.
const APPLICATIONS: usize = 2;

/// The number of users of each application.
const USERS: usize = 4;

/// Gets tokens for users.
#[derive(Debug)]
pub struct Minting<'a> {
    auth: &'a Service,
    pool: &'a Pool,
    rate: u32,
    failures: AtomicUsize,
    last_error: Mutex<String>,
}

impl<'a> Minting<'a> {
    /// Creates a source of `rate` tokens a second from `auth` into `pool`.
    pub fn new(auth: &'a Service, pool: &'a Pool, rate: u32) -> Self {
        Self { auth, pool, rate, failures: AtomicUsize::new(0), last_error: Mutex::default() }
    }

    /// Signs up the users of an application, each with a first token in the pool.
    pub fn users(&self) -> Vec<Vec<Holder>> {
        let sign_up = |number: usize| {
            let mut holder = Holder::signed_up(self.auth, &format!("Ada {number}"));
            self.pool.add(&holder.log_in(self.auth).expect("a log-in"));
            holder
        };
        (0..APPLICATIONS).map(|_| (0..USERS).map(sign_up).collect()).collect()
    }

    /// Starts the applications in `scope`; they run until `stop`. `seen` is called with each fresh
    /// token.
    pub fn start<'scope>(
        &'scope self,
        users: Vec<Vec<Holder>>,
        scope: &'scope std::thread::Scope<'scope, '_>,
        stop: &'scope AtomicBool,
        seen: &'scope (dyn Fn(&Minted) + Sync),
    ) {
        for mut holders in users {
            scope.spawn(move || {
                let mut pacer = Pacer::new(f64::from(self.rate) / APPLICATIONS as f64);
                for turn in (0..holders.len()).cycle() {
                    pacer.wait();
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    match holders[turn].renew(self.auth) {
                        Ok(minted) => {
                            seen(&minted);
                            self.pool.add(&minted);
                        }
                        Err(error) => {
                            self.failures.fetch_add(1, Ordering::SeqCst);
                            *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = error;
                        }
                    }
                }
            });
        }
    }

    /// The number of failed requests for a token, and the last error.
    pub fn failures(&self) -> (usize, String) {
        let told = self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (self.failures.load(Ordering::SeqCst), told)
    }
}
