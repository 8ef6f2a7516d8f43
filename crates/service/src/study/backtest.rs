//! `holdfast evaluate`: learn from the past of a log, score its end, compare with what happened.

use holdfast_features::DAY_MS;
use holdfast_model::file::Parts;
use holdfast_model::metrics::{Metrics, Scored};
use holdfast_model::rows::Rows;
use holdfast_model::train::Trained;
use holdfast_model::{Label, Model, cutoffs, season};
use serde::Serialize;

use super::contacting::{self, Contacting, Means, contacting};
use super::load::{Log, Read, load};
use super::rivals::{self, Rival, rivals};
use super::tested::Tested;
use super::{Error, Lesson, Source, horizon, learn, score, views};
use crate::report;

/// A backtest with all that is to be told about it.
#[derive(Debug)]
pub struct Evaluation {
    pub figures: Figures,
    pub report: report::Backtest,
    pub read: Read,
    /// Remarks for the person at the terminal.
    pub notes: Vec<String>,
}

/// What `metrics.json` holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    pub horizon_days: u32,
    pub label: String,
    pub active_days: u32,
    pub cutoffs: Vec<CutoffFigures>,
    pub overall: Overall,
    pub baselines: Vec<Rival>,
    pub contacting: Contacting,
}

/// One test cutoff.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CutoffFigures {
    pub cutoff_ms: i64,
    pub rows: u64,
    pub base_rate: f64,
    pub metrics: Metrics,
}

/// All test rows together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overall {
    pub metrics: Metrics,
}

/// Backtests: 3 test cutoffs at the end of the log, training on cutoffs whose labels had ended before the first.
/// With given training cutoffs their labels have to do so as well.
///
/// # Errors
/// Everything in [`Error`].
pub fn evaluate(source: &Source, lesson: &Lesson, means: &Means) -> Result<Evaluation, Error> {
    horizon::check(lesson)?;
    let mut log = load(source, lesson.label.clone(), None)?;
    let until_ms = lesson.until_ms.unwrap_or(cutoffs::day_end(log.last_ms));
    log.history.finish(until_ms);
    let (label, why) = horizon::settle(lesson, &log, until_ms)?;
    let test = cutoffs::test(until_ms, label.horizon_days);
    let train = training(&log, lesson, &label, (test[0], until_ms))?;
    let (rows, trained) = learn::fit(&log, source, &label, &train, test[0])?;
    let past = learn::past(&log, source, &label, test[0]);
    let season = season::learn::learn(&past, &rows, &trained, lesson.seasonal)?;
    let told = season.as_ref().map(views::season);
    let model = model(&log, source, &label, (&rows, &trained))?
        .with_season(season.and_then(|found| found.season))?;
    let (predicted, outcomes) = score::predict(&log, source, &model, &label, &test)?;
    let tested = Tested::of(&log, &label, (&predicted, &outcomes), &test);
    two_outcomes(&tested)?;
    let judged = tested.judge();
    let (rivals, left_out) = rivals(&log, source, &label, (&train, &test), (&tested, &judged))?;
    let contacting = contacting(&log, source, &model, (&tested, &outcomes), means)?;
    let overall = judged.overall.metrics();
    let cutoffs: Vec<CutoffFigures> = tested
        .cutoffs()
        .zip(&judged.cutoffs)
        .map(|((cutoff_ms, rows), drawn)| at_cutoff(cutoff_ms, rows, drawn.metrics()))
        .collect();
    let report = report::Backtest {
        task: views::task(&label, &log, source),
        span: views::span(&log, until_ms),
        fit: views::fit(&rows, &trained),
        cutoffs: cutoffs.iter().map(shown).collect(),
        overall: views::figures(&overall),
        curves: views::curves(&tested.by_id()),
        rivals: rivals.iter().map(rivals::shown).collect(),
        contacting: Some(contacting::shown(&contacting)),
    };
    let mut notes = learn::notes(&log, &rows, &why);
    notes.extend(left_out);
    notes.extend(told.iter().flat_map(report::Season::words));
    let figures = Figures {
        horizon_days: label.horizon_days,
        label: label.kind.name().to_owned(),
        active_days: label.active_days,
        cutoffs,
        overall: Overall { metrics: overall },
        baselines: rivals,
        contacting,
    };
    Ok(Evaluation {
        figures,
        report,
        notes,
        read: log.read,
    })
}

/// Cutoffs whose labels had ended before the first test cutoff.
fn training(
    log: &Log,
    lesson: &Lesson,
    label: &Label,
    (first_test_ms, until_ms): (i64, i64),
) -> Result<Vec<i64>, Error> {
    use holdfast_model::Error::DataTooSmall;
    if !lesson.train_cutoffs_ms.is_empty() {
        return Ok(lesson.train_cutoffs_ms.clone());
    }
    let first_ms = learn::first(log, until_ms)?;
    let found = cutoffs::training(first_ms, first_test_ms, label.horizon_days);
    Ok(found.map_err(|error| match error {
        DataTooSmall(text) => {
            let kept = (until_ms - first_test_ms) / DAY_MS;
            DataTooSmall(format!(
                "{text}; the last {kept} days are kept for the test"
            ))
        }
        other => other,
    })?)
}

/// The model that is judged.
fn model(
    log: &Log,
    source: &Source,
    label: &Label,
    (rows, trained): (&Rows, &Trained),
) -> Result<Model, Error> {
    let model = Model::new(Parts {
        id: "backtest".to_owned(),
        label: label.clone(),
        currency: log.currency.clone(),
        cart_abandon: source.carts().into(),
        intercept: trained.intercept,
        constants: rows.population,
        columns: trained.columns.clone(),
        training: None,
    })?;
    Ok(model.with_calibration(trained.calibration)?)
}

fn two_outcomes(tested: &Tested) -> Result<(), Error> {
    let (left, rows) = (tested.left(), tested.len());
    if left > 0 && left < rows {
        return Ok(());
    }
    let text = format!("{left} of {rows} test rows left: nothing to tell apart");
    Err(holdfast_model::Error::DataTooSmall(text).into())
}

fn at_cutoff(cutoff_ms: i64, rows: &[Scored], metrics: Metrics) -> CutoffFigures {
    let left = rows.iter().filter(|row| row.left).count();
    let base_rate = if rows.is_empty() {
        0.0
    } else {
        left as f64 / rows.len() as f64
    };
    CutoffFigures {
        cutoff_ms,
        rows: rows.len() as u64,
        base_rate,
        metrics,
    }
}

fn shown(cutoff: &CutoffFigures) -> report::TestCutoff {
    report::TestCutoff {
        cutoff_ms: cutoff.cutoff_ms,
        rows: cutoff.rows,
        base_rate: cutoff.base_rate,
        metrics: views::figures(&cutoff.metrics),
    }
}

impl Evaluation {
    /// The text of `metrics.json`.
    ///
    /// # Errors
    /// None that a finite figure can cause.
    pub fn metrics_json(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(&self.figures)? + "\n")
    }

    /// Tables for the terminal, not wider than 100 columns.
    #[must_use]
    pub fn table(&self) -> String {
        super::tables::tables(&self.figures)
    }
}

#[cfg(test)]
mod tests;
