//! Log-odds of one customer at one instant, proven bounds of them over a span, and reasons.

use holdfast_features::{Constants, FeatureId, Ix, Plan, Store, Transform};

use crate::curve::Curve;
use crate::file::Column;
use crate::season::Season;
use crate::transform::Logs;
use crate::{Calibration, Error, Model};

mod counterfactual;
mod explain;

pub use counterfactual::Counterfactual;
pub use explain::{Contribution, Explanation, Part};

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
    season: Option<Season>,
    logs: Logs,
}

/// One column; or the columns of one feature under one transform and clip, if there are splines among them.
#[derive(Clone, Debug)]
struct Term {
    transform: Transform,
    lo: f64,
    hi: f64,
    shape: Shape,
}

/// What is added at a transformed value.
#[derive(Clone, Debug)]
enum Shape {
    /// A coefficient per unit, and the mean of the values.
    Line { weight: f64, mean: f64 },
    /// A curve, and what it adds where all of its columns are at their means.
    Curve { curve: Box<Curve>, mean: f64 },
}

fn weight(column: &Column) -> f64 {
    column.coefficient / column.scale
}

impl Term {
    /// Of columns that are alike but for their splines; there is one alone if none has a spline. All of it times a
    /// calibration's slope.
    fn of(columns: &[&Column], slope: f64) -> Self {
        let weight = |column: &Column| slope * weight(column);
        let first = columns[0];
        let [lo, hi] = first.clip.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
        let straight = columns.iter().filter(|column| column.spline.is_none());
        let line = straight.map(|column| weight(column)).sum();
        let bent: Vec<_> = columns
            .iter()
            .filter_map(|column| Some((column.spline.as_ref()?, weight(column))))
            .collect();
        let shape = if bent.is_empty() {
            Shape::Line {
                weight: line,
                mean: first.mean,
            }
        } else {
            Shape::Curve {
                curve: Box::new(Curve::new(line, &bent)),
                mean: columns
                    .iter()
                    .map(|column| weight(column) * column.mean)
                    .sum(),
            }
        };
        Self {
            transform: first.transform,
            lo,
            hi,
            shape,
        }
    }

    /// What is added where every column is at its mean.
    fn at_mean(&self) -> f64 {
        match &self.shape {
            Shape::Line { weight, mean } => weight * mean,
            Shape::Curve { mean, .. } => *mean,
        }
    }

    #[inline]
    fn at(&self, x: f64) -> f64 {
        match &self.shape {
            Shape::Line { weight, .. } => weight * x,
            Shape::Curve { curve, .. } => curve.value(x),
        }
    }

    /// What is added above that of the mean.
    fn above_mean(&self, x: f64) -> f64 {
        match &self.shape {
            Shape::Line { weight, mean } => weight * (x - mean),
            Shape::Curve { curve, mean } => curve.value(x) - mean,
        }
    }

    fn range(&self, from: f64, to: f64) -> (f64, f64) {
        match &self.shape {
            Shape::Curve { curve, .. } => curve.range(from, to),
            Shape::Line { weight, .. } => {
                let (a, b) = (weight * from, weight * to);
                (a.min(b), a.max(b))
            }
        }
    }
}

/// The columns in groups that one [`Term`] can hold, in the order of their first ones.
fn grouped(columns: &[Column]) -> Vec<Vec<&Column>> {
    let knots = |column: &Column| column.spline.as_ref().map(|spline| spline.knots.clone());
    let is_alike = |a: &Column, b: &Column| {
        (&a.feature, a.transform, a.clip) == (&b.feature, b.transform, b.clip)
    };
    let mut groups: Vec<Vec<&Column>> = Vec::new();
    for column in columns {
        // A straight column opens a group, splines of one basis join it.
        let fits = |group: &&mut Vec<&Column>| {
            let bent = group.iter().find_map(|other| knots(other));
            column.spline.is_some()
                && group.iter().all(|other| is_alike(other, column))
                && bent.is_none_or(|bent| Some(bent) == knots(column))
        };
        match groups.iter_mut().find(fits) {
            Some(group) => group.push(column),
            None => groups.push(vec![column]),
        }
    }
    groups
}

/// Reusable buffers of one thread.
#[derive(Clone, Debug)]
pub struct Scratch {
    values: Vec<f64>,
    spans: Vec<(f64, f64)>,
}

impl Scratch {
    /// The features of the last customer that was scored, in plan order.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }
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
        let (columns, intercept) = (model.columns(), model.intercept());
        let scorer = Self::of_columns(columns, intercept, model.calibration(), model.constants())?;
        Ok(Self {
            season: model.season().cloned(),
            ..scorer
        })
    }

    /// Without a season.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub(crate) fn of_columns(
        columns: &[Column],
        intercept: f64,
        calibration: Option<Calibration>,
        constants: Constants,
    ) -> Result<Self, Error> {
        let groups = grouped(columns);
        let ids = groups.iter().map(|group| crate::file::known(group[0]));
        let ids = ids.collect::<Result<Vec<_>, _>>()?;
        // A calibration's scale goes into every share and its shift into the base, so that reasons still add up.
        let as_it_is = Calibration {
            slope: 1.0,
            intercept: 0.0,
        };
        let calibration = calibration.unwrap_or(as_it_is);
        let terms = groups
            .iter()
            .map(|group| Term::of(group, calibration.slope));
        let terms: Vec<Term> = terms.collect();
        let intercept = calibration.apply(intercept);
        let bias = terms
            .iter()
            .fold(intercept, |bias, term| bias - term.at_mean());
        let plan = Plan::new(&ids).with_constants(constants);
        Ok(Self {
            plan,
            ids,
            terms,
            intercept,
            bias,
            season: None,
            logs: Logs::new(),
        })
    }

    /// The features that the model needs, one for each group of columns that are alike.
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
        let log_odds = self.log_odds_of(&scratch.values);
        match &self.season {
            Some(season) => log_odds + season.at(now),
            None => log_odds,
        }
    }

    /// Log-odds of feature values in plan order, without the season.
    #[must_use]
    pub fn log_odds_of(&self, values: &[f64]) -> f64 {
        let mut sum = self.bias;
        for (term, x) in self.terms.iter().zip(values) {
            sum += term.at(self.transformed(term, *x));
        }
        sum
    }

    /// Bounds `(lo, hi)` of the log-odds over every instant of `from..=to` (ms UTC), if no event comes
    /// and no timer fires. They hold because transforms and clips are monotone, and the turns of curves and of the season
    /// are known. Allocates nothing.
    #[must_use]
    pub fn bounds(
        &self,
        store: &Store,
        ix: Ix,
        span: std::ops::RangeInclusive<i64>,
        scratch: &mut Scratch,
    ) -> (f64, f64) {
        let season = self.season.as_ref();
        let (least, most) = season.map_or((0.0, 0.0), |s| s.range(*span.start(), *span.end()));
        store.bounds(ix, span, &self.plan, &mut scratch.spans);
        let (mut lo, mut hi) = (self.bias + least, self.bias + most);
        for (term, (least, greatest)) in self.terms.iter().zip(&scratch.spans) {
            let from = self.transformed(term, *least);
            let to = if least == greatest {
                from
            } else {
                self.transformed(term, *greatest)
            };
            let (a, b) = term.range(from, to);
            lo += a;
            hi += b;
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
