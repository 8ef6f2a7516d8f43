//! linfa-logistic, with everything checked that it does not say.
//!
//! | trap of linfa-logistic 0.8.1 | what is done |
//! | --- | --- |
//! | the positive class is the more frequent one | coefficients are turned round by `labels()` |
//! | the tolerance is absolute on the summed gradient | it is 1e-4 x rows, as scikit-learn means it |
//! | a fit that did not converge is `Ok` | the gradient is computed anew; a large one is refused |
//! | perfectly separated rows are `Ok` | coefficients above 20 are refused |
//! | unscaled columns give garbage | only a [`Design`](crate::design::Design) is fitted |
//!
//! From nought linfa takes some fifty passes over a matrix that it packs anew each time. Two or three Newton steps bring
//! it near the optimum, so that it takes a few.
//!
//! linfa stops at its tolerance, some 1e-3 off the optimum in a coefficient, and its vectorised sums
//! differ in their last bits between machines. A few Newton steps from there reach the optimum itself,
//! so that equal input gives an equal model everywhere.

use linfa::Dataset;
use linfa::traits::Fit as _;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, ArrayView2};

use crate::Error;
use crate::newton::{Problem, Weights};

/// Iterations of L-BFGS; a standardised churn matrix needs some 20 to 60.
const MAX_ITERATIONS: u64 = 500;
/// linfa's tolerance per row.
const TOLERANCE: f64 = 1e-4;
/// linfa starts from weights whose last Newton step was shorter than this.
const NEAR: f64 = 0.1;
/// What linfa has to have reached, per row, with room for its last iteration.
const LINFA_REACHED: f64 = 1e-3;
/// What the final weights have to have reached, per row.
const REACHED: f64 = 1e-8;
/// A coefficient per standard deviation above this separates the outcomes.
const MAX_COEFFICIENT: f64 = 20.0;

/// A converged fit.
#[derive(Clone, Debug)]
pub struct Fit {
    /// Coefficients per standard deviation, the intercept last: log-odds of the positive outcome.
    pub weights: Weights,
    /// Standard error of each weight.
    pub standard_errors: Vec<f64>,
    /// Greatest change that the Newton steps made to linfa's weights.
    pub moved: f64,
}

/// Fits a problem. `names` are the features of the columns, for errors.
///
/// # Errors
/// [`Error::DataTooSmall`] for one outcome only, [`Error::NotConverged`], [`Error::Separated`], and
/// [`Error::Linfa`] if linfa refuses the rows.
pub fn fit(problem: &Problem<'_>, names: &[&str]) -> Result<Fit, Error> {
    let positive = problem.positive.iter().filter(|p| **p).count();
    if positive == 0 || positive == problem.positive.len() {
        let text = format!(
            "all {} training rows have one outcome",
            problem.positive.len()
        );
        return Err(Error::DataTooSmall(text));
    }
    let near = problem.approach(vec![0.0; problem.width + 1], NEAR);
    // Where no Newton step leads on, linfa says what is wrong.
    let first = match near.map(|near| with_linfa(problem, Some(&near))) {
        Some(Ok(weights)) => weights,
        _ => with_linfa(problem, None)?,
    };
    let unreached = |gradient| Error::NotConverged {
        gradient,
        iterations: MAX_ITERATIONS,
        alpha: problem.alpha,
    };
    let gradient = problem.mean_gradient(&first);
    if gradient.is_nan() || gradient > LINFA_REACHED {
        return Err(unreached(gradient));
    }
    let weights = problem
        .solve(first.clone())
        .ok_or_else(|| unreached(gradient))?;
    let gradient = problem.mean_gradient(&weights);
    if gradient.is_nan() || gradient > REACHED {
        return Err(unreached(gradient));
    }
    if let Some((name, w)) = names
        .iter()
        .zip(&weights)
        .find(|(_, w)| w.abs() > MAX_COEFFICIENT)
    {
        return Err(Error::Separated {
            feature: (*name).to_owned(),
            coefficient: *w,
        });
    }
    let standard_errors = problem
        .standard_errors(&weights)
        .ok_or_else(|| unreached(gradient))?;
    let moved = first
        .iter()
        .zip(&weights)
        .fold(0.0, |most: f64, (a, b)| most.max((a - b).abs()));
    Ok(Fit {
        weights,
        standard_errors,
        moved,
    })
}

/// linfa's weights, the intercept last, for the positive outcome whatever its frequency; sought from `start`, else from
/// nought.
///
/// # Errors
/// [`Error::Linfa`].
pub fn with_linfa(problem: &Problem<'_>, start: Option<&Weights>) -> Result<Weights, Error> {
    let rows = problem.positive.len();
    let matrix = ArrayView2::from_shape((rows, problem.width), problem.values)
        .map_err(|e| Error::Setting(format!("the training matrix has a wrong shape: {e}")))?;
    let outcomes = Array1::from_iter(problem.positive.iter().copied());
    let mut linfa = LogisticRegression::default()
        .alpha(problem.alpha)
        .max_iterations(MAX_ITERATIONS)
        .gradient_tolerance(TOLERANCE * rows as f64);
    if let Some(start) = start {
        let positive = problem.positive.iter().filter(|p| **p).count();
        let sign = if 2 * positive > rows { 1.0 } else { -1.0 };
        linfa = linfa.initial_params(start.iter().map(|w| sign * w).collect());
    }
    let model = linfa.fit(&Dataset::new(matrix.to_owned(), outcomes))?;
    let sign = if model.labels().pos.class { 1.0 } else { -1.0 };
    let mut weights: Weights = model.params().iter().map(|w| sign * w).collect();
    weights.push(sign * model.intercept());
    Ok(weights)
}

#[cfg(test)]
mod tests;
