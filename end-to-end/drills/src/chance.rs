//! Repeatable random choices: a run prints its seed, and the same seed makes the same choices.
//! (Timing on the machine is not repeatable.)

/// A source of numbers (`SplitMix64`).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// Creates the source of this seed.
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns a random seed.
    pub fn fresh_seed() -> u64 {
        // The seed is short enough to type.
        uuid::Uuid::new_v4().as_u64_pair().0 % 1_000_000_000
    }

    /// Creates a separate source for the thread `number`.
    #[must_use]
    pub fn branch(seed: u64, number: usize) -> Self {
        let mut source = Self(seed ^ (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        source.next();
        source
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("it is below a usize")
    }

    /// Returns true once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}
