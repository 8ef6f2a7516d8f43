//! Two models on the same customers and outcomes.

use serde::Serialize;

use super::{Rounded, put, take, tally};
use crate::probability;

/// Sums of the differences between a challenger's and a champion's log-loss, in 2^-28 and, squared, in 2^-24.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pair {
    rows: u64,
    sum: i64,
    squares: u64,
}

/// How much a challenger's log-loss is above the champion's: below 0 it is better.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Mean over the customers.
    pub mean: f64,
    /// 1.96 standard errors, customers and cutoffs taken as independent.
    pub margin: f64,
}

impl Pair {
    /// Counts a customer.
    pub fn add(&mut self, champion: Rounded, challenger: Rounded, left: bool) {
        let loss = |model: Rounded| tally::loss(probability(model.log_odds()), left);
        let more = loss(challenger).cast_signed() - loss(champion).cast_signed();
        let square = (u128::from(more.unsigned_abs()).pow(2)) >> 32;
        self.rows += 1;
        self.sum = self.sum.saturating_add(more);
        self.squares = self
            .squares
            .saturating_add(u64::try_from(square).unwrap_or(u64::MAX));
    }

    /// Adds another's customers.
    pub fn absorb(&mut self, other: &Self) {
        self.rows = self.rows.saturating_add(other.rows);
        self.sum = self.sum.saturating_add(other.sum);
        self.squares = self.squares.saturating_add(other.squares);
    }

    /// The difference; none below two customers.
    #[must_use]
    pub fn difference(&self) -> Option<Difference> {
        if self.rows < 2 {
            return None;
        }
        let rows = self.rows as f64;
        let mean = tally::losses(self.sum as f64) / rows;
        let square = self.squares as f64 / f64::from(1_u32 << 24) / rows;
        let variance = (square - mean * mean).max(0.0) / (rows - 1.0);
        Some(Difference {
            mean,
            margin: 1.96 * variance.sqrt(),
        })
    }

    /// Its bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        put(out, &[self.rows, self.sum.cast_unsigned(), self.squares]);
    }

    /// What [`encode`](Self::encode) wrote, off the beginning.
    pub fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let [rows, sum, squares] = take(bytes)?;
        Some(Self {
            rows,
            sum: sum.cast_signed(),
            squares,
        })
    }
}
