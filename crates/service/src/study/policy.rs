//! The alert threshold that a model brings along: what was asked for, and what it means in customers a day.

use holdfast_features::{DAY_MS, Settings};
use holdfast_model::policy::{Crossings, Profit, alerted};
use holdfast_model::{Label, Model, Policy, Scorer, probability};

use super::judge::Judged;
use super::{Error, Source, load::Log};
use crate::report;

/// Days at the end of the log on which crossings are counted: whole weeks, for weekdays differ.
const DAYS: u32 = 28;

/// What is to choose the threshold; nothing leaves it to the configuration.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Threshold {
    /// Customers a day that can be contacted.
    pub capacity: Option<f64>,
    /// What a contact costs and brings.
    pub profit: Option<Profit>,
}

impl Threshold {
    /// Refuses what no log could change, and says from where on a contact is worth its cost.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub(super) fn check(&self) -> Result<Option<f64>, Error> {
        if let Some(capacity) = self.capacity.filter(|k| !(k.is_finite() && *k > 0.0)) {
            let text = format!("a capacity of {capacity} alerts a day opens none");
            return Err(Error::Setting(text));
        }
        Ok(self.profit.map(|profit| profit.threshold()).transpose()?)
    }
}

/// What is needed to choose by.
pub(super) struct Ground<'a> {
    pub(super) log: &'a Log,
    pub(super) source: &'a Source,
    pub(super) label: &'a Label,
    pub(super) until_ms: i64,
    /// Share of the training rows that left.
    pub(super) base_rate: f64,
}

/// The model with the thresholds asked for, and what is to be told of them; as it is if none was asked for.
///
/// # Errors
/// Everything in [`Error`].
pub(super) fn choose(
    model: Model,
    wanted: &Threshold,
    ground: &Ground<'_>,
    judged: &Judged,
) -> Result<(Model, Option<report::Policy>), Error> {
    let worth = wanted.check()?;
    if worth.is_none() && wanted.capacity.is_none() {
        return Ok((model, None));
    }
    let crossings = crossings(&model, ground)?;
    // Below the share that leaves anyway an alert would say less than nothing.
    let least = (10_000.0 * ground.base_rate).ceil() / 10_000.0;
    let by_capacity = wanted
        .capacity
        .map(|capacity| crossings.lowest(capacity, least).unwrap_or(least));
    let open = worth.unwrap_or(0.0).max(by_capacity.unwrap_or(0.0));
    let policy = Policy::opening_at(open);
    let found = alerted(&judged.rows, policy.open);
    let view = report::Policy {
        open: policy.open,
        close: policy.close,
        capacity: wanted.capacity,
        is_by_profit: worth.is_some_and(|level| level >= by_capacity.unwrap_or(0.0)),
        is_by_base_rate: worth.is_none() && by_capacity == Some(least),
        alerts_a_day: crossings.a_day(policy.open),
        days: crossings.days(),
        rows: judged.rows.len() as u64,
        alerted: found.rows,
        left: found.left,
        profit: wanted.profit.map(|profit| report::Profit {
            value: profit.value,
            saved: profit.saved,
            cost: profit.cost,
            of_thousand: 1_000.0 * profit.of(found) / judged.rows.len() as f64,
        }),
    };
    Ok((model.with_policy(policy)?, Some(view)))
}

/// Scores the population at the end of each of the last days, and counts who rose over which level since the day
/// before. No training row is of these days but where the horizon is shorter than a week.
fn crossings(model: &Model, ground: &Ground<'_>) -> Result<Crossings, Error> {
    let weeks = (ground.label.horizon_days.min(DAYS) / 7).max(1);
    let days = i64::from(7 * weeks);
    let ends: Vec<i64> = (0..=days)
        .map(|k| ground.until_ms - (days - k) * DAY_MS)
        .collect();
    let scorer = Scorer::new(model)?;
    let mut scratch = scorer.scratch();
    let settings = Settings {
        stats: model.occasion(),
        ..ground.log.store(ground.source)
    };
    let customers = ground.log.history.ids();
    let (mut before, mut now) = (vec![0.0; customers], vec![0.0; customers]);
    let mut found = Crossings::default();
    let history = &ground.log.history;
    history.walk(ground.label, settings, &ends, &mut |snapshot| {
        now.fill(0.0);
        for (customer, ix) in snapshot.members {
            let at = snapshot.cutoff_ms;
            now[*customer as usize] =
                probability(scorer.log_odds(snapshot.store, *ix, at, &mut scratch));
        }
        if snapshot.cutoff_ms > ends[0] {
            let both = before.iter().zip(&now);
            both.for_each(|(before, now)| found.add(*before, *now));
            found.end_day();
        }
        std::mem::swap(&mut before, &mut now);
    });
    Ok(found)
}
