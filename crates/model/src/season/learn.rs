//! Half the shift that would have made the model's forecasts right on the same date a year before.
//!
//! The whole shift takes one year for every year; half of it is what helped on the one log on which both were tried, and it
//! did no harm on two others. One season seen once is a hypothesis: that is why nobody gets a season without asking for it.
//!
//! Points lie a step of the training cutoffs apart, from the training's end on as far as labels of the year before are
//! known. Whether a season helps is judged as a recalibration is: at each of the last training cutoffs, a fit that knew
//! what had come true by then is shifted by what it would have got wrong a year before, and neither had seen the cutoff's
//! own rows.

use std::fmt;
use std::str::FromStr;

use holdfast_features::{DAY_MS, Settings};

use super::Season;
use crate::digits::nine;
use crate::file::constants;
use crate::history::{Customer, History};
use crate::platt::{Judged, Trial};
use crate::rows::Rows;
use crate::train::Trained;
use crate::unseen::{Fold, fitted};
use crate::{Error, Label, Scorer, choice, cutoffs, probability};

/// Days from a date to the same one a year later.
const YEAR_DAYS: i64 = 365;
/// Cutoffs at the end of the training on which it is judged.
const JUDGED: usize = 2;
/// Customers a year before by whom a shift is told, at least: the standard error is about .1 then.
const LEAST: usize = 300;
/// Greatest shift that is looked for, of which half is taken.
const REACH: f64 = 4.0;
/// Halvings of the span in which the shift lies.
const HALVINGS: u32 = 48;

/// Whether the model is to have a season.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Seasonal {
    /// No.
    #[default]
    Off,
    /// Half the shift of the year before, whatever later rows say.
    Half,
    /// The same, if it helps on later rows.
    Auto,
}

impl FromStr for Seasonal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "off" => Ok(Self::Off),
            "half" => Ok(Self::Half),
            "auto" => Ok(Self::Auto),
            _ => Err("write off, half or auto".to_owned()),
        }
    }
}

impl fmt::Display for Seasonal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::Half => "half",
            Self::Auto => "auto",
        })
    }
}

/// What came of asking for a season.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The season that the model is to have.
    pub season: Option<Season>,
    /// What it did to the log-loss of later rows; none where the log is too short to tell.
    pub trial: Option<Trial>,
    /// Why the log cannot give one, or cannot tell whether it helps.
    pub missing: Option<String>,
}

/// The log that a model was trained on.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    /// Its events, finished.
    pub history: &'a History,
    /// The question.
    pub label: &'a Label,
    /// How a store treats the events.
    pub settings: Settings,
    /// Nothing later may be used, label windows included, ms UTC.
    pub until_ms: i64,
}

/// Learns a season for a trained model, where one is wanted.
///
/// # Errors
/// [`Error::DataTooSmall`] if it is wanted whatever later rows say and the log cannot give one; [`Error::NotConverged`].
pub fn learn(
    past: &Past<'_>,
    rows: &Rows,
    trained: &Trained,
    wanted: Seasonal,
) -> Result<Option<Found>, Error> {
    if wanted == Seasonal::Off {
        return Ok(None);
    }
    let found = match past.found(rows, trained, wanted)? {
        Ok(found) => found,
        Err(why) if wanted == Seasonal::Half => return Err(Error::DataTooSmall(why)),
        Err(why) => Found {
            missing: Some(why),
            ..Found::default()
        },
    };
    Ok(Some(found))
}

/// A fit, and the rows on which its shift is judged.
struct Trying {
    cutoff_ms: i64,
    score: Vec<usize>,
    log_odds: Vec<f64>,
    scorer: Scorer,
}

/// The forecasts of a scorer (by number) at an instant.
struct Told {
    at: i64,
    scorer: usize,
    customers: Vec<Customer>,
    log_odds: Vec<f64>,
}

impl Past<'_> {
    /// The season, or why there can be none.
    fn found(
        &self,
        rows: &Rows,
        trained: &Trained,
        wanted: Seasonal,
    ) -> Result<Result<Found, String>, Error> {
        let points = match self.points() {
            Ok(points) => points,
            Err(why) => return Ok(Err(why)),
        };
        let tried = self.tried(rows, trained)?;
        if tried.is_empty() && wanted == Seasonal::Auto {
            return Ok(Err(self.too_short_to_judge()));
        }
        let own = Scorer::of_columns(
            &trained.columns,
            trained.intercept,
            trained.calibration,
            constants(rows.population.as_ref(), self.label),
        )?;
        let mut told: Vec<Told> = points.iter().map(|at| Told::nothing(*at, 0)).collect();
        let earlier = tried.iter().zip(1..);
        told.extend(earlier.map(|(t, i)| Told::nothing(t.cutoff_ms - YEAR_DAYS * DAY_MS, i)));
        let scorers: Vec<&Scorer> = std::iter::once(&own)
            .chain(tried.iter().map(|t| &t.scorer))
            .collect();
        let halves = self.halves(&scorers, &mut told);
        let (shifts, others) = halves.split_at(points.len());
        let Some(shifts) = shifts.iter().copied().collect::<Option<Vec<f64>>>() else {
            return Ok(Err(format!(
                "a seasonal intercept needs {LEAST} customers, some who left and some who stayed, on every date of the \
                 year before the end"
            )));
        };
        let mut judged = Judged::default();
        for (trying, shift) in tried.iter().zip(others) {
            if let Some(shift) = shift {
                judged.add(rows, &trying.score, &trying.log_odds, |x| x + shift);
            }
        }
        let trial = judged.trial();
        let is_taken = wanted == Seasonal::Half || trial.is_some_and(|trial| trial.helps);
        let season = Season {
            from_ms: self.until_ms,
            step_days: (cutoffs::step_ms(self.label.horizon_days) / DAY_MS) as u32,
            shifts,
        };
        Ok(Ok(Found {
            season: is_taken.then_some(season),
            trial,
            missing: None,
        }))
    }

    /// Instants a year before the points, ascending; or why there are none.
    fn points(&self) -> Result<Vec<i64>, String> {
        let horizon_days = i64::from(self.label.horizon_days);
        if horizon_days > YEAR_DAYS {
            return Err(format!(
                "a year before the end is less than the horizon of {horizon_days} days ago: no seasonal intercept can be told"
            ));
        }
        let (first, last) = (
            self.until_ms - YEAR_DAYS * DAY_MS,
            self.until_ms - self.label.horizon_ms(),
        );
        if first < self.earliest() {
            return Err(self.too_short("a seasonal intercept", 0));
        }
        let step = cutoffs::step_ms(self.label.horizon_days);
        Ok((0..)
            .map(|k| first + k * step)
            .take_while(|at| *at <= last)
            .collect())
    }

    /// The first instant whose population the log holds whole: before it nobody is known for long, which looks like a
    /// season and is none.
    fn earliest(&self) -> i64 {
        let first = self.history.first_ms().unwrap_or(self.until_ms);
        let days = self.label.horizon_days.max(self.label.active_days);
        cutoffs::earliest(first, days)
    }

    fn too_short(&self, what: &str, more_days: i64) -> String {
        let first = self.history.first_ms().unwrap_or(self.until_ms);
        let have = (self.until_ms - first).max(0).div_euclid(DAY_MS);
        let need = (self.earliest() - first).div_euclid(DAY_MS) + YEAR_DAYS + more_days;
        format!("{what} needs {need} days of events, there are {have}")
    }

    fn too_short_to_judge(&self) -> String {
        let what = "telling whether a seasonal intercept helps";
        self.too_short(what, i64::from(self.label.horizon_days))
    }

    /// Fits that knew what had come true by the last cutoffs, where the log reaches a year further back.
    fn tried(&self, rows: &Rows, trained: &Trained) -> Result<Vec<Trying>, Error> {
        let mut tried = Vec::new();
        for i in (0..rows.cutoffs.len()).rev().take(JUDGED) {
            let cutoff_ms = rows.cutoffs[i];
            let fold = Fold::later(rows, self.label, i);
            if cutoff_ms - YEAR_DAYS * DAY_MS < self.earliest() || !fold.carries(rows) {
                continue;
            }
            let (weights, log_odds) = fitted(rows, trained, &fold)?;
            let log_odds = log_odds.into_iter().map(|x| trained.corrected(x));
            let mut columns = trained.columns.clone();
            for (column, weight) in columns.iter_mut().zip(&weights) {
                column.coefficient = *weight;
            }
            tried.push(Trying {
                cutoff_ms,
                score: fold.score().to_vec(),
                log_odds: log_odds.collect(),
                scorer: Scorer::of_columns(
                    &columns,
                    weights[columns.len()],
                    trained.calibration,
                    constants(rows.population.as_ref(), self.label),
                )?,
            });
        }
        Ok(tried)
    }

    /// Half the shift of each forecast that is to be told, in its order.
    fn halves(&self, scorers: &[&Scorer], told: &mut [Told]) -> Vec<Option<f64>> {
        let mut instants: Vec<i64> = told.iter().map(|told| told.at).collect();
        instants.sort_unstable();
        instants.dedup();
        let mut scratches: Vec<_> = scorers.iter().map(|scorer| scorer.scratch()).collect();
        let settings = Settings {
            stats: Some(choice::occasion(&self.label.kind)),
            ..self.settings
        };
        let walked = self
            .history
            .walk(self.label, settings, &instants, &mut |snapshot| {
                let now = snapshot.cutoff_ms;
                for told in told.iter_mut().filter(|told| told.at == now) {
                    let (scorer, scratch) = (scorers[told.scorer], &mut scratches[told.scorer]);
                    for (customer, ix) in snapshot.members {
                        told.customers.push(*customer);
                        let log_odds = scorer.log_odds(snapshot.store, *ix, now, scratch);
                        told.log_odds.push(log_odds);
                    }
                }
            });
        let half = |told: &Told| {
            let left = walked.left(self.label, told.at, &told.customers);
            shift(&told.log_odds, &left).map(|whole| nine(whole / 2.0))
        };
        told.iter().map(half).collect()
    }
}

impl Told {
    fn nothing(at: i64, scorer: usize) -> Self {
        Self {
            at,
            scorer,
            customers: Vec::new(),
            log_odds: Vec::new(),
        }
    }
}

/// The shift of these log-odds at which their mean probability is the share that left; none where too few rows, or
/// those of one outcome only, tell it.
fn shift(log_odds: &[f64], left: &[bool]) -> Option<f64> {
    let gone = left.iter().filter(|left| **left).count();
    if left.len() < LEAST || gone == 0 || gone == left.len() {
        return None;
    }
    let (mut lo, mut hi) = (-REACH, REACH);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(lo, hi);
        let expected: f64 = log_odds.iter().map(|x| probability(x + middle)).sum();
        if expected < gone as f64 {
            lo = middle;
        } else {
            hi = middle;
        }
    }
    Some(f64::midpoint(lo, hi))
}

#[cfg(test)]
mod tests;
