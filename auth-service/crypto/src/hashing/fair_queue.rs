//! The order in which jobs are served, and the limits for callers that wait: a data structure
//! without threads and without time.
//!
//! A caller holds a place from its request to the end of its last job. Networks with waiting jobs
//! are served in turn, and the jobs of one network in the order in which they came. So a network
//! waits for one job of each other network, however many jobs those have.
//!
//! The number of places is bounded. A network may take all of them while no other network needs
//! one. When they are all taken, a network that holds less than a quarter of them takes the newest
//! place from the network that holds the most, if that is more than a quarter. A place with a job
//! that has begun is never taken away. The number of those is bounded, too: their callers go on to
//! the database, which does not serve networks in turn.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::Hash;

/// A queue of jobs `J` from networks `N`. Each place carries an `S`, which is returned if the place
/// is taken away.
pub(super) struct FairQueue<N, S, J> {
    capacity: usize,
    most_begun: usize,
    held: usize,
    begun: usize,
    next_number: u64,
    lanes: HashMap<N, Lane<S, J>>,
    /// The networks with waiting jobs, the next one first; each is there once.
    turns: VecDeque<N>,
}

/// The places and waiting jobs of one network. A lane without places is removed.
struct Lane<S, J> {
    /// By number, so the newest is the last.
    places: BTreeMap<u64, Held<S>>,
    waiting: VecDeque<(u64, J)>,
}

struct Held<S> {
    signal: S,
    /// True if the last job of the place has begun, or is done.
    begun: bool,
}

/// A place in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place<N> {
    network: N,
    number: u64,
}

/// A place that was taken, and the place that was taken away for it.
#[derive(Debug)]
pub(super) struct Entered<N, S, J> {
    pub(super) place: Place<N>,
    pub(super) evicted: Option<Evicted<S, J>>,
}

/// A place that was taken away, with the job that waited there.
#[derive(Debug)]
pub(super) struct Evicted<S, J> {
    pub(super) signal: S,
    pub(super) job: Option<J>,
}

/// Every place is taken, and none can be taken away for this network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

impl<N: Copy + Eq + Hash, S, J> FairQueue<N, S, J> {
    /// Creates a queue of `capacity` places, of which at most `most_begun` have a job that has begun.
    pub(super) fn new(capacity: usize, most_begun: usize) -> Self {
        let (lanes, turns) = (HashMap::new(), VecDeque::new());
        Self { capacity, most_begun, held: 0, begun: 0, next_number: 0, lanes, turns }
    }

    /// Returns the number of places.
    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Returns the number of places that are taken.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Takes a place for `network`.
    ///
    /// # Errors
    ///
    /// Every place is taken, and no place can be taken away for `network`.
    pub(super) fn enter(&mut self, network: N, signal: S) -> Result<Entered<N, S, J>, Full> {
        let evicted = if self.held < self.capacity {
            None
        } else {
            Some(self.evict_for(network).ok_or(Full)?)
        };
        let place = Place { network, number: self.next_number };
        self.next_number += 1;
        self.held += 1;
        let lane = self.lanes.entry(network).or_default();
        lane.places.insert(place.number, Held { signal, begun: false });
        Ok(Entered { place, evicted })
    }

    /// Returns true if a job waits.
    pub(super) fn waits(&self) -> bool {
        !self.turns.is_empty()
    }

    /// Queues a job at a place; returns it if the place was taken away.
    pub(super) fn push(&mut self, place: &Place<N>, job: J) -> Result<(), J> {
        let Some(lane) = self.lanes.get_mut(&place.network) else { return Err(job) };
        let Some(held) = lane.places.get_mut(&place.number) else { return Err(job) };
        if std::mem::take(&mut held.begun) {
            self.begun -= 1;
        }
        if lane.waiting.is_empty() {
            self.turns.push_back(place.network);
        }
        lane.waiting.push_back((place.number, job));
        Ok(())
    }

    /// Returns the next job, unless too many have begun. Its place can't be taken away until another
    /// job is queued there.
    pub(super) fn next(&mut self) -> Option<J> {
        if self.begun >= self.most_begun {
            return None;
        }
        let network = self.turns.pop_front()?;
        let lane = self.lanes.get_mut(&network)?;
        let (number, job) = lane.waiting.pop_front()?;
        if !lane.waiting.is_empty() {
            self.turns.push_back(network);
        }
        if let Some(held) = lane.places.get_mut(&number) {
            held.begun = true;
            self.begun += 1;
        }
        Some(job)
    }

    /// Gives a place back, and drops the job that waits there. A place that was taken away already
    /// is ignored.
    pub(super) fn leave(&mut self, place: &Place<N>) {
        self.remove(place);
    }

    fn evict_for(&mut self, network: N) -> Option<Evicted<S, J>> {
        let quarter = (self.capacity / 4).max(1);
        if self.lanes.get(&network).map_or(0, |lane| lane.places.len()) >= quarter {
            return None;
        }
        let above = self.lanes.iter().filter(|(_, lane)| lane.places.len() > quarter);
        let newest = above.filter_map(|(network, lane)| {
            Some((lane.places.len(), Place { network: *network, number: lane.newest_idle()? }))
        });
        let (_, place) = newest.max_by_key(|(held, _)| *held)?;
        let (signal, job) = self.remove(&place)?;
        Some(Evicted { signal, job })
    }

    fn remove(&mut self, place: &Place<N>) -> Option<(S, Option<J>)> {
        let lane = self.lanes.get_mut(&place.network)?;
        let held = lane.places.remove(&place.number)?;
        self.held -= 1;
        self.begun -= usize::from(held.begun);
        let waits = lane.waiting.iter().position(|(number, _)| *number == place.number);
        let job = waits.and_then(|at| lane.waiting.remove(at)).map(|(_, job)| job);
        if job.is_some() && lane.waiting.is_empty() {
            self.turns.retain(|network| *network != place.network);
        }
        if lane.places.is_empty() {
            self.lanes.remove(&place.network);
        }
        Some((held.signal, job))
    }
}

impl<S, J> Lane<S, J> {
    /// Returns the newest place without a job that has begun.
    fn newest_idle(&self) -> Option<u64> {
        self.places.iter().rev().find(|(_, held)| !held.begun).map(|(number, _)| *number)
    }
}

impl<S, J> Default for Lane<S, J> {
    fn default() -> Self {
        Self { places: BTreeMap::new(), waiting: VecDeque::new() }
    }
}

#[cfg(test)]
mod tests;
