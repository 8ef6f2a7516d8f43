//! The rhythm of the training population: what features over the whole life need to know of others.

use holdfast_features::Rhythm;

use crate::btyd::{self, Family, Rft};
use crate::digits::nine;
use crate::file::Population;
use crate::history::Snapshot;

/// Gaps of a customer count at most so often: a mean of customers, not of gaps.
const MOST_GAPS: f64 = 10.0;
/// Keeps the fit of MBG/NBD bounded where nobody leaves.
pub(crate) const RIDGE: f64 = 1e-3;
/// Least customers of two gaps or more whose spread says anything.
const LEAST_SPREADS: usize = 20;
/// Spread where there are too few of them, and the least one.
const USUAL_SPREAD: f64 = 1.0;
const LEAST_SPREAD: f64 = 0.3;

/// The rhythm of the customers at a cutoff; none where too few came twice. Gaps are those of the members, MBG/NBD is
/// fitted on everybody who was ever there: fitted on those who were active of late, it would never see one leave.
#[must_use]
pub fn population(snapshot: &Snapshot<'_>) -> Option<Population> {
    let at = |ix| snapshot.store.rhythm(ix, snapshot.cutoff_ms);
    let members = snapshot.members.iter().filter_map(|(_, ix)| at(*ix));
    let again: Vec<Rhythm> = members.filter(|rhythm| rhythm.occasions > 1).collect();
    let gaps = |rhythm: &Rhythm| f64::from(rhythm.occasions - 1);
    let weight: f64 = again.iter().map(|rhythm| gaps(rhythm).min(MOST_GAPS)).sum();
    let sum: f64 = again
        .iter()
        .map(|rhythm| rhythm.gap_mean * gaps(rhythm).min(MOST_GAPS))
        .sum();
    if weight <= 0.0 || sum <= 0.0 {
        return None;
    }
    let mut spreads: Vec<f64> = again
        .iter()
        .filter(|rhythm| rhythm.occasions > 2)
        .map(|rhythm| rhythm.gap_squares / gaps(rhythm))
        .collect();
    let spread = if spreads.len() > LEAST_SPREADS {
        median(&mut spreads).sqrt()
    } else {
        USUAL_SPREAD
    };
    Some(Population {
        gap_mean: nine(sum / weight),
        gap_sd: nine(spread.max(LEAST_SPREAD)),
        mbg: mbg(&everybody(snapshot))?,
    })
}

/// The dates of everybody who was ever there, members or not.
pub(crate) fn everybody(snapshot: &Snapshot<'_>) -> Vec<Rft> {
    let store = snapshot.store;
    let all = store.iter();
    all.filter_map(|ix| store.rhythm(ix, snapshot.cutoff_ms))
        .map(|rhythm| dates(&rhythm))
        .collect()
}

/// A customer's dates. Whole days are enough for a fit, and make alike what is alike.
pub(crate) fn dates(rhythm: &Rhythm) -> Rft {
    Rft {
        frequency: f64::from(rhythm.occasions - 1),
        recency: rhythm.span_days,
        age: rhythm.age_days.ceil().max(rhythm.span_days),
    }
}

/// MBG/NBD of these dates, nine digits; none where they bound no fit.
pub(crate) fn mbg(rows: &[Rft]) -> Option<[f64; 4]> {
    let fit = btyd::fit(
        Family::Mbg,
        &btyd::merged(rows),
        btyd::Settings { ridge: RIDGE },
    )
    .ok()?;
    let found = [fit.params.r, fit.params.alpha, fit.params.a, fit.params.b].map(nine);
    found
        .iter()
        .all(|x| (1e-6..=1e6).contains(x))
        .then_some(found)
}

/// The middle one; of two, their mean.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len() % 2 == 1 {
        values[half]
    } else {
        (values[half - 1] + values[half]) / 2.0
    }
}
