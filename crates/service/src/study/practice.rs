//! What a model brings along for retention practice: segments, value, and where a probability stands.

use std::collections::BTreeMap;

use holdfast_features::Occasion;
use holdfast_lifecycle::part::contact::HourOfWeek;
use holdfast_model::rows::Rows;
use holdfast_model::train::{self, Trained};
use holdfast_model::{Practice, SegmentCuts, UsualHour, Value, choice, probability, standing};
use jiff::Timestamp;

use super::judge::Judged;
use super::policy::Ground;
use crate::report;

/// The hour of the week in which most was done by the last training cutoff, the first of several.
fn usual_hour(ground: &Ground<'_>, cutoff_ms: i64) -> Option<UsualHour> {
    let mut counts: BTreeMap<HourOfWeek, u64> = BTreeMap::new();
    for at in ground.log.history.acts(cutoff_ms) {
        let instant = Timestamp::from_millisecond(at).ok()?;
        let offset = ground.source.zone.to_offset(instant).seconds();
        *counts.entry(HourOfWeek::of(at, offset)).or_default() += 1;
    }
    let (most, _) = counts.into_iter().rev().max_by_key(|(_, n)| *n)?;
    Some(UsualHour {
        weekday: most.weekday,
        hour: most.hour,
    })
}

/// Learns it at the last training cutoff, the intervals from the rows that the fit had not seen.
pub(super) fn learn(
    rows: &Rows,
    ground: &Ground<'_>,
    trained: &Trained,
    judged: &Judged,
) -> Practice {
    let label = ground.label;
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
        usual_hour: usual_hour(ground, rows.cutoffs[rows.cutoffs.len() - 1]),
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
