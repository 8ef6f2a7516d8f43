//! Log-odds of one customer at one instant, proven bounds of them over a span, and reasons.

use holdfast_features::{FeatureId, Ix, Plan, Store, Transform};

use crate::transform::Logs;
use crate::{Error, Model};

mod explain;

pub use explain::{Contribution, Explanation};

/// Bounds are widened by this, far above what rounding can do to a sum of some hundred terms.
const ROUNDING: f64 = 1e-9;

/// A model made ready: scaler folded into the coefficients, names resolved.
#[derive(Clone, Debug)]
pub struct Scorer {
    plan: Plan,
    ids: Vec<FeatureId>,
    terms: Vec<Term>,
    /// Log-odds where every column is at its mean.
    intercept: f64,
    /// Log-odds where every transformed value is 0.
    bias: f64,
    logs: Logs,
}

#[derive(Clone, Copy, Debug)]
struct Term {
    transform: Transform,
    lo: f64,
    hi: f64,
    /// Coefficient per unit of the transformed value.
    weight: f64,
    mean: f64,
}

/// Reusable buffers of one thread.
#[derive(Clone, Debug)]
pub struct Scratch {
    values: Vec<f64>,
    spans: Vec<(f64, f64)>,
}

/// Probability of log-odds.
#[must_use]
pub fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-log_odds))
}

/// Log-odds of a probability in (0, 1).
#[must_use]
pub fn logit(p: f64) -> f64 {
    libm::log(p / (1.0 - p))
}

impl Scorer {
    /// Prepares a model.
    ///
    /// # Errors
    /// [`Error::Faults`] if it names an unknown feature, which a loaded model never does.
    pub fn new(model: &Model) -> Result<Self, Error> {
        let ids = model.features()?;
        let mut bias = model.intercept();
        let mut terms = Vec::with_capacity(ids.len());
        for column in model.columns() {
            let [lo, hi] = column.clip.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
            let weight = column.coefficient / column.scale;
            bias -= weight * column.mean;
            terms.push(Term {
                transform: column.transform,
                lo,
                hi,
                weight,
                mean: column.mean,
            });
        }
        let plan = Plan::new(&ids);
        Ok(Self {
            plan,
            ids,
            terms,
            intercept: model.intercept(),
            bias,
            logs: Logs::new(),
        })
    }

    /// The features the model needs, one for each column.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Buffers for this model.
    #[must_use]
    pub fn scratch(&self) -> Scratch {
        let len = self.terms.len();
        Scratch {
            values: vec![0.0; len],
            spans: vec![(0.0, 0.0); len],
        }
    }

    /// Log-odds of having left, for a customer at `now` (ms UTC). Allocates nothing.
    #[must_use]
    pub fn log_odds(&self, store: &Store, ix: Ix, now: i64, scratch: &mut Scratch) -> f64 {
        store.features(ix, now, &self.plan, &mut scratch.values);
        self.log_odds_of(&scratch.values)
    }

    /// Log-odds of feature values in plan order.
    #[must_use]
    pub fn log_odds_of(&self, values: &[f64]) -> f64 {
        let mut sum = self.bias;
        for (term, x) in self.terms.iter().zip(values) {
            sum += term.weight * self.transformed(term, *x);
        }
        sum
    }

    /// Bounds `(lo, hi)` of the log-odds over every instant of `from..=to` (ms UTC), if no event comes
    /// and no timer fires. They hold because transforms and clips are monotone. Allocates nothing.
    #[must_use]
    pub fn bounds(
        &self,
        store: &Store,
        ix: Ix,
        span: std::ops::RangeInclusive<i64>,
        scratch: &mut Scratch,
    ) -> (f64, f64) {
        store.bounds(ix, span, &self.plan, &mut scratch.spans);
        let (mut lo, mut hi) = (self.bias, self.bias);
        for (term, (least, greatest)) in self.terms.iter().zip(&scratch.spans) {
            let a = term.weight * self.transformed(term, *least);
            let b = if least == greatest {
                a
            } else {
                term.weight * self.transformed(term, *greatest)
            };
            lo += a.min(b);
            hi += a.max(b);
        }
        (lo - ROUNDING, hi + ROUNDING)
    }

    #[inline]
    fn transformed(&self, term: &Term, x: f64) -> f64 {
        self.logs.apply(term.transform, x.max(term.lo).min(term.hi))
    }
}

#[cfg(test)]
mod tests;
