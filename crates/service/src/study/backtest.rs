//! `holdfast evaluate`: learn from the past of a log, score its end, compare with what happened.

use std::fmt::Write as _;

use holdfast_model::file::Parts;
use holdfast_model::metrics::{Metrics, Scored, metrics};
use holdfast_model::{Label, Model, cutoffs};
use serde::Serialize;

use super::load::{Read, load};
use super::{Error, Lesson, Source, learn, score, views};
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
pub fn evaluate(source: &Source, lesson: &Lesson) -> Result<Evaluation, Error> {
    let label = lesson.label()?;
    let mut log = load(source, label.kind.clone(), None)?;
    let until_ms = lesson.until_ms.unwrap_or(cutoffs::day_end(log.last_ms));
    log.history.finish(until_ms);
    learn::decidable(&log, &label)?;
    let test = cutoffs::test(until_ms, label.horizon_days);
    let train = match lesson.train_cutoffs_ms.as_slice() {
        [] => cutoffs::training(learn::first(&log, until_ms)?, test[0], label.horizon_days)?,
        given => given.to_vec(),
    };
    let (rows, trained) = learn::fit(&log, source, &label, &train, test[0])?;
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
    let (predicted, outcomes) = score::predict(&log, source, &model, &label, &test)?;
    let mut scored = Vec::with_capacity(predicted.len());
    let mut cutoffs = Vec::with_capacity(test.len());
    for cutoff_ms in test {
        let rows: Vec<&score::Predicted> = predicted
            .iter()
            .filter(|p| p.cutoff_ms == cutoff_ms)
            .collect();
        let customers: Vec<u32> = rows.iter().map(|p| p.customer).collect();
        let left = outcomes.left(&label, cutoff_ms, &customers);
        let rows = rows.iter().zip(left);
        let rows: Vec<Scored> = rows
            .map(|(p, left)| Scored {
                p: p.probability,
                left,
                customer: p.customer,
            })
            .collect();
        cutoffs.push(at_cutoff(cutoff_ms, &rows));
        scored.extend(rows);
    }
    two_outcomes(&scored)?;
    let (overall, scored) = learn::overall(&log, scored);
    let report = report::Backtest {
        task: views::task(&label, &log, source),
        span: views::span(&log, until_ms),
        fit: views::fit(&rows, &trained),
        cutoffs: cutoffs.iter().map(shown).collect(),
        overall: views::figures(&overall),
        curves: views::curves(&scored),
    };
    let figures = figures(&label, cutoffs, overall);
    Ok(Evaluation {
        figures,
        report,
        notes: learn::notes(&log, &rows),
        read: log.read,
    })
}

fn two_outcomes(scored: &[Scored]) -> Result<(), Error> {
    let left = scored.iter().filter(|row| row.left).count();
    if left > 0 && left < scored.len() {
        return Ok(());
    }
    let text = format!(
        "{left} of {} test rows left: nothing to tell apart",
        scored.len()
    );
    Err(holdfast_model::Error::DataTooSmall(text).into())
}

fn at_cutoff(cutoff_ms: i64, rows: &[Scored]) -> CutoffFigures {
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
        metrics: metrics(rows),
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

fn figures(label: &Label, cutoffs: Vec<CutoffFigures>, overall: Metrics) -> Figures {
    Figures {
        horizon_days: label.horizon_days,
        label: label.kind.name().to_owned(),
        active_days: label.active_days,
        cutoffs,
        overall: Overall { metrics: overall },
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

    /// A table for the terminal: a line for each cutoff and one for all rows, the 95 % interval of AUC and log-loss
    /// behind them.
    #[must_use]
    pub fn table(&self) -> String {
        let mut out = format!(
            "{:<12}{:>8}{:>7}  {:<22}{:>8}  {:<24}{:>8}{:>8}{:>8}\n",
            "cutoff", "rows", "left", "ROC AUC", "PR AUC", "log-loss", "Brier", "ECE", "lift10"
        );
        for cutoff in &self.figures.cutoffs {
            let day = jiff::Timestamp::from_millisecond(cutoff.cutoff_ms);
            let day = day.map_or_else(
                |_| cutoff.cutoff_ms.to_string(),
                |at| at.strftime("%Y-%m-%d").to_string(),
            );
            line(
                &mut out,
                &day,
                (cutoff.rows, cutoff.base_rate),
                &cutoff.metrics,
            );
        }
        let rows: u64 = self.figures.cutoffs.iter().map(|c| c.rows).sum();
        let left: f64 = self
            .figures
            .cutoffs
            .iter()
            .map(|c| c.base_rate * c.rows as f64)
            .sum();
        line(
            &mut out,
            "all",
            (rows, left / rows as f64),
            &self.figures.overall.metrics,
        );
        out
    }
}

fn line(out: &mut String, name: &str, (rows, left): (u64, f64), m: &Metrics) {
    let spread =
        |i: &holdfast_model::Interval| format!("{:.4} [{:.3}, {:.3}]", i.value, i.lo, i.hi);
    // Writing to a String cannot fail.
    _ = writeln!(
        out,
        "{name:<12}{rows:>8}{:>6.1}%  {:<22}{:>8.4}  {:<24}{:>8.4}{:>8.4}{:>8.2}",
        100.0 * left,
        spread(&m.roc_auc),
        m.pr_auc.value,
        spread(&m.log_loss),
        m.brier.value,
        m.ece.value,
        m.lift10.value
    );
}
