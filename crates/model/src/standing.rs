//! Where a probability stands: among those of all members, and what became of others scored alike.
//!
//! | wanted | comes from |
//! | --- | --- |
//! | riskier than so many percent of the customers | quantiles of the members' probabilities at the last training cutoff |
//! | interval of a probability | the share that left among rows scored alike by a fit that had not seen them ([`crate::unseen`]) |
//!
//! The interval is Wilson's (1927) at 95 %: it says how well the log can tell the share among such customers. Where
//! rows were kept apart by customer, not by time, one customer may be in a bin at several cutoffs, and it is then
//! somewhat too narrow.

use serde::{Deserialize, Serialize};

use crate::digits::nine;
use crate::metrics::Scored;

/// Quantiles are taken at each percent.
const PERCENTS: usize = 100;
/// Bins at most, and rows of each at least.
const BINS: usize = 20;
const LEAST_ROWS: usize = 50;
/// What a file holds is rounded to nine digits: who is that near to it is at it, or one of many customers alike would
/// be above all the others.
const SLACK: f64 = 1e-8;
/// Standard deviations of a normal distribution on either side that hold 95 %.
const SIDE: f64 = 1.959_963_984_540_054;

/// Rows scored alike, and what became of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alike {
    /// Least probability among them.
    pub p_from: f64,
    /// Greatest one.
    pub p_to: f64,
    /// How many they are.
    pub rows: u64,
    /// How many of them left.
    pub left: u64,
    /// 95 % interval of the share that leaves.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// The quantiles of probabilities at 0, 1, ... 100 percent, linear between neighbours; empty without any.
#[must_use]
pub fn percentiles(probabilities: &[f64]) -> Vec<f64> {
    let mut sorted = probabilities.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else {
        return Vec::new();
    };
    let quantile = |k: usize| {
        let (at, rest) = (k * last / PERCENTS, k * last % PERCENTS);
        let next = sorted[(at + 1).min(last)];
        nine(sorted[at] + (next - sorted[at]) * rest as f64 / PERCENTS as f64)
    };
    (0..=PERCENTS).map(quantile).collect()
}

/// Percent of the members at lower risk than `p`, linear between quantiles; none without quantiles.
pub(crate) fn percentile(quantiles: &[f64], p: f64) -> Option<f64> {
    let above = quantiles.partition_point(|quantile| *quantile < p - SLACK);
    let share = |place: f64| 100.0 * place / (quantiles.len() - 1) as f64;
    match above {
        _ if quantiles.len() < 2 => None,
        0 => Some(0.0),
        _ if above == quantiles.len() => Some(100.0),
        _ => {
            let (low, high) = (quantiles[above - 1], quantiles[above]);
            Some(share(
                (above - 1) as f64 + (p.min(high) - low) / (high - low),
            ))
        }
    }
}

/// Rows in bins of about equal count, at least fifty rows each and equal probabilities in one; empty for fewer rows.
#[must_use]
pub fn intervals(rows: &[Scored]) -> Vec<Alike> {
    if rows.len() < LEAST_ROWS {
        return Vec::new();
    }
    let mut sorted: Vec<(f64, bool)> = rows.iter().map(|row| (row.p, row.left)).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let bins = (sorted.len() / LEAST_ROWS).min(BINS);
    let mut ends: Vec<usize> = (1..bins)
        .map(|k| k * sorted.len() / bins)
        .map(|end| sorted.partition_point(|row| row.0 <= sorted[end - 1].0))
        .collect();
    ends.push(sorted.len());
    let mut found = Vec::new();
    let mut begin = 0;
    for end in ends {
        // Where equal ones have pushed an end far, the bins that it has passed are pooled, and so is a short rest.
        let rest = sorted.len() - end;
        if end >= begin + LEAST_ROWS && (rest == 0 || rest >= LEAST_ROWS) {
            found.push(alike(&sorted[begin..end]));
            begin = end;
        }
    }
    found
}

fn alike(rows: &[(f64, bool)]) -> Alike {
    let left = rows.iter().filter(|row| row.1).count();
    let (low, high) = wilson(left as f64, rows.len() as f64);
    Alike {
        p_from: nine(rows[0].0),
        p_to: nine(rows[rows.len() - 1].0),
        rows: rows.len() as u64,
        left: left as u64,
        low: nine(low),
        high: nine(high),
    }
}

/// Wilson's (1927) score interval at 95 % of a share, for `hits` of `all`, which are not 0. It takes trials as independent.
#[must_use]
pub fn wilson(hits: f64, all: f64) -> (f64, f64) {
    let square = SIDE * SIDE;
    let middle = (hits + square / 2.0) / (all + square);
    let reach = SIDE * (hits * (all - hits) / all + square / 4.0).sqrt() / (all + square);
    ((middle - reach).max(0.0), (middle + reach).min(1.0))
}

/// The interval of the bin into which `p` falls or which is next above, drawn out to `p` where it lies outside:
/// what is told as a probability with its range has to lie within the range, and a bin is wider than a point.
pub(crate) fn interval(bins: &[Alike], p: f64) -> Option<(f64, f64)> {
    let at = bins.partition_point(|bin| bin.p_to < p - SLACK);
    let bin = bins.get(at).or(bins.last())?;
    Some((bin.low.min(p), bin.high.max(p)))
}

pub(crate) fn faults_of_percentiles(quantiles: &[f64], faults: &mut Vec<String>) {
    let sound = quantiles.iter().all(|p| (0.0..=1.0).contains(p));
    let ascend = quantiles.windows(2).all(|pair| pair[0] <= pair[1]);
    if quantiles.len() != PERCENTS + 1 || !sound || !ascend {
        faults.push(format!(
            "percentiles must be {} probabilities, none below the one before",
            PERCENTS + 1
        ));
    }
}

pub(crate) fn faults_of_intervals(bins: &[Alike], faults: &mut Vec<String>) {
    let sound = |bin: &Alike| {
        let share = bin.left as f64 / bin.rows as f64;
        let scored = 0.0 <= bin.p_from && bin.p_from <= bin.p_to && bin.p_to <= 1.0;
        let holds = bin.low - SLACK <= share && share <= bin.high + SLACK;
        scored && holds && 0.0 <= bin.low && bin.high <= 1.0
    };
    let ascend = bins.windows(2).all(|pair| pair[0].p_to <= pair[1].p_from);
    if bins.is_empty() || bins.len() > BINS || !ascend || !bins.iter().all(sound) {
        faults.push(format!(
            "intervals must be 1 to {BINS} bins in the order of p, each with low <= left / rows <= high"
        ));
    }
}

#[cfg(test)]
mod tests;
