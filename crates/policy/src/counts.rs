//! What was decided, counted by kind.

use crate::alert::Kind;

/// Decisions of one partition since its start; a rebuild is not counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Alerts sent, by kind in the order of [`Kind::ALL`].
    pub alerts: [u64; Kind::ALL.len()],
    /// Decisions about customers of the control group, who are not alerted.
    pub control: u64,
    /// Decisions that entered the state unsent, because they or their episode's opening are dated before `not_before`.
    pub suppressed: u64,
    /// Deadlines, lapses and timers that fired, those of a rebuild included.
    pub fired: u64,
    /// Looks at customers whose mark was reached, most of which find nothing due.
    pub looks: u64,
}

impl Counts {
    /// Alerts sent of one kind.
    #[must_use]
    pub fn of(&self, kind: Kind) -> u64 {
        self.alerts[kind as usize]
    }

    /// Alerts sent.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.alerts.iter().sum()
    }
}
