//! Figures of predicted probabilities against outcomes, in f64, each with an interval over customers.
//!
//! | figure | meaning |
//! | --- | --- |
//! | `roc_auc` | probability that a random row that left has a higher score than one that stayed; ties count half |
//! | `pr_auc` | average precision, rows of equal score taken together |
//! | `log_loss` | mean of -ln of the probability given to what happened; probabilities held within 1e-6 of 0 and 1 |
//! | `brier` | mean squared difference |
//! | `ece` | mean over rows of the difference between predicted and observed share, in 10 equal bins |
//! | `lift10` | share that left in the tenth of the rows with the highest scores over the share in all |
//!
//! Intervals are percentiles of draws of customers. Only the calibration error's draws are moved first, by the
//! bootstrap's estimate of their bias (Efron and Tibshirani 1993, chapter 10: mean of the draws less the figure):
//! noise can but raise a mean of absolute gaps, a draw holds the noise of the sample and its own, and of a
//! well calibrated model all draws may lie above the figure.

use serde::{Deserialize, Serialize};

use crate::splitmix::SplitMix;

mod order;

use order::{Ordered, Weight};

/// Draws of the bootstrap.
pub const BOOTSTRAPS: usize = 300;
/// Place of the calibration error in [`Figures`].
const ECE: usize = 4;
/// Seed of the draws.
const SEED: u64 = 20_260_101;

/// A figure with its 95 % interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The figure on the rows themselves; NaN (null in JSON) where they don't define it.
    #[serde(with = "nullable")]
    pub value: f64,
    /// 2.5 % quantile over draws of customers.
    #[serde(with = "nullable")]
    pub lo: f64,
    /// 97.5 % quantile.
    #[serde(with = "nullable")]
    pub hi: f64,
}

/// The six figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Area under the ROC curve.
    pub roc_auc: Interval,
    /// Average precision.
    pub pr_auc: Interval,
    /// Mean log-loss, natural logarithm.
    pub log_loss: Interval,
    /// Mean squared error.
    pub brier: Interval,
    /// Expected calibration error.
    pub ece: Interval,
    /// Lift of the top tenth.
    pub lift10: Interval,
}

/// A scored row whose outcome is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// Predicted probability of having left.
    pub p: f64,
    /// Whether the customer left.
    pub left: bool,
    /// The customer, any number below 2^32: rows of one customer are drawn together.
    pub customer: u32,
}

/// The figures of one weighting of the rows, in the order of [`Metrics`].
type Figures = [f64; 6];

/// How much a prediction is better than another one of the same rows: its figure less the other's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Of the areas under the ROC curve; above 0 is better.
    pub roc_auc: Interval,
    /// Of the mean log-losses; below 0 is better.
    pub log_loss: Interval,
}

/// The figures of one prediction, on the rows themselves and on every draw of their customers.
#[derive(Clone, Debug)]
pub struct Drawn {
    values: Figures,
    draws: Vec<Figures>,
}

/// Figures with intervals from [`BOOTSTRAPS`] draws of customers. The rows come in the order of their
/// customers' ids (bytes): among equal scores the earlier row has the higher rank. Without rows all
/// figures are NaN.
#[must_use]
pub fn metrics(rows: &[Scored]) -> Metrics {
    Drawn::of(rows).metrics()
}

/// The draws of the customers of some rows: equal customers give equal draws.
pub(crate) struct Draws {
    /// The customers' numbers, ascending.
    customers: Vec<u32>,
}

impl Draws {
    pub(crate) fn of<'a>(rows: impl IntoIterator<Item = &'a Scored>) -> Self {
        let mut customers: Vec<u32> = rows.into_iter().map(|row| row.customer).collect();
        customers.sort_unstable();
        customers.dedup();
        Self { customers }
    }

    /// Where in a draw's counts a customer's is.
    pub(crate) fn place(&self, customer: u32) -> usize {
        self.customers.partition_point(|number| *number < customer)
    }

    /// Shows every draw: how often each customer is in it.
    pub(crate) fn each(&self, mut show: impl FnMut(&[u32])) {
        let mut draw = SplitMix::new(SEED);
        let mut counts = vec![0_u32; self.customers.len()];
        for _ in 0..BOOTSTRAPS {
            counts.fill(0);
            for _ in 0..counts.len() {
                let drawn = draw.below(self.customers.len() as u64) as usize;
                counts[drawn] += 1;
            }
            show(&counts);
        }
    }
}

impl Drawn {
    /// Computes them; rows as for [`metrics`].
    #[must_use]
    pub fn of(rows: &[Scored]) -> Self {
        let draws = Draws::of(rows);
        let ordered = Ordered::of(rows, &draws);
        let values = ordered.figures(&Weight::one());
        let mut drawn: Vec<Figures> = Vec::with_capacity(BOOTSTRAPS);
        draws.each(|counts| drawn.push(ordered.figures(&Weight::of(counts))));
        Self {
            values,
            draws: drawn,
        }
    }

    /// The figures with their intervals.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        let interval = |i: usize| {
            let mut draws: Vec<f64> = self.draws.iter().map(|d| d[i]).collect();
            if i == ECE {
                let bias = draws.iter().sum::<f64>() / draws.len() as f64 - self.values[i];
                draws.iter_mut().for_each(|x| *x = (*x - bias).max(0.0));
            }
            Interval::of(self.values[i], draws)
        };
        Metrics {
            roc_auc: interval(0),
            pr_auc: interval(1),
            log_loss: interval(2),
            brier: interval(3),
            ece: interval(ECE),
            lift10: interval(5),
        }
    }

    /// This prediction's figures less another's. Both are of the same rows, so each draw is of the same customers
    /// for both, and what is hard for both falls out.
    #[must_use]
    pub fn less(&self, other: &Self) -> Difference {
        let interval = |i: usize| {
            let draws = self.draws.iter().zip(&other.draws);
            let draws = draws.map(|(own, other)| own[i] - other[i]).collect();
            Interval::of(self.values[i] - other.values[i], draws)
        };
        Difference {
            roc_auc: interval(0),
            log_loss: interval(2),
        }
    }
}

impl Interval {
    /// A figure with the percentiles of its draws; those that are no number are left out.
    pub(crate) fn of(value: f64, mut draws: Vec<f64>) -> Self {
        draws.retain(|x| x.is_finite());
        draws.sort_by(f64::total_cmp);
        Self {
            value,
            lo: quantile(&draws, 0.025),
            hi: quantile(&draws, 0.975),
        }
    }
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let at = share * last as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(last);
    sorted[below] + (at - at.floor()) * (sorted[above] - sorted[below])
}

/// NaN is null in JSON.
mod nullable {
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "the signature serde asks for"
    )]
    pub(super) fn serialize<S: Serializer>(x: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        if x.is_finite() {
            serializer.serialize_f64(*x)
        } else {
            serializer.serialize_none()
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::NAN))
    }
}

#[cfg(test)]
mod tests;
