//! What became of the records of one partition.

use holdfast_events::{DropReason, RejectReason};

/// Records by outcome. A rebuild is not counted, so that these add up with what was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// All records; the sum of the three groups below.
    pub consumed: u64,
    /// Events that entered the state, and erasures.
    pub applied: u64,
    /// By reason, in the order of [`DropReason::ALL`].
    pub dropped: [u64; DropReason::ALL.len()],
    /// By reason, in the order of [`RejectReason::ALL`].
    pub rejected: [u64; RejectReason::ALL.len()],
    /// Of those applied: erasures.
    pub erased: u64,
    /// Of those applied: types outside the vocabulary, counted as activity.
    pub unknown_types: u64,
    /// Of those applied: amounts whose excess decimals were rounded.
    pub rounded_amounts: u64,
}

impl Counts {
    pub fn dropped_for(&self, reason: DropReason) -> u64 {
        self.dropped[reason.index()]
    }

    pub fn rejected_for(&self, reason: RejectReason) -> u64 {
        self.rejected[reason.index()]
    }

    pub fn dropped_total(&self) -> u64 {
        self.dropped.iter().sum()
    }

    pub fn rejected_total(&self) -> u64 {
        self.rejected.iter().sum()
    }

    /// Whether every record has exactly one outcome.
    pub fn balance(&self) -> bool {
        self.consumed == self.applied + self.dropped_total() + self.rejected_total()
    }

    /// Adds another partition's counts.
    pub fn add(&mut self, other: &Self) {
        self.consumed += other.consumed;
        self.applied += other.applied;
        self.erased += other.erased;
        self.unknown_types += other.unknown_types;
        self.rounded_amounts += other.rounded_amounts;
        for (mine, theirs) in self.dropped.iter_mut().zip(other.dropped) {
            *mine += theirs;
        }
        for (mine, theirs) in self.rejected.iter_mut().zip(other.rejected) {
            *mine += theirs;
        }
    }
}
