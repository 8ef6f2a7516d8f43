//! From training rows to a model: choice of the penalty, fit, columns.

use crate::design::{ColumnSpec, Design, Dropped};
use crate::digits::nine;
use crate::file::{Column, Tried};
use crate::fit::{Fit, fit};
use crate::newton::{Problem, dot};
use crate::rows::Rows;
use crate::splitmix::mix;
use crate::{Error, Label};

/// L2 penalties that are tried, strongest first; on the summed loss of standardised columns.
pub const PENALTIES: [f64; 6] = [1000.0, 300.0, 100.0, 30.0, 10.0, 3.0];

/// Least rows, and least rows of each outcome, that are worth a fit.
const MIN_ROWS: usize = 50;
const MIN_OUTCOME: usize = 10;
/// Least rows on either side of the validation.
const MIN_VALIDATION: usize = 200;

/// A fitted model before provenance.
#[derive(Clone, Debug)]
pub struct Trained {
    /// Log-odds where every column is at its mean.
    pub intercept: f64,
    /// The columns.
    pub columns: Vec<Column>,
    /// The penalty.
    pub alpha: f64,
    /// Every penalty with its loss on later rows.
    pub validation: Vec<Tried>,
    /// Greatest change that the exact solver made to linfa's coefficients.
    pub moved: f64,
    /// The matrix that was fitted.
    pub design: Design,
}

/// Features that rise while a customer is silent.
const SILENCE: [&str; 4] = [
    "days_since_last_event",
    "days_since_last_purchase",
    "recency_over_gap",
    "gap_z",
];

/// How the names of features begin that rise with what a customer does.
const DOING: [&str; 12] = [
    "activity_",
    "cart_adds_",
    "checkouts_",
    "email_opens_",
    "engagements_",
    "page_views_",
    "purchase_days_",
    "purchase_trend_",
    "purchases_",
    "sessions_",
    "spend_",
    "uses_",
];

/// Trains on rows.
///
/// Where the label is a silence, a feature that measures silence may not lower the risk, and one that counts
/// what the customer does may not raise it. Such features are alike, so a free fit sets one against another:
/// the sum is hardly better, but the reasons read absurdly. The column that does so is left out, the worst first.
///
/// # Errors
/// [`Error::DataTooSmall`] if rows or outcomes are too few; all errors of [`fit`].
pub fn train(rows: &Rows, label: &Label) -> Result<Trained, Error> {
    enough(rows)?;
    let mut design = Design::of(rows)?;
    let validation = validate(rows, &design, label)?;
    // The first of equal ones: the stronger penalty.
    let best = validation
        .iter()
        .min_by(|a, b| a.log_loss.total_cmp(&b.log_loss));
    let alpha = best.map_or(PENALTIES[0], |tried| tried.alpha);
    if !label.kind.event_means_left() {
        leave_out_absurd(rows, &mut design, alpha);
    }
    let fitted = fit(&problem(rows, &design, alpha), &names(&design))?;
    Ok(Trained {
        intercept: nine(fitted.weights[design.width()]),
        columns: columns(&design.columns, &fitted),
        alpha,
        validation,
        moved: fitted.moved,
        design,
    })
}

fn problem<'a>(rows: &'a Rows, design: &'a Design, alpha: f64) -> Problem<'a> {
    Problem {
        values: &design.values,
        positive: &rows.left,
        width: design.width(),
        alpha,
    }
}

fn names(design: &Design) -> Vec<&'static str> {
    design
        .columns
        .iter()
        .map(|c| c.feature.describe().name)
        .collect()
}

/// Leaves out, one after another, the column that most makes silence a good sign or activity a bad one. Stops too
/// where the solver finds no optimum: the fit says so then.
fn leave_out_absurd(rows: &Rows, design: &mut Design, alpha: f64) {
    let mut start = vec![0.0; design.width() + 1];
    while design.width() > 1 {
        let Some(mut weights) = problem(rows, design, alpha).solve(start) else {
            return;
        };
        let names = names(design);
        let against = |i: usize| weights[i] * sense(names[i]);
        let worst = (0..names.len()).min_by(|a, b| against(*a).total_cmp(&against(*b)));
        let Some(column) = worst.filter(|i| against(*i) < 0.0) else {
            return;
        };
        design.leave_out(column, Dropped::AgainstSilence);
        // The optimum without it is near the one with it.
        weights.remove(column);
        start = weights;
    }
}

/// 1 for what may only raise the risk of silence, -1 for what may only lower it, 0 for what is free.
fn sense(feature: &str) -> f64 {
    if SILENCE.contains(&feature) {
        1.0
    } else if DOING.iter().any(|name| feature.starts_with(name)) {
        -1.0
    } else {
        0.0
    }
}

fn enough(rows: &Rows) -> Result<(), Error> {
    let left = rows.left.iter().filter(|left| **left).count();
    let stayed = rows.len() - left;
    if rows.len() < MIN_ROWS || left < MIN_OUTCOME || stayed < MIN_OUTCOME {
        return Err(Error::DataTooSmall(format!(
            "{} training rows ({left} left, {stayed} stayed) at {} cutoffs; at least {MIN_ROWS} rows and \
             {MIN_OUTCOME} of each outcome are needed",
            rows.len(),
            rows.cutoffs.len()
        )));
    }
    Ok(())
}

fn columns(specs: &[ColumnSpec], fitted: &Fit) -> Vec<Column> {
    let weights = fitted.weights.iter().zip(&fitted.standard_errors);
    let column = |(spec, (weight, error)): (&ColumnSpec, (&f64, &f64))| Column {
        feature: spec.feature.describe().name.to_owned(),
        transform: spec.transform,
        clip: Some([spec.lo, spec.hi]),
        spline: None,
        mean: spec.mean,
        scale: spec.scale,
        coefficient: nine(*weight),
        standard_error: Some(nine(*error)),
    };
    specs.iter().zip(weights).map(column).collect()
}

/// The loss of each penalty on rows that the fit has not seen.
///
/// Forward where there are cutoffs whose labels had ended by the last one: fitted on those, scored on
/// the last. Else over two halves of the customers, each scored by the fit on the other.
fn validate(rows: &Rows, design: &Design, label: &Label) -> Result<Vec<Tried>, Error> {
    let last = rows.cutoffs.len() - 1;
    let past = (0..last).filter(|i| rows.cutoffs[*i] + label.horizon_ms() <= rows.cutoffs[last]);
    let known = past.map(|i| rows.range(i).end).max().unwrap_or(0);
    let later = rows.range(last);
    let mut folds = vec![(
        part(rows, design, |row| row < known),
        part(rows, design, |row| row >= later.start),
    )];
    if !folds
        .iter()
        .all(|(fit, score)| fit.carries(MIN_VALIDATION) && score.carries(MIN_VALIDATION))
    {
        let half = |row: usize| mix(u64::from(rows.customer[row])) & 1 == 0;
        let (a, b) = (
            part(rows, design, half),
            part(rows, design, |row| !half(row)),
        );
        folds = vec![(a.clone(), b.clone()), (b, a)];
    }
    let mut sums = [0.0; PENALTIES.len()];
    for (fit, score) in &folds {
        let mut weights = vec![0.0; design.width() + 1];
        for (sum, alpha) in sums.iter_mut().zip(PENALTIES) {
            let problem = fit.problem(design.width(), alpha);
            let unreached = || Error::NotConverged {
                gradient: f64::NAN,
                iterations: 0,
                alpha,
            };
            weights = problem.solve(weights).ok_or_else(unreached)?;
            *sum += score.problem(design.width(), 0.0).loss(&weights);
        }
    }
    let scored: usize = folds.iter().map(|(_, score)| score.positive.len()).sum();
    let tried = |(alpha, sum): (f64, f64)| Tried {
        alpha,
        log_loss: nine(sum / scored as f64),
    };
    Ok(PENALTIES.into_iter().zip(sums).map(tried).collect())
}

/// Some rows of a design.
#[derive(Clone)]
struct Part {
    values: Vec<f64>,
    positive: Vec<bool>,
}

impl Part {
    fn problem(&self, width: usize, alpha: f64) -> Problem<'_> {
        Problem {
            values: &self.values,
            positive: &self.positive,
            width,
            alpha,
        }
    }

    fn carries(&self, rows: usize) -> bool {
        let left = self.positive.iter().filter(|left| **left).count();
        self.positive.len() >= rows && left > 0 && left < self.positive.len()
    }
}

fn part(rows: &Rows, design: &Design, wanted: impl Fn(usize) -> bool) -> Part {
    let mut part = Part {
        values: Vec::new(),
        positive: Vec::new(),
    };
    for row in (0..rows.len()).filter(|row| wanted(*row)) {
        part.values.extend_from_slice(design.row(row));
        part.positive.push(rows.left[row]);
    }
    part
}

/// Log-odds of a design row under the fitted weights, for agreement tests with other tools.
#[must_use]
pub fn log_odds(row: &[f64], trained: &Trained) -> f64 {
    let mut weights: Vec<f64> = trained.columns.iter().map(|c| c.coefficient).collect();
    weights.push(trained.intercept);
    dot(row, &weights)
}

#[cfg(test)]
mod tests;
