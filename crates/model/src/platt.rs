//! A straight correction of the log-odds (Platt 1999), taken only where later rows say that it helps.
//!
//! It is judged as it would be used. At each of the last cutoffs, the fit knows what had come true by then, and the
//! correction what an earlier fit had said of rows that had come true by then; neither has seen the cutoff's own rows. It
//! is taken if the log-loss of those falls at every such cutoff and the 95 % interval of the fall, over customers,
//! excludes 0.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digits::nine;
use crate::newton::{Problem, softplus};
use crate::rows::Rows;
use crate::train::Trained;
use crate::unseen::{Fold, scored};
use crate::{Error, Label};

/// Cutoffs at the end on which it is judged.
const JUDGED: usize = 2;
/// Slopes beyond tell of a fit that went wrong, not of one to be corrected.
const SLOPES: std::ops::RangeInclusive<f64> = 0.2..=5.0;

/// The correction: `intercept + slope * log-odds`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Factor of the log-odds, above 0.
    pub slope: f64,
    /// What is added.
    pub intercept: f64,
}

/// What a correction did to the log-loss of later rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// Rows on which it was judged.
    pub rows: usize,
    /// Mean fall of the log-loss; below 0 it rose.
    pub gain: f64,
    /// Half of the 95 % interval of that, customers taken as independent.
    pub reach: f64,
    /// Whether it is to be taken.
    pub helps: bool,
}

impl Calibration {
    /// The corrected log-odds.
    #[must_use]
    pub fn apply(&self, log_odds: f64) -> f64 {
        self.intercept + self.slope * log_odds
    }

    /// The correction that these rows want; none where they want none that can be trusted.
    fn fit(log_odds: &[f64], left: &[bool]) -> Option<Self> {
        let problem = Problem {
            values: log_odds,
            positive: left,
            width: 1,
            alpha: 0.0,
        };
        let weights = problem.solve(vec![1.0, 0.0])?;
        let (slope, intercept) = (nine(weights[0]), nine(weights[1]));
        let is_sound = SLOPES.contains(&slope) && intercept.is_finite();
        is_sound.then_some(Self { slope, intercept })
    }

    pub(crate) fn faults(&self, faults: &mut Vec<String>) {
        let Self { slope, intercept } = self;
        if !SLOPES.contains(slope) {
            let (least, most) = (SLOPES.start(), SLOPES.end());
            faults.push(format!(
                "calibration.slope is {slope}, {least} to {most} are possible"
            ));
        }
        if !intercept.is_finite() || intercept.abs() > 100.0 {
            faults.push(format!(
                "calibration.intercept is {intercept}, -100 to 100 are possible"
            ));
        }
    }
}

/// What a correction would have done, and the one for the whole if it is to be taken; nothing where the log is too
/// short to tell.
///
/// # Errors
/// [`Error::NotConverged`].
pub(crate) fn choose(
    rows: &Rows,
    label: &Label,
    trained: &Trained,
) -> Result<(Option<Trial>, Option<Calibration>), Error> {
    let last = rows.cutoffs.len() - 1;
    let mut judged = Judged::default();
    for at in (0..=last).rev().take(JUDGED) {
        judged.at(rows, label, trained, at)?;
    }
    let Some(trial) = judged.trial() else {
        return Ok((None, None));
    };
    let whole = match trial.helps {
        true => wanted(rows, trained, &Fold::later(rows, label, last))?,
        false => None,
    };
    let helps = whole.is_some();
    Ok((Some(Trial { helps, ..trial }), whole))
}

/// The correction that the rows of a fold want, scored by a fit that has not seen them.
fn wanted(rows: &Rows, trained: &Trained, fold: &Fold) -> Result<Option<Calibration>, Error> {
    if !fold.carries(rows) {
        return Ok(None);
    }
    let left: Vec<bool> = fold.score().iter().map(|row| rows.left[*row]).collect();
    Ok(Calibration::fit(&scored(rows, trained, fold)?, &left))
}

/// Falls of the log-loss, by customer, and at each cutoff.
#[derive(Default)]
pub(crate) struct Judged {
    customers: BTreeMap<u32, (f64, f64)>,
    cutoffs: Vec<f64>,
}

impl Judged {
    fn at(
        &mut self,
        rows: &Rows,
        label: &Label,
        trained: &Trained,
        at: usize,
    ) -> Result<(), Error> {
        let over = |i: &usize| rows.cutoffs[*i] + label.horizon_ms() <= rows.cutoffs[at];
        let later = Fold::later(rows, label, at);
        let Some(earlier) = (0..at).rev().find(over).filter(|_| later.carries(rows)) else {
            return Ok(());
        };
        let earlier = Fold::later(rows, label, earlier);
        let Some(correction) = wanted(rows, trained, &earlier)? else {
            return Ok(());
        };
        let log_odds = scored(rows, trained, &later)?;
        self.add(rows, later.score(), &log_odds, |x| correction.apply(x));
        Ok(())
    }

    /// A cutoff's rows, by number, and what a change does to their log-odds.
    pub(crate) fn add(
        &mut self,
        rows: &Rows,
        score: &[usize],
        log_odds: &[f64],
        change: impl Fn(f64) -> f64,
    ) {
        let mut sum = 0.0;
        for (row, log_odds) in score.iter().zip(log_odds) {
            let loss = |x: f64| softplus(if rows.left[*row] { -x } else { x });
            let fall = loss(*log_odds) - loss(change(*log_odds));
            let of = self.customers.entry(rows.customer[*row]).or_default();
            *of = (of.0 + fall, of.1 + 1.0);
            sum += fall;
        }
        self.cutoffs.push(sum);
    }

    /// All of it; none without any row.
    pub(crate) fn trial(&self) -> Option<Trial> {
        let count: f64 = self.customers.values().map(|(_, rows)| rows).sum();
        if count == 0.0 {
            return None;
        }
        let gain = self.customers.values().map(|(fall, _)| fall).sum::<f64>() / count;
        let squares = self.customers.values().map(|(fall, rows)| {
            let off = fall - gain * rows;
            off * off
        });
        let reach = 1.96 * squares.sum::<f64>().sqrt() / count;
        Some(Trial {
            rows: count as usize,
            gain,
            reach,
            helps: gain > reach && self.cutoffs.iter().all(|fall| *fall > 0.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::splitmix::SplitMix;
    use crate::train::train;
    use crate::{LabelKind, probability};
    use holdfast_features::{DAY_MS, feature};

    fn label() -> Label {
        Label {
            kind: LabelKind::Purchase,
            horizon_days: 10,
            active_days: 20,
        }
    }

    /// Eight cutoffs five days apart. Recency means the same at each; beside it the log-odds rise by `trend` from one to
    /// the next, so that a fit on the past is too hopeful by as much each time.
    fn rows(trend: f64) -> Rows {
        let mut draw = SplitMix::new(11);
        let mut unit = || draw.below(1 << 53) as f64 / (1_u64 << 53) as f64;
        let mut rows = Rows {
            features: vec![feature("days_since_last_purchase").unwrap()],
            cutoffs: (0..8).map(|i| i * 5 * DAY_MS).collect(),
            ..Rows::default()
        };
        for cutoff in 0..8_u16 {
            for customer in 0..800 {
                let recency = 60.0 * unit();
                let log_odds = 0.1 * recency - 4.0 + trend * f64::from(cutoff);
                rows.values.push(recency);
                rows.left.push(unit() < probability(log_odds));
                rows.cutoff.push(cutoff);
                rows.customer.push(customer);
            }
        }
        rows
    }

    #[test]
    fn correction_is_found_again() {
        let mut draw = SplitMix::new(5);
        let mut unit = || draw.below(1 << 53) as f64 / (1_u64 << 53) as f64;
        let log_odds: Vec<f64> = (0..20_000).map(|_| 6.0 * unit() - 3.0).collect();
        let left: Vec<bool> = log_odds
            .iter()
            .map(|x| unit() < probability(0.6 * x - 0.4))
            .collect();
        let found = Calibration::fit(&log_odds, &left).unwrap();
        assert!((found.slope - 0.6).abs() < 0.05, "{found:?}");
        assert!((found.intercept + 0.4).abs() < 0.05, "{found:?}");
        assert_eq!(Calibration::fit(&log_odds, &vec![true; 20_000]), None);
    }

    #[test]
    fn steady_customers_need_no_correction() {
        let trained = train(&rows(0.0), &label()).unwrap();
        assert_eq!(trained.calibration, None);
        assert!(trained.recalibration.is_some_and(|trial| !trial.helps));
    }

    #[test]
    fn risk_that_rises_from_cutoff_to_cutoff_is_corrected_for() {
        let trained = train(&rows(0.35), &label()).unwrap();
        let trial = trained.recalibration.unwrap();
        assert!(trial.helps && trial.gain > trial.reach, "{trial:?}");
        let chosen = trained.calibration.unwrap();
        assert!(chosen.apply(0.0) > 0.3, "{chosen:?}");
    }

    #[test]
    fn log_of_one_cutoff_is_too_short_to_tell() {
        let mut short = rows(0.0);
        short.cutoffs.truncate(1);
        short.values.truncate(800);
        short.left.truncate(800);
        short.cutoff.truncate(800);
        short.customer.truncate(800);
        let trained = train(&short, &label()).unwrap();
        assert_eq!((trained.recalibration, trained.calibration), (None, None));
    }
}
