//! What a report is drawn from: plain values, no engine types, so that a report can be rendered from
//! a stored fixture as well as from a study that has just run.

use serde::{Deserialize, Serialize};

use super::choices::Choices;
use super::contacting::Contacting;

/// A figure with its 95 % interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    pub value: f64,
    pub lo: f64,
    pub hi: f64,
}

/// The six figures of the contract, for one cutoff or for all rows together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    pub roc_auc: Interval,
    pub pr_auc: Interval,
    pub log_loss: Interval,
    pub brier: Interval,
    pub ece: Interval,
    pub lift10: Interval,
}

/// Which silence (or event) counts as having left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// No purchase within the horizon.
    Purchase,
    /// No event of any kind within the horizon.
    Any,
    /// The named event within the horizon.
    Event(String),
}

/// What was predicted, for whom, how far ahead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    pub label: Label,
    pub horizon_days: u32,
    /// Population: active within so many days before the cutoff; 0 is ever.
    pub active_days: u32,
    /// Currency of the amounts, none if they were summed as they are or absent.
    pub currency: Option<String>,
    /// Where abandoned carts come from, in words such as `derived after 1h`.
    pub cart_abandon: String,
}

/// The events that were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub events: u64,
    pub customers: u64,
    /// Greatest and smallest accepted event time, ms UTC.
    pub first_ms: i64,
    pub last_ms: i64,
    /// Nothing later was used, label windows included, ms UTC.
    pub until_ms: i64,
}

/// One cutoff that gave training rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainCutoff {
    pub cutoff_ms: i64,
    pub rows: u64,
    /// Share of the rows that left.
    pub base_rate: f64,
}

/// One cutoff of the backtest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestCutoff {
    pub cutoff_ms: i64,
    pub rows: u64,
    pub base_rate: f64,
    pub metrics: Metrics,
}

/// One column of the model. Coefficient and standard error are per standard deviation of the
/// transformed, clipped feature, in log-odds of leaving.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    pub feature: String,
    pub transform: String,
    pub unit: String,
    pub formula: String,
    pub clip_lo: f64,
    pub clip_hi: f64,
    pub mean: f64,
    pub scale: f64,
    pub coefficient: f64,
    pub standard_error: f64,
}

/// The fitted model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// L2 penalty on the sum of losses (scikit-learn's 1/C).
    pub alpha: f64,
    pub rows: u64,
    pub intercept: f64,
    pub columns: Vec<Column>,
    pub cutoffs: Vec<TrainCutoff>,
}

/// A bin of predicted probabilities, `lo <= p < hi` (the last bin holds 1 too).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    pub lo: f64,
    pub hi: f64,
    pub left: u64,
    pub stayed: u64,
    /// Sum of the predicted probabilities of its rows.
    pub predicted: f64,
}

/// The rows ranked by risk, cut after the `share` at highest risk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Gain {
    /// Share of all rows that is contacted.
    pub share: f64,
    pub rows: u64,
    /// How many of those rows left.
    pub left: u64,
    /// Lowest probability among those rows.
    pub threshold: f64,
}

/// What the plots show, counted from predictions and outcomes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Curves {
    /// Ten equal bins, for calibration.
    pub calibration: Vec<Bin>,
    /// Ten bins of equally many rows, for the plot of calibration.
    #[serde(default)]
    pub deciles: Vec<Bin>,
    /// Twenty equal bins, for the distribution of the scores.
    pub scores: Vec<Bin>,
    /// Every twentieth of the ranking.
    pub gains: Vec<Gain>,
}

/// What a team would do without the model, on the same rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rival {
    /// As in `metrics.json`: `rfm_rule`, `rfm_logistic`, `mbg_nbd`, `bg_nbd`.
    pub name: String,
    pub metrics: Metrics,
    /// The model's ROC AUC less this one's, above 0 where the model is better.
    pub auc_gain: Interval,
    /// The model's log-loss less this one's, below 0 where the model is better.
    pub log_loss_change: Interval,
}

/// Everything the backtest report shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Backtest {
    pub task: Task,
    pub span: Span,
    pub fit: Fit,
    pub cutoffs: Vec<TestCutoff>,
    /// All test rows together.
    pub overall: Metrics,
    pub curves: Curves,
    /// None in a report that was stored before there were any.
    #[serde(default)]
    pub rivals: Vec<Rival>,
    #[serde(default)]
    pub contacting: Option<Contacting>,
}

/// Everything the training report and the model card show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Training {
    pub model_id: String,
    pub sha256: String,
    pub task: Task,
    pub span: Span,
    pub fit: Fit,
    /// Figures on the rows the model was fitted on: too good by nature, and shown as such.
    pub metrics: Metrics,
    pub curves: Curves,
    #[serde(default)]
    pub choices: Choices,
}

impl Column {
    /// The 95 % interval of the coefficient, normal approximation.
    pub(super) fn interval(&self) -> (f64, f64) {
        let reach = 1.96 * self.standard_error;
        (self.coefficient - reach, self.coefficient + reach)
    }
}
