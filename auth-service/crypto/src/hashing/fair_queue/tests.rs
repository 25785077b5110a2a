//! The promises of the queue: its size, its order, and the places that may be taken away.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

/// A queue in which each place carries its own number, to identify an evicted one.
type Queue = FairQueue<u8, u64, usize>;

/// Returns a queue in which every job may begin.
fn queue(capacity: usize) -> Queue {
    Queue::new(capacity, capacity)
}

/// Enters `network`; returns its place and the number of the place that was taken away.
fn enter(queue: &mut Queue, network: u8) -> Result<(Place<u8>, Option<u64>), Full> {
    let number = queue.next_number;
    let Entered { place, evicted } = queue.enter(network, number)?;
    Ok((place, evicted.map(|evicted| evicted.signal)))
}

/// Enters `network` and queues `job` there.
fn ask(queue: &mut Queue, network: u8, job: usize) -> Place<u8> {
    let (place, _) = enter(queue, network).unwrap();
    queue.push(&place, job).unwrap();
    place
}

fn served(queue: &mut Queue) -> Vec<usize> {
    std::iter::from_fn(|| queue.next()).collect()
}

#[test]
fn networks_are_served_in_turn_and_each_in_order() {
    let mut queue = queue(16);
    for job in 0..4 {
        ask(&mut queue, 1, job);
    }
    ask(&mut queue, 2, 20);
    ask(&mut queue, 3, 30);
    ask(&mut queue, 2, 21);
    assert_eq!(served(&mut queue), [0, 20, 30, 1, 21, 2, 3]);
}

#[test]
fn one_network_may_hold_every_place() {
    let mut queue = queue(8);
    for job in 0..8 {
        ask(&mut queue, 1, job);
    }
    assert_eq!(enter(&mut queue, 1), Err(Full));
    assert_eq!(queue.held(), 8);
}

#[test]
fn full_queue_takes_the_newest_place_from_the_largest_network() {
    let mut queue = queue(8);
    let places: Vec<_> = (0..8).map(|job| ask(&mut queue, 1, job)).collect();
    let Entered { place, evicted } = queue.enter(2, 8).unwrap();
    let evicted = evicted.unwrap();
    assert_eq!((evicted.signal, evicted.job), (7, Some(7)));
    queue.push(&place, 20).unwrap();
    assert_eq!(queue.push(&places[7], 7), Err(7));
    assert_eq!(enter(&mut queue, 2).unwrap().1, Some(6));
    // The second network holds a quarter now.
    assert_eq!(enter(&mut queue, 2), Err(Full));
    assert_eq!(enter(&mut queue, 3).unwrap().1, Some(5));
    assert_eq!(queue.held(), 8);
    assert_eq!(served(&mut queue), [0, 20, 1, 2, 3, 4]);
}

#[test]
fn place_without_a_job_is_taken_and_place_of_a_job_that_has_begun_is_not() {
    let mut queue = queue(4);
    let places: Vec<_> = (0..4).map(|_| enter(&mut queue, 1).unwrap().0).collect();
    queue.push(&places[3], 3).unwrap();
    assert_eq!(queue.next(), Some(3));
    assert_eq!(enter(&mut queue, 2).unwrap().1, Some(2));
    queue.push(&places[3], 4).unwrap();
    assert_eq!(enter(&mut queue, 3).unwrap().1, Some(3));
}

#[test]
fn begun_jobs_are_limited_until_a_place_is_free() {
    let mut queue = Queue::new(8, 2);
    let places: Vec<_> = (0..4).map(|job| ask(&mut queue, 1, job)).collect();
    assert_eq!(served(&mut queue), [0, 1]);
    queue.leave(&places[0]);
    assert_eq!(served(&mut queue), [2]);
    // The second job of a place waits again, and its first one has ended.
    queue.push(&places[1], 10).unwrap();
    assert_eq!(served(&mut queue), [3]);
    queue.leave(&places[3]);
    assert_eq!(served(&mut queue), [10]);
}

#[test]
fn empty_queue_remembers_no_network() {
    let mut queue = queue(8);
    let places: Vec<_> = (0..8).map(|n| ask(&mut queue, n, 0)).collect();
    queue.next().unwrap();
    for place in &places {
        queue.leave(place);
    }
    assert_eq!((queue.held(), queue.begun), (0, 0));
    assert_eq!((queue.lanes.len(), queue.turns.len()), (0, 0));
    assert!(queue.next().is_none());
}

#[derive(Debug, Clone)]
enum Step {
    Enter(u8),
    Push(usize),
    Next,
    Leave(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        // The first network floods.
        4 => Just(Step::Enter(0)),
        3 => (1..6_u8).prop_map(Step::Enter),
        5 => any::<usize>().prop_map(Step::Push),
        3 => Just(Step::Next),
        2 => any::<usize>().prop_map(Step::Leave),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Waiting(usize),
    Begun,
}

/// Every place that is held, by its number.
#[derive(Default)]
struct Model {
    places: BTreeMap<u64, (Place<u8>, State)>,
    jobs: usize,
    /// For each network with waiting jobs, the networks served since it began to wait for its turn.
    served_since: HashMap<u8, Vec<u8>>,
}

impl Model {
    fn held_by(&self, network: u8) -> usize {
        self.places.values().filter(|(place, _)| place.network == network).count()
    }

    /// Returns the places that may be taken away for `network`.
    fn evictable(&self, network: u8, capacity: usize) -> Vec<Place<u8>> {
        let quarter = (capacity / 4).max(1);
        if self.held_by(network) >= quarter {
            return Vec::new();
        }
        let newest = (0..6).filter_map(|network| {
            let idle = |(place, state): &&(Place<u8>, State)| {
                place.network == network && *state != State::Begun
            };
            self.places.values().rev().find(idle).map(|(place, _)| *place)
        });
        let above: Vec<_> = newest.filter(|place| self.held_by(place.network) > quarter).collect();
        let most = above.iter().map(|place| self.held_by(place.network)).max();
        above.into_iter().filter(|place| Some(self.held_by(place.network)) == most).collect()
    }

    fn begun(&self) -> usize {
        self.places.values().filter(|(_, state)| *state == State::Begun).count()
    }

    fn pick(&self, n: usize, wanted: impl Fn(State) -> bool) -> Option<Place<u8>> {
        let fit: Vec<_> = self.places.values().filter(|(_, state)| wanted(*state)).collect();
        fit.get(n % fit.len().max(1)).map(|(place, _)| *place)
    }

    /// Removes the turn of a network that has no waiting job any more.
    fn settle(&mut self, network: u8) {
        let waits = |(place, state): &(Place<u8>, State)| {
            place.network == network && matches!(state, State::Waiting(_))
        };
        if !self.places.values().any(waits) {
            self.served_since.remove(&network);
        }
    }
}

proptest! {
    #[test]
    fn random_callers_respect_bound_turns_and_quarter(
        capacity in 1..14_usize,
        most_begun in 1..6_usize,
        steps in prop::collection::vec(step(), 0..300),
    ) {
        let (mut queue, mut model) = (Queue::new(capacity, most_begun), Model::default());
        for step in steps {
            match step {
                Step::Enter(network) => {
                    let full = model.places.len() == capacity;
                    let evictable = model.evictable(network, capacity);
                    let number = queue.next_number;
                    match queue.enter(network, number) {
                        Ok(Entered { place, evicted }) => {
                            prop_assert_eq!(evicted.is_some(), full);
                            if let Some(evicted) = evicted {
                                let (place, state) = model.places.remove(&evicted.signal).unwrap();
                                prop_assert!(evictable.contains(&place));
                                let job = evicted.job.map_or(State::Idle, State::Waiting);
                                prop_assert_eq!(state, job);
                                model.settle(place.network);
                            }
                            model.places.insert(place.number, (place, State::Idle));
                        }
                        Err(Full) => prop_assert!(full && evictable.is_empty()),
                    }
                }
                Step::Push(n) => {
                    let Some(place) = model.pick(n, |state| !matches!(state, State::Waiting(_)))
                    else { continue };
                    let job = model.jobs;
                    model.jobs += 1;
                    prop_assert_eq!(queue.push(&place, job), Ok(()));
                    model.places.insert(place.number, (place, State::Waiting(job)));
                    model.served_since.entry(place.network).or_default();
                }
                Step::Next => {
                    let Some(job) = queue.next() else {
                        let may_begin = model.begun() < most_begun;
                        prop_assert!(!may_begin || model.served_since.is_empty(), "a job waits");
                        continue;
                    };
                    prop_assert!(model.begun() < most_begun);
                    let place = model.pick(0, |state| state == State::Waiting(job)).unwrap();
                    let earliest = model.places.values().filter_map(|(other, state)| match state {
                        State::Waiting(job) if other.network == place.network => Some(*job),
                        _ => None,
                    });
                    prop_assert_eq!(earliest.min(), Some(job), "not in order within the network");
                    model.served_since.remove(&place.network);
                    for (waiting, served) in &mut model.served_since {
                        prop_assert!(
                            !served.contains(&place.network),
                            "network {} is served twice while {} waits", place.network, waiting
                        );
                        served.push(place.network);
                    }
                    model.served_since.insert(place.network, Vec::new());
                    model.places.insert(place.number, (place, State::Begun));
                    model.settle(place.network);
                }
                Step::Leave(n) => {
                    let Some(place) = model.pick(n, |_| true) else { continue };
                    queue.leave(&place);
                    model.places.remove(&place.number);
                    model.settle(place.network);
                }
            }
            prop_assert!(queue.held() <= capacity);
            prop_assert_eq!(queue.held(), model.places.len());
        }
    }
}
