//! Rows that a fit has not seen: later ones where the log is long enough, else those of other customers.
//!
//! What is chosen beside the weights (penalty, recalibration, threshold) and whether a model is worth anything at all
//! is judged on such rows only.

use crate::design::Design;
use crate::metrics::Scored;
use crate::newton::{Problem, Weights, dot};
use crate::rows::Rows;
use crate::splitmix::mix;
use crate::train::Trained;
use crate::{Error, Label, probability};

/// Least rows on either side.
const LEAST: usize = 200;

/// How rows were kept from the fit that scores them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// They are later: the fit knows labels that had ended by their cutoff.
    Later,
    /// They are other customers': two halves, each scored by the fit on the other.
    Others,
}

/// Row numbers to fit and to score.
#[derive(Clone, Debug)]
pub(crate) struct Fold {
    fit: Vec<usize>,
    score: Vec<usize>,
}

/// Rows with the log-odds of a fit that has not seen them.
#[derive(Clone, Debug)]
pub struct Unseen {
    /// How they were kept from it.
    pub way: Way,
    /// Row numbers, ascending.
    pub rows: Vec<usize>,
    /// The log-odds of each.
    pub log_odds: Vec<f64>,
}

impl Fold {
    /// The rows of a cutoff, and before them those whose labels had ended by it.
    pub(crate) fn later(rows: &Rows, label: &Label, cutoff: usize) -> Self {
        let at = rows.cutoffs[cutoff];
        let past = (0..cutoff).filter(|i| rows.cutoffs[*i] + label.horizon_ms() <= at);
        let known = past.map(|i| rows.range(i).end).max().unwrap_or(0);
        Self {
            fit: (0..known).collect(),
            score: rows.range(cutoff).collect(),
        }
    }

    /// Two halves of the customers, each scored by the fit on the other.
    fn halves(rows: &Rows) -> Vec<Self> {
        let (a, b): (Vec<usize>, Vec<usize>) =
            (0..rows.len()).partition(|row| mix(u64::from(rows.customer[*row])) & 1 == 0);
        let fold = |fit: &[usize], score: &[usize]| Self {
            fit: fit.to_vec(),
            score: score.to_vec(),
        };
        vec![fold(&a, &b), fold(&b, &a)]
    }

    /// Whether both sides hold enough rows, of both outcomes.
    pub(crate) fn carries(&self, rows: &Rows) -> bool {
        [&self.fit, &self.score].into_iter().all(|side| {
            let left = side.iter().filter(|row| rows.left[**row]).count();
            side.len() >= LEAST && left > 0 && left < side.len()
        })
    }

    pub(crate) fn score(&self) -> &[usize] {
        &self.score
    }
}

/// The last cutoff, scored by what was known then; over customers where that is too little.
pub(crate) fn folds(rows: &Rows, label: &Label) -> (Way, Vec<Fold>) {
    let later = Fold::later(rows, label, rows.cutoffs.len() - 1);
    if later.carries(rows) {
        (Way::Later, vec![later])
    } else {
        (Way::Others, Fold::halves(rows))
    }
}

/// Some rows of a design.
pub(crate) struct Part {
    values: Vec<f64>,
    positive: Vec<bool>,
    width: usize,
}

impl Part {
    fn of(rows: &Rows, design: &Design, wanted: &[usize]) -> Self {
        let values = wanted.iter().flat_map(|row| design.row(*row));
        Self {
            values: values.copied().collect(),
            positive: wanted.iter().map(|row| rows.left[*row]).collect(),
            width: design.width(),
        }
    }

    /// Both sides of a fold.
    pub(crate) fn both(rows: &Rows, design: &Design, fold: &Fold) -> (Self, Self) {
        let part = |wanted: &[usize]| Self::of(rows, design, wanted);
        (part(&fold.fit), part(&fold.score))
    }

    /// The weights of these rows under a penalty, sought from `start`.
    ///
    /// # Errors
    /// [`Error::NotConverged`].
    pub(crate) fn solve(&self, alpha: f64, start: Weights) -> Result<Weights, Error> {
        let problem = self.problem(alpha);
        problem.solve(start).ok_or(Error::NotConverged {
            gradient: f64::NAN,
            iterations: 0,
            alpha,
        })
    }

    /// The summed log-loss of these rows.
    pub(crate) fn loss(&self, weights: &[f64]) -> f64 {
        self.problem(0.0).loss(weights)
    }

    pub(crate) fn len(&self) -> usize {
        self.positive.len()
    }

    fn log_odds(&self, weights: &[f64]) -> Vec<f64> {
        let rows = self.values.chunks_exact(self.width);
        rows.map(|row| dot(row, weights)).collect()
    }

    fn problem(&self, alpha: f64) -> Problem<'_> {
        Problem {
            values: &self.values,
            positive: &self.positive,
            width: self.width,
            alpha,
        }
    }
}

/// The log-odds that a fit on one side of a fold, under a trained model's design and penalty, gives to the other.
///
/// # Errors
/// [`Error::NotConverged`].
pub(crate) fn scored(rows: &Rows, trained: &Trained, fold: &Fold) -> Result<Vec<f64>, Error> {
    Ok(fitted(rows, trained, fold)?.1)
}

/// The weights of that fit, and these log-odds.
///
/// # Errors
/// [`Error::NotConverged`].
pub(crate) fn fitted(
    rows: &Rows,
    trained: &Trained,
    fold: &Fold,
) -> Result<(Weights, Vec<f64>), Error> {
    let (fit, score) = Part::both(rows, &trained.design, fold);
    let weights = fit.solve(trained.alpha, trained.weights())?;
    let log_odds = score.log_odds(&weights);
    Ok((weights, log_odds))
}

/// Rows of a training, scored by fits of the same design and penalty that have not seen them.
///
/// # Errors
/// [`Error::NotConverged`].
pub fn unseen(rows: &Rows, label: &Label, trained: &Trained) -> Result<Unseen, Error> {
    let (way, folds) = folds(rows, label);
    let mut all: Vec<(usize, f64)> = Vec::new();
    for fold in &folds {
        let log_odds = scored(rows, trained, fold)?;
        all.extend(fold.score.iter().copied().zip(log_odds));
    }
    all.sort_unstable_by_key(|(row, _)| *row);
    let (rows, log_odds) = all.into_iter().unzip();
    Ok(Unseen {
        way,
        rows,
        log_odds,
    })
}

impl Unseen {
    /// The rows as figures want them, under a change of the log-odds.
    #[must_use]
    pub fn scored(&self, rows: &Rows, change: impl Fn(f64) -> f64) -> Vec<Scored> {
        let each = self.rows.iter().zip(&self.log_odds);
        each.map(|(row, log_odds)| Scored {
            p: probability(change(*log_odds)),
            left: rows.left[*row],
            customer: rows.customer[*row],
        })
        .collect()
    }
}
