//! What a model file says of its own making.

use serde::{Deserialize, Serialize};

use crate::Metrics;

/// What the model was made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Program and version.
    pub made_by: String,
    /// Events that were used.
    pub events: u64,
    /// Customers in them.
    pub customers: u64,
    /// Smallest event time, ms UTC.
    pub first_ms: i64,
    /// Greatest event time, ms UTC.
    pub last_ms: i64,
    /// Nothing later was used, label windows included, ms UTC.
    pub until_ms: i64,
    /// Training rows.
    pub rows: u64,
    /// Share of them that left.
    pub base_rate: f64,
    /// L2 penalty on the summed loss (scikit-learn's 1/C).
    pub alpha: f64,
    /// Log-loss of each penalty that was tried, on rows later than those it was fitted on.
    pub validation: Vec<Tried>,
    /// Per cutoff, on the rows the model was fitted on.
    pub cutoffs: Vec<CutoffFigures>,
    /// Over all training rows: too good by nature.
    pub metrics: Metrics,
}

/// A penalty that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tried {
    /// L2 penalty.
    pub alpha: f64,
    /// Mean log-loss of the validation rows.
    pub log_loss: f64,
}

/// A training cutoff and the fit on its rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CutoffFigures {
    /// Instant of the rows, ms UTC.
    pub cutoff_ms: i64,
    /// Rows at this instant.
    pub rows: u64,
    /// Share of them that left.
    pub base_rate: f64,
    /// Figures on these rows.
    pub metrics: Metrics,
}
