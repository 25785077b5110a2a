//! A process that ends at a step of its work: a use of the database, or a change of a key file. The
//! next process starts with the state of the disk at that step.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use auth_store::{StoreError, StoreResult};
use signet_files::durable_file::{self, Step, Steps};

/// The way in which a process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Between two steps.
    Between,
    /// The last step is done, but its result is lost.
    Unheard,
    /// The last step is cut short: half of a file is written.
    Half,
    /// With the machine, which loses content that was not synced.
    ContentLost,
    /// With the machine, which loses names that were not synced.
    NamesLost,
}

impl End {
    pub(super) const ALL: [Self; 5] =
        [Self::Between, Self::Unheard, Self::Half, Self::ContentLost, Self::NamesLost];
}

/// A process with a limited number of steps.
#[derive(Debug)]
pub(super) struct Process {
    end: End,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    left: u32,
    /// Files with content that may be in memory alone.
    unsynced: BTreeSet<PathBuf>,
    /// The changes to undo, last one first, to lose the names that may be in memory alone.
    undo: Vec<Undo>,
}

#[derive(Debug)]
enum Undo {
    Rename(PathBuf, PathBuf),
    Remove(PathBuf, Vec<u8>),
}

/// The right of a process to take a step.
enum Turn {
    Do,
    /// This step is the last one.
    Last,
    Ended,
}

impl Process {
    pub(super) fn with_steps(left: u32, end: End) -> Arc<Self> {
        let state = State { left, unsynced: BTreeSet::new(), undo: Vec::new() };
        Arc::new(Self { end, state: Mutex::new(state) })
    }

    fn turn(&self) -> Turn {
        let mut state = self.state.lock().expect("no step failed");
        let Some(left) = state.left.checked_sub(1) else { return Turn::Ended };
        state.left = left;
        if left == 0 && self.end != End::Between { Turn::Last } else { Turn::Do }
    }

    fn note(&self, step: Step<'_>, removed: Option<Vec<u8>>) {
        let mut state = self.state.lock().expect("no step failed");
        match step {
            Step::Create(path) | Step::Write(path) => {
                state.unsynced.insert(path.to_owned());
            }
            Step::Sync(path) => {
                state.unsynced.remove(path);
            }
            Step::Rename(from, to) => {
                if state.unsynced.remove(from) {
                    state.unsynced.insert(to.to_owned());
                }
                state.undo.push(Undo::Rename(from.to_owned(), to.to_owned()));
            }
            Step::SyncFolder(_) => state.undo.clear(),
            Step::Remove(path) => {
                state.unsynced.remove(path);
                state.undo.extend(removed.map(|content| Undo::Remove(path.to_owned(), content)));
            }
        }
    }

    /// Applies the losses of a machine that ends with the process.
    pub(super) fn lose(&self) {
        let mut state = self.state.lock().expect("no step failed");
        match self.end {
            End::ContentLost => {
                for path in &state.unsynced {
                    fs::write(path, "").expect("emptied");
                }
            }
            End::NamesLost => {
                for undo in state.undo.drain(..).rev() {
                    match undo {
                        Undo::Rename(from, to) => fs::rename(to, from).expect("renamed"),
                        Undo::Remove(path, content) => put_back(&path, &content),
                    }
                }
            }
            End::Between | End::Unheard | End::Half => {}
        }
    }
}

fn put_back(path: &Path, content: &[u8]) {
    durable_file::write(path, content, 0o600).expect("put back");
}

impl Steps for Process {
    fn take(&self, step: Step<'_>, work: &mut dyn FnMut() -> io::Result<()>) -> io::Result<()> {
        let ended = || Err(io::Error::other("the process ended"));
        let turn = self.turn();
        if matches!(turn, Turn::Ended) {
            return ended();
        }
        let removed = if let Step::Remove(path) = step { fs::read(path).ok() } else { None };
        if let (Turn::Last, End::Half, Step::Write(path)) = (&turn, self.end, step) {
            fs::write(path, "-----BEGIN RSA PRIV").expect("half written");
            return ended();
        }
        let done = work();
        if done.is_ok() {
            self.note(step, removed);
        }
        if matches!(turn, Turn::Last) { ended() } else { done }
    }
}

/// The uses of the database by a process.
pub(super) struct DatabaseSteps(pub(super) Arc<Process>);

impl auth_store::Steps for DatabaseSteps {
    fn take(&self, work: &mut dyn FnMut() -> StoreResult<()>) -> StoreResult<()> {
        let ended = || StoreError::Unavailable("the process ended".into());
        match self.0.turn() {
            Turn::Ended => Err(ended()),
            Turn::Last => work().and_then(|()| Err(ended())),
            Turn::Do => work(),
        }
    }
}
