//! Planned rotations beside verifiers that know nothing of Signet: services with npm's jose and its
//! defaults. They fetch the key set when it is ten minutes old, or when a token names a key that
//! they don't hold, but then only if the last fetch is half a minute old.
//!
//! To one of them somebody shows invented keys all the while, so that it has always just fetched:
//! the lead of a planned key must be longer than that half minute.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::drill::fleet::{Fleet, Make};
use crate::drill::load::{Load, StopOnDrop};
use crate::drill::minting::Minting;
use crate::drill::operator::{self, Rotation, Way};
use crate::drill::pacer::Pacer;
use crate::drill::pool::Pool;
use crate::drill::promises::Promises;
use crate::drill::showing::{Verdict, show};
use crate::drill::tally::{Counts, Tally};
use crate::process::Process;
use crate::{outside, poll, port, token};

/// The life of an access token, so that a key that has left is missed by none.
const TOKEN_LIFE: Duration = Duration::from_secs(15);

/// Between two invented keys.
const EVERY: Duration = Duration::from_secs(1);

/// Two: one that is left alone, and one that is shown invented keys.
const VERIFIERS: usize = 2;

/// A verifier is ready that soon, and a key signs that soon after its lead.
const PATIENCE: Duration = Duration::from_mins(1);

/// What to run.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Rotations.
    pub rounds: usize,
    /// Requests a second to both verifiers together.
    pub rate: u32,
    /// Fresh tokens a second.
    pub fresh: u32,
    /// Whether the issuer keeps its data at a `PostgreSQL` server.
    pub postgres: bool,
    /// What the choices come from.
    pub seed: u64,
    /// The `max-age` of the key set; a planned key waits for two of them.
    pub max_age: Duration,
}

/// What a run brought.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What was run.
    pub plan: Plan,
    /// Rotations made.
    pub rounds: usize,
    /// What the verifiers made of the load.
    pub counts: Counts,
    /// Tokens with an invented key that were refused.
    pub invented_refused: usize,
    /// Those that were taken.
    pub invented_taken: usize,
    /// Fresh tokens that were asked for and did not come.
    pub mint_failures: (usize, String),
    /// How long it all took.
    pub took: Duration,
}

/// Runs it. `progress` is told how far it is, a line at a time.
pub fn run(plan: &Plan, progress: &(dyn Fn(String) + Sync)) -> Outcome {
    let fleet = Fleet::start(&Make {
        guards: 0,
        postgres: plan.postgres,
        token_life: TOKEN_LIFE,
        max_age: plan.max_age,
    });
    let verifiers: Vec<_> = (1..=VERIFIERS).map(|number| Verifier::start(&fleet, number)).collect();
    let urls: Vec<_> = verifiers.iter().map(|verifier| verifier.url.clone()).collect();
    let (pool, tally) = (Pool::new(TOKEN_LIFE), Tally::new(Duration::ZERO));
    let stop = AtomicBool::new(false);
    let minting = Minting::new(&fleet.auth, &pool, plan.fresh);
    let users = minting.users();
    let load = Load { urls: &urls, pool: &pool, tally: &tally, rate: plan.rate, seed: plan.seed };
    let invented = Invented::default();
    let mut rounds = 0;
    let began = Instant::now();
    std::thread::scope(|scope| {
        let stopping = StopOnDrop(&stop);
        minting.start(users, scope, &stop, &|_| ());
        load.start(scope, &stop);
        scope.spawn(|| invented.show_to(&urls[VERIFIERS - 1], &pool, &stop));
        while rounds < plan.rounds {
            let Rotation::Begun(kid) = operator::rotate(&fleet, Way::Planned) else {
                panic!("the key set is full");
            };
            poll::until("the new key signs", plan.max_age * 2 + PATIENCE, || {
                pool.newest().is_some_and(|token| *token.kid == *kid)
            });
            rounds += 1;
            progress(format!("{rounds} of {} rotations", plan.rounds));
        }
        // Tokens of the last key are shown for a while, too.
        crate::drill::pacer::sleep(Duration::from_secs(5));
        drop(stopping);
    });
    Outcome {
        plan: *plan,
        rounds,
        counts: tally.seen(),
        invented_refused: invented.refused.into_inner(),
        invented_taken: invented.taken.into_inner(),
        mint_failures: minting.failures(),
        took: began.elapsed(),
    }
}

/// A service with jose. It ends on drop.
struct Verifier {
    url: String,
    _process: Process,
}

impl Verifier {
    fn start(fleet: &Fleet, number: usize) -> Self {
        let (port, issuer) = (port::free(), &fleet.auth.url);
        let jwks = format!("{issuer}/.well-known/jwks.json");
        let settings =
            json!({"jwks": jwks, "issuer": issuer, "audience": "api-service", "port": port});
        let log = fleet.folder().join(format!("jose-{number}.log"));
        let process = outside::node_server("guard_jose.mjs", &settings, &log);
        let url = format!("http://127.0.0.1:{port}");
        poll::until("a verifier with jose answers", PATIENCE, || {
            matches!(show(&url, "no token").verdict, Verdict::Refused(_))
        });
        Self { url, _process: process }
    }
}

/// What became of tokens with invented keys.
#[derive(Debug, Default)]
struct Invented {
    refused: AtomicUsize,
    taken: AtomicUsize,
}

impl Invented {
    fn show_to(&self, url: &str, pool: &Pool, stop: &AtomicBool) {
        let mut pacer = Pacer::every(EVERY);
        while !stop.load(Ordering::SeqCst) {
            pacer.wait();
            let Some(good) = pool.newest() else { continue };
            let (header, _) = token::read(&good.text);
            let kid = token::encode([uuid::Uuid::new_v4().into_bytes(); 2].concat());
            let header = token::encode(token::with(&header, "kid", kid).to_string());
            let rest = good.text.split_once('.').map_or("", |(_, rest)| rest);
            match show(url, &format!("{header}.{rest}")).verdict {
                Verdict::Refused(_) => self.refused.fetch_add(1, Ordering::SeqCst),
                _ => self.taken.fetch_add(1, Ordering::SeqCst),
            };
        }
    }
}

impl Outcome {
    /// What must hold, and what was seen of it.
    pub fn promises(&self) -> Promises {
        let mut promises = Promises::default();
        let Counts { taken, refused, unknowable, other, silent, .. } = self.counts;
        promises.never("good tokens refused", refused);
        promises
            .never("answers other than 200 and 401, or none at all", other + silent + unknowable);
        promises.note("good tokens taken", taken, taken > 0);
        let (failures, told) = &self.mint_failures;
        let seen = format!("{failures} {told}");
        promises.note("fresh tokens that did not come", seen.trim_end(), *failures == 0);
        promises.never("tokens with an invented key not refused", self.invented_taken);
        let shown = self.invented_refused;
        promises.note("tokens with an invented key refused by the second one", shown, shown > 0);
        promises
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { requests, taken, refused, examples, .. } = &self.counts;
        let seconds = self.took.as_secs_f64();
        writeln!(f, "rotations beside two services with jose, max-age {:?}", self.plan.max_age)?;
        writeln!(f, "  rotations               {} in {seconds:.0} s", self.rounds)?;
        writeln!(f, "  requests                {requests} ({:.0}/s)", *requests as f64 / seconds)?;
        writeln!(f, "  good tokens taken       {taken}")?;
        writeln!(f, "  good tokens refused     {refused}")?;
        writeln!(f, "  invented keys shown     {}", self.invented_refused + self.invented_taken)?;
        for example in examples {
            writeln!(f, "  for example             {example}")?;
        }
        Ok(())
    }
}
