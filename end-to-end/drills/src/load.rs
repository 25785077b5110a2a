//! A steady load: tokens of every age, shown to the guards in turn by chance.

use std::sync::atomic::{AtomicBool, Ordering};

use super::chance::Chance;
use super::pacer::Pacer;
use super::pool::Pool;
use super::showing::show;
use super::tally::Tally;

/// Clients that show tokens at the same time.
const CLIENTS: usize = 12;

/// The load on the guards.
#[derive(Debug)]
pub struct Load<'a> {
    /// The addresses that are asked.
    pub urls: &'a [String],
    /// What is shown.
    pub pool: &'a Pool,
    /// Where it is counted.
    pub tally: &'a Tally,
    /// How many requests a second, all in all.
    pub rate: u32,
    /// What the choices come from.
    pub seed: u64,
}

impl Load<'_> {
    /// Starts the clients in `scope`; they go on until `stop`.
    pub fn start<'scope>(
        &'scope self,
        scope: &'scope std::thread::Scope<'scope, '_>,
        stop: &'scope AtomicBool,
    ) {
        for client in 0..CLIENTS {
            scope.spawn(move || self.client(client, stop));
        }
    }

    fn client(&self, number: usize, stop: &AtomicBool) {
        let mut chance = Chance::branch(self.seed, number);
        let mut pacer = Pacer::new(f64::from(self.rate) / CLIENTS as f64);
        while !stop.load(Ordering::SeqCst) {
            pacer.wait();
            let guard = chance.below(self.urls.len());
            if let Some(token) = self.pool.pick(&mut chance) {
                let shown = show(&self.urls[guard], &token.text);
                self.tally.note(guard, &token, &shown, self.pool.revoked_at(&token.kid));
            }
        }
    }
}

/// Tells the threads of a scope to stop when it is dropped, however the scope is left: a scope waits
/// for its threads, also when one of them has failed.
#[derive(Debug)]
pub struct StopOnDrop<'a>(pub &'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
