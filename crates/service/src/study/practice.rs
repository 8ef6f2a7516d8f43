//! What a model brings along for retention practice: segments, value, and where a probability stands.

use holdfast_features::Occasion;
use holdfast_model::rows::Rows;
use holdfast_model::train::{self, Trained};
use holdfast_model::{Label, Practice, SegmentCuts, Value, choice, probability, standing};

use super::judge::Judged;
use crate::report;

/// Learns it at the last training cutoff, the intervals from the rows that the fit had not seen.
pub(super) fn learn(rows: &Rows, label: &Label, trained: &Trained, judged: &Judged) -> Practice {
    let last = rows.range(rows.cutoffs.len() - 1);
    let log_odds = last.map(|row| train::log_odds(trained.design.row(row), trained));
    let members: Vec<f64> = log_odds
        .map(|x| probability(trained.corrected(x)))
        .collect();
    // The rhythm of a model of purchases is one of purchases already; else it is one of anything done.
    let is_of_purchases = choice::occasion(&label.kind) == Occasion::Purchase;
    let fitted = rows.population.filter(|_| is_of_purchases);
    Practice {
        segments: SegmentCuts::learn(&rows.buyers),
        value: Value::learn(&rows.buyers, fitted.map(|population| population.mbg)),
        percentiles: standing::percentiles(&members),
        intervals: standing::intervals(&judged.rows),
    }
}

/// The same as the report wants it.
pub(super) fn view(rows: &Rows, practice: &Practice) -> report::Practice {
    let cuts = practice.segments.as_ref();
    report::Practice {
        buyers: rows.buyers.len() as u64,
        cuts: cuts.map(|cuts| report::Cuts {
            recency_days: cuts.recency_days,
            orders: cuts.frequency,
            spend: cuts.monetary,
            top_spend: cuts.top_spend,
        }),
        spend: practice.value.as_ref().map(|value| report::Spend {
            p: value.p,
            q: value.q,
            v: value.v,
            mean: value.expected_spend(0.0, 0.0),
        }),
        risk: risk(&practice.percentiles),
        alike: practice.intervals.iter().map(|bin| bin.rows).collect(),
    }
}

fn risk(percentiles: &[f64]) -> Option<[f64; 3]> {
    let at = |k: usize| percentiles.get(k).copied();
    Some([at(50)?, at(90)?, at(99)?])
}

#[cfg(test)]
mod tests;
