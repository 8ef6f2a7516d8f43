//! From training rows to a model: choice of the penalty, fit, columns.

use crate::choice::{Bends, bends};
use crate::design::{ColumnSpec, Design};
use crate::digits::nine;
use crate::file::{Column, Tried};
use crate::fit::{Fit, fit};
use crate::newton::{Problem, Weights, dot};
use crate::platt::{self, Calibration, Trial};
use crate::rows::Rows;
use crate::unseen::{Part, folds};
use crate::{Error, Label};

/// L2 penalties that are tried, strongest first; on the summed loss of standardised columns.
pub const PENALTIES: [f64; 6] = [1000.0, 300.0, 100.0, 30.0, 10.0, 3.0];

/// Least rows, and least rows of each outcome, that are worth a fit.
const MIN_ROWS: usize = 50;
const MIN_OUTCOME: usize = 10;

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
    /// What a correction of the log-odds does on later rows; none where the log is too short to tell.
    pub recalibration: Option<Trial>,
    /// The correction, where it helps.
    pub calibration: Option<Calibration>,
    /// The matrix that was fitted.
    pub design: Design,
}

/// Trains on rows.
///
/// # Errors
/// [`Error::DataTooSmall`] if rows or outcomes are too few; all errors of [`fit`].
pub fn train(rows: &Rows, label: &Label) -> Result<Trained, Error> {
    enough(rows)?;
    let few = Attempt::of(rows, label, Bends::Few)?;
    let all = Attempt::of(rows, label, Bends::All)?;
    // Where they are equally good, the simpler one.
    let best = if all.least().1 < few.least().1 {
        all
    } else {
        few
    };
    let (alpha, _) = best.least();
    let Attempt { design, validation } = best;
    let fitted = fit(&problem(rows, &design, alpha), &names(&design))?;
    let mut trained = Trained {
        intercept: nine(fitted.weights[design.width()]),
        columns: columns(&design.columns, &fitted),
        alpha,
        validation,
        moved: fitted.moved,
        recalibration: None,
        calibration: None,
        design,
    };
    (trained.recalibration, trained.calibration) = platt::choose(rows, label, &trained)?;
    Ok(trained)
}

/// A design and what each penalty makes of it.
struct Attempt {
    design: Design,
    validation: Vec<Tried>,
}

impl Attempt {
    fn of(rows: &Rows, label: &Label, few_or_all: Bends) -> Result<Self, Error> {
        let design = Design::of(rows, |id| bends(&label.kind, id, few_or_all))?;
        let validation = validate(rows, &design, label)?;
        Ok(Self { design, validation })
    }

    /// The penalty with the least loss, and that loss. Of equal ones the first: the stronger penalty.
    fn least(&self) -> (f64, f64) {
        let least = self
            .validation
            .iter()
            .min_by(|a, b| a.log_loss.total_cmp(&b.log_loss));
        least.map_or((PENALTIES[0], f64::INFINITY), |tried| {
            (tried.alpha, tried.log_loss)
        })
    }
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
        spline: spec.spline.clone(),
        mean: spec.mean,
        scale: spec.scale,
        coefficient: nine(*weight),
        standard_error: Some(nine(*error)),
    };
    specs.iter().zip(weights).map(column).collect()
}

/// The loss of each penalty on rows that the fit has not seen.
fn validate(rows: &Rows, design: &Design, label: &Label) -> Result<Vec<Tried>, Error> {
    let (_, folds) = folds(rows, label);
    let mut sums = [0.0; PENALTIES.len()];
    let mut scored = 0;
    for fold in &folds {
        let (fit, score) = Part::both(rows, design, fold);
        scored += score.len();
        let mut weights = vec![0.0; design.width() + 1];
        for (sum, alpha) in sums.iter_mut().zip(PENALTIES) {
            weights = fit.solve(alpha, weights)?;
            *sum += score.loss(&weights);
        }
    }
    let tried = |(alpha, sum): (f64, f64)| Tried {
        alpha,
        log_loss: nine(sum / scored as f64),
    };
    Ok(PENALTIES.into_iter().zip(sums).map(tried).collect())
}

/// Log-odds of a design row under the fitted weights, without correction, for agreement tests with other tools.
#[must_use]
pub fn log_odds(row: &[f64], trained: &Trained) -> f64 {
    dot(row, &trained.weights())
}

impl Trained {
    /// Log-odds with the correction, where there is one.
    #[must_use]
    pub fn corrected(&self, log_odds: f64) -> f64 {
        self.calibration
            .map_or(log_odds, |calibration| calibration.apply(log_odds))
    }

    /// Coefficients per standard deviation, the intercept last.
    pub(crate) fn weights(&self) -> Weights {
        let coefficients = self.columns.iter().map(|c| c.coefficient);
        coefficients.chain([self.intercept]).collect()
    }
}

#[cfg(test)]
mod tests;
