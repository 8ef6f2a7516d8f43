//! Predictions against what became of them, counted so that it does not matter who counted which part, or in which
//! order.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`tally`] | one model's predictions and their outcomes in bins and integer sums, and the figures of them |
//! | [`pair`] | two models on the same customers |
//! | [`spread`] | how a feature was spread in training, and how far it has drifted from there (PSI) |
//! | `bytes` | numbers to bytes and back, for snapshots |
//!
//! A prediction waits for its outcome as [`Rounded`] log-odds, sixteen bits with room for the outcome.

mod bytes;
pub mod pair;
pub mod spread;
pub mod tally;

pub use bytes::{put, take};
pub use pair::{Difference, Pair};
pub use spread::{Counts, Spread};
pub use tally::{Decile, Figures, Tally};

/// Steps of one unit of log-odds: half of one changes a probability by 0.00012 at most.
const STEPS: f64 = 1024.0;
/// The code of log-odds 0.
const ZERO: u16 = 1 << 14;
/// The least code; those below are left to whoever keeps them.
const LEAST: u16 = 2;

/// Log-odds rounded to 1/1024 and held within 16 of 0, as a code from 2 to 32,767: in the order of the log-odds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rounded(u16);

impl Rounded {
    /// The nearest.
    #[must_use]
    pub fn of(log_odds: f64) -> Self {
        let steps = (log_odds * STEPS).round() + f64::from(ZERO);
        Self(steps.clamp(f64::from(LEAST), f64::from(2 * ZERO - 1)) as u16)
    }

    /// With this code; none if there is none.
    #[must_use]
    pub fn with_code(code: u16) -> Option<Self> {
        (LEAST..2 * ZERO).contains(&code).then_some(Self(code))
    }

    /// Its code, 2 to 32,767.
    #[must_use]
    pub fn code(self) -> u16 {
        self.0
    }

    /// The log-odds.
    #[must_use]
    pub fn log_odds(self) -> f64 {
        (f64::from(self.0) - f64::from(ZERO)) / STEPS
    }
}

#[cfg(test)]
mod tests;
