//! How a feature was spread in training, and how far it has drifted from there.

use serde::{Deserialize, Serialize};

use crate::digits::nine;
use crate::rows::Rows;

/// Bins at most.
const BINS: usize = 10;
/// Values that edges are taken from, at most: tenths need no more.
const VALUES: usize = 20_000;
/// Shares are taken as this at least, so that an empty bin does not make the index infinite.
const LEAST_SHARE: f64 = 1e-4;

/// One feature's values in the training rows, in bins of about a tenth each; fewer where values repeat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// Name in the feature registry.
    pub feature: String,
    /// Ascending; a value belongs into the first bin whose edge it does not exceed, or into one more.
    pub edges: Vec<f64>,
    /// Share of the training rows in each bin, one more than edges.
    pub shares: Vec<f64>,
}

/// How many values lie in each bin.
pub type Counts = [u32; BINS];

impl Spread {
    /// Of these values; they are sorted on the way.
    #[must_use]
    pub fn of(feature: &str, values: &mut [f64]) -> Self {
        values.sort_by(f64::total_cmp);
        let tenth = |k: usize| values.get(k * values.len() / BINS).map(|x| nine(*x));
        let mut edges: Vec<f64> = (1..BINS).filter_map(tenth).collect();
        edges.dedup();
        let ends = edges
            .iter()
            .map(|edge| values.partition_point(|x| x <= edge));
        let ends: Vec<usize> = ends.chain([values.len()]).collect();
        let begins = std::iter::once(0).chain(ends.iter().copied());
        let share =
            |(begin, end): (usize, usize)| (end - begin) as f64 / values.len().max(1) as f64;
        let shares = begins.zip(ends.iter().copied()).map(share).map(nine);
        Self {
            feature: feature.to_owned(),
            shares: shares.collect(),
            edges,
        }
    }

    /// Of each feature of the training rows that one of `used` names.
    #[must_use]
    pub fn of_rows(rows: &Rows, used: &[String]) -> Vec<Self> {
        let width = rows.features.len();
        let every = rows.len() / VALUES + 1;
        let names = rows.features.iter().map(|id| id.describe().name);
        let wanted = names
            .enumerate()
            .filter(|(_, name)| used.iter().any(|u| u == name));
        wanted
            .map(|(at, name)| {
                let column = rows.values.iter().skip(at).step_by(width * every);
                Self::of(name, &mut column.copied().collect::<Vec<f64>>())
            })
            .collect()
    }

    /// The bin of a value.
    #[must_use]
    pub fn bin(&self, value: f64) -> usize {
        self.edges
            .partition_point(|edge| *edge < value)
            .min(BINS - 1)
    }

    /// Population stability index of counts against training: below 0.1 nothing, above 0.25 another population. None
    /// without counts.
    #[must_use]
    pub fn psi(&self, counts: &Counts) -> Option<f64> {
        let sum: u64 = counts.iter().map(|n| u64::from(*n)).sum();
        if sum == 0 {
            return None;
        }
        let bins = self.shares.iter().zip(counts);
        let index = bins.map(|(then, now)| {
            let then = then.max(LEAST_SHARE);
            let now = (f64::from(*now) / sum as f64).max(LEAST_SHARE);
            (now - then) * libm::log(now / then)
        });
        Some(index.sum())
    }

    /// What is wrong with it, if anything.
    pub(crate) fn fault(&self) -> Option<String> {
        let sum: f64 = self.shares.iter().sum();
        let ascending = self.edges.windows(2).all(|pair| pair[0] < pair[1]);
        let finite = self.edges.iter().all(|edge| edge.is_finite());
        let shares = self.shares.iter().all(|share| (0.0..=1.0).contains(share));
        let fits = self.shares.len() == self.edges.len() + 1 && self.shares.len() <= BINS;
        let sound = ascending && finite && shares && fits && (sum - 1.0).abs() < 1e-6;
        (!sound).then(|| {
            format!(
                "reference of {:?} must have up to {} ascending edges, and one share more that sum to 1",
                self.feature,
                BINS - 1
            )
        })
    }
}
