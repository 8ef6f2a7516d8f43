//! Logistic churn model: training rows, linfa fit, model file, scoring, reasons, metrics.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`label`] | what counts as having left, and for whom it is predicted |
//! | [`history`] | a whole event log in memory, streamed through the feature store up to each cutoff |
//! | [`cutoffs`] | at which instants training and test rows are taken |
//! | [`rows`], [`design`] | training rows, and the clipped, transformed, standardised matrix made of them |
//! | [`fit`], [`newton`] | linfa-logistic with every result checked; the solver that checks it |
//! | [`train`] | choice of the penalty and the way from rows to a model |
//! | [`file`] | the model file: readable JSON with provenance, checked when it is loaded |
//! | [`scorer`] | log-odds, proven bounds of them, and reasons that add up to them |
//! | [`metrics`] | ROC AUC, PR AUC, log-loss, Brier, ECE, lift with intervals over customers |
//!
//! No I/O, no clock, no randomness but the seeded draw of the bootstrap. Sums run in a fixed order on
//! one thread and transcendental functions come from `libm`: equal input gives equal bytes.
#![warn(missing_docs)]

pub mod cutoffs;
pub mod design;
pub mod error;
pub mod file;
pub mod fit;
pub mod history;
pub mod label;
pub mod metrics;
pub mod newton;
pub mod rows;
pub mod scorer;
pub mod train;

mod digits;
mod splitmix;
mod transform;

pub use error::Error;
pub use file::{CartSource, Column, Model, Provenance, Thresholds};
pub use history::History;
pub use label::{Label, LabelKind};
pub use metrics::{Interval, Metrics};
pub use scorer::{Contribution, Explanation, Scorer, Scratch, logit, probability};
