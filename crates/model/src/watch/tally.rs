//! One model's predictions and their outcomes.
//!
//! Sums are integers: of probabilities and squared errors in 2^-32, of log-losses in 2^-28, which holds four thousand
//! million rows. Ranks come from 1024 bins of 1/64 of log-odds, from -8 to 8; what shares a bin counts as a tie, and
//! [`Figures::auc_error`] says how far that can be off.

use serde::Serialize;

use super::{Rounded, put, take};
use crate::probability;

/// Bins of log-odds.
const BINS: usize = 1024;
/// Codes of one bin.
const WIDTH: i32 = 16;
/// The code at which the first bin begins: log-odds -8.
const FIRST: i32 = 1 << 13;
/// Probabilities are held within this of 0 and 1, as in [`crate::metrics`].
const NEAR: f64 = 1e-6;

const SHARES: f64 = (1_u64 << 32) as f64;
const LOSSES: f64 = (1_u64 << 28) as f64;

/// Predictions of one model whose outcomes are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// By bin: who stayed, who left.
    bins: Box<[[u32; 2]]>,
    probability: u64,
    log_loss: u64,
    brier: u64,
}

/// The figures of a tally.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Predictions.
    pub rows: u64,
    /// Those who left.
    pub left: u64,
    /// Area under the ROC curve, ties counted half; NaN while all had the same outcome.
    pub auc: f64,
    /// The most by which bins can have moved it.
    pub auc_error: f64,
    /// Mean log-loss, natural logarithm.
    pub log_loss: f64,
    /// Mean squared error.
    pub brier: f64,
    /// Mean probability.
    pub mean_probability: f64,
    /// Share that left.
    pub observed_share: f64,
    /// Tenths of the predictions from the lowest to the highest; what shares a bin stays together.
    pub calibration: Vec<Decile>,
    /// Those who stayed and those who left by probability, in twenty equal steps of it; by the middles of the bins.
    pub scores: [[u64; 2]; 20],
}

/// A tenth of the predictions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Decile {
    /// Predictions.
    pub rows: u64,
    /// Their mean probability, from the middles of the bins.
    pub predicted: f64,
    /// The share of them that left.
    pub observed: f64,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            bins: vec![[0; 2]; BINS].into(),
            probability: 0,
            log_loss: 0,
            brier: 0,
        }
    }
}

fn bin(prediction: Rounded) -> usize {
    let bin = (i32::from(prediction.code()) - FIRST).div_euclid(WIDTH);
    bin.clamp(0, BINS as i32 - 1) as usize
}

/// The probability in the middle of a bin.
fn middle(bin: usize) -> f64 {
    probability((bin as f64 + 0.5) / 64.0 - 8.0)
}

/// The log-loss of one prediction, in 2^-28.
pub(super) fn loss(p: f64, left: bool) -> u64 {
    let p = p.clamp(NEAR, 1.0 - NEAR);
    let given = if left { p } else { 1.0 - p };
    (-libm::log(given) * LOSSES).round() as u64
}

/// Log-losses of that unit.
pub(super) fn losses(sum: f64) -> f64 {
    sum / LOSSES
}

impl Tally {
    /// Counts a prediction whose outcome is known.
    pub fn add(&mut self, prediction: Rounded, left: bool) {
        let p = probability(prediction.log_odds());
        let error = p - f64::from(u8::from(left));
        let count = &mut self.bins[bin(prediction)][usize::from(left)];
        *count = count.saturating_add(1);
        self.probability = self.probability.saturating_add((p * SHARES).round() as u64);
        self.brier = self
            .brier
            .saturating_add((error * error * SHARES).round() as u64);
        self.log_loss = self.log_loss.saturating_add(loss(p, left));
    }

    /// Adds another's predictions.
    pub fn absorb(&mut self, other: &Self) {
        for (mine, theirs) in self.bins.iter_mut().zip(&other.bins) {
            for (mine, theirs) in mine.iter_mut().zip(theirs) {
                *mine = mine.saturating_add(*theirs);
            }
        }
        self.probability = self.probability.saturating_add(other.probability);
        self.log_loss = self.log_loss.saturating_add(other.log_loss);
        self.brier = self.brier.saturating_add(other.brier);
    }

    /// Predictions counted, and how many of them left.
    #[must_use]
    pub fn rows(&self) -> (u64, u64) {
        let sum = |left: usize| {
            self.bins
                .iter()
                .map(|bin| u64::from(bin[left]))
                .sum::<u64>()
        };
        let left = sum(1);
        (sum(0) + left, left)
    }

    /// The figures; none without a prediction.
    #[must_use]
    pub fn figures(&self) -> Option<Figures> {
        let (rows, left) = self.rows();
        if rows == 0 {
            return None;
        }
        let per_row = |sum: u64, unit: f64| sum as f64 / unit / rows as f64;
        let pairs = left as f64 * (rows - left) as f64;
        let (mut below, mut won, mut tied) = (0_u64, 0.0, 0.0);
        for [stayed, left] in &self.bins {
            won += f64::from(*left) * below as f64;
            tied += f64::from(*left) * f64::from(*stayed);
            below += u64::from(*stayed);
        }
        Some(Figures {
            rows,
            left,
            auc: (won + tied / 2.0) / pairs,
            auc_error: tied / 2.0 / pairs,
            log_loss: losses(self.log_loss as f64) / rows as f64,
            brier: per_row(self.brier, SHARES),
            mean_probability: per_row(self.probability, SHARES),
            observed_share: left as f64 / rows as f64,
            calibration: self.calibration(rows),
            scores: self.scores(),
        })
    }

    fn scores(&self) -> [[u64; 2]; 20] {
        let mut scores = [[0; 2]; 20];
        for (bin, counts) in self.bins.iter().enumerate() {
            let step = ((middle(bin) * 20.0) as usize).min(19);
            for (sum, count) in scores[step].iter_mut().zip(counts) {
                *sum += u64::from(*count);
            }
        }
        scores
    }

    fn calibration(&self, rows: u64) -> Vec<Decile> {
        let mut sums = [(0_u64, 0.0, 0_u64); 10];
        let mut below = 0;
        for (bin, [stayed, left]) in self.bins.iter().enumerate() {
            let here = u64::from(*stayed) + u64::from(*left);
            // A bin belongs where its middle row does.
            let tenth = ((20 * below + 10 * here) / (2 * rows)).min(9) as usize;
            let (count, predicted, gone) = &mut sums[tenth];
            *count += here;
            *predicted += here as f64 * middle(bin);
            *gone += u64::from(*left);
            below += here;
        }
        let filled = sums.into_iter().filter(|(rows, ..)| *rows > 0);
        filled
            .map(|(rows, predicted, left)| Decile {
                rows,
                predicted: predicted / rows as f64,
                observed: left as f64 / rows as f64,
            })
            .collect()
    }

    /// Its bytes: equal for equal tallies.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let filled = || self.bins.iter().enumerate().filter(|(_, n)| **n != [0; 2]);
        let count = filled().count() as u64;
        put(out, &[self.probability, self.log_loss, self.brier, count]);
        for (bin, [stayed, left]) in filled() {
            put(out, &[bin as u64, u64::from(*stayed), u64::from(*left)]);
        }
    }

    /// What [`encode`](Self::encode) wrote, off the beginning; none if it is no such thing.
    pub fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let [probability, log_loss, brier, count] = take(bytes)?;
        let mut tally = Self {
            probability,
            log_loss,
            brier,
            ..Self::default()
        };
        for _ in 0..count {
            let [bin, stayed, left] = take(bytes)?;
            let counts = [u32::try_from(stayed).ok()?, u32::try_from(left).ok()?];
            *tally.bins.get_mut(usize::try_from(bin).ok()?)? = counts;
        }
        Some(tally)
    }
}
