//! A steady load: tokens of every age, presented to the guards in random order.

use std::sync::atomic::{AtomicBool, Ordering};

use super::chance::Chance;
use super::pacer::Pacer;
use super::pool::Pool;
use super::showing::show;
use super::tally::Tally;

/// The number of clients that present tokens at the same time.
const CLIENTS: usize = 12;

/// The load on the guards.
#[derive(Debug)]
pub struct Load<'a> {
    /// The addresses of the guards.
    pub urls: &'a [String],
    /// The tokens to present.
    pub pool: &'a Pool,
    /// The counts of the answers.
    pub tally: &'a Tally,
    /// The requests per second, in total.
    pub rate: u32,
    /// The seed of the random choices.
    pub seed: u64,
}

impl Load<'_> {
    /// Starts the clients in `scope`; they run until `stop`.
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

/// Stops the threads of a scope on drop, however the scope ends. A scope waits for its threads,
/// also after one of them has failed.
#[derive(Debug)]
pub struct StopOnDrop<'a>(pub &'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
