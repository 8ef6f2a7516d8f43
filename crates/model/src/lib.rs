//! Logistic churn model: training rows, linfa fit, model file, scoring, reasons, metrics.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`label`] | what counts as having left, and for whom it is predicted |
//! | [`history`] | a whole event log in memory, streamed through the feature store up to each cutoff |
//! | [`cutoffs`] | at which instants training and test rows are taken |
//! | [`horizon`] | which horizon the gaps between purchases suggest |
//! | [`start`] | customers who are older than the log |
//! | [`rows`], [`design`] | training rows, and the clipped, transformed, standardised matrix made of them |
//! | [`choice`], [`population`] | the features that a model is offered, and what they need to know of the population |
//! | [`fit`], [`newton`] | linfa-logistic with every result checked; the solver that checks it |
//! | [`btyd`] | BG/NBD and MBG/NBD: alive or gone, and no purchase within a horizon, from a customer's dates alone |
//! | [`baselines`] | what a model has to beat: an RFM rule, a plain logistic model, BG/NBD and MBG/NBD |
//! | [`train`] | choice of the penalty and the way from rows to a model |
//! | [`unseen`], [`lift`] | rows that a fit has not seen, and whether the model is any use on them |
//! | [`platt`] | a correction of the log-odds, where later rows say that it helps |
//! | [`buyer`], [`segments`] | what a customer has bought, and where the fifths of recency, frequency and money end |
//! | [`spend`], [`value`] | the gamma-gamma model, and what a customer is worth over a horizon |
//! | [`usual`] | the hour of the week in which customers act most |
//! | [`standing`] | where a probability stands among those of all, and what became of others scored alike |
//! | [`season`] | a shift of the log-odds over the year, where it is asked for |
//! | [`policy`] | the alert threshold, by capacity or by profit |
//! | [`mod@file`] | the model file: readable JSON with provenance, checked when it is loaded |
//! | [`curve`] | natural cubic splines |
//! | [`scorer`] | log-odds, proven bounds of them, and reasons that add up to them |
//! | [`contact`], [`lead`] | what contacting the top of the list brings, and how long before the loss an alert comes |
//! | [`watch`] | live predictions against their outcomes, and drift, in sums that need no order |
//! | [`metrics`] | ROC AUC, PR AUC, log-loss, Brier, ECE, lift with intervals over customers |
//!
//! No I/O, no clock, no randomness but the seeded draw of the bootstrap. Sums run in a fixed order on
//! one thread and transcendental functions come from `libm`: equal input gives equal bytes.
//!
//! ```
//! use holdfast_events::EventType;
//! use holdfast_features::{CartAbandon, DAY_MS, Input, Settings, Store};
//! use holdfast_model::{Model, Scorer, probability};
//!
//! let model = Model::from_json(br#"{
//!   "format": "holdfast-model/1", "id": "by-hand", "cart_abandon": {"source": "given"},
//!   "label": {"kind": "purchase", "horizon_days": 30, "active_days": 60},
//!   "intercept": -1.5, "columns": [{"feature": "days_since_last_purchase", "coefficient": 0.05}]
//! }"#)?;
//! let scorer = Scorer::new(&model)?;
//! let mut scratch = scorer.scratch();
//!
//! let mut store =
//!     Store::new(Settings { dedupe: true, cart_abandon: CartAbandon::Given, minor_exponent: 2, stats: None });
//! let customer = store.intern("c1");
//! let bought = 1_767_225_600_000;
//! let input = Input { kind: EventType::Purchase, ts: bought, minor: Some(1990), id_hash: 1, particulars: Default::default() };
//! store.apply(customer, &input);
//!
//! let later = scorer.explain(&store, customer, bought + 50 * DAY_MS, &mut scratch);
//! assert!((later.probability - probability(-1.5 + 0.05 * 50.0)).abs() < 1e-12);
//! assert_eq!(later.contributions[0].feature, "days_since_last_purchase");
//! # Ok::<(), holdfast_model::Error>(())
//! ```
#![warn(missing_docs)]

pub mod baselines;
pub mod btyd;
pub mod buyer;
pub mod choice;
pub mod contact;
pub mod curve;
pub mod cutoffs;
pub mod design;
pub mod error;
pub mod file;
pub mod fit;
pub mod history;
pub mod horizon;
pub mod label;
pub mod lead;
pub mod lift;
pub mod metrics;
pub mod newton;
pub mod platt;
pub mod policy;
pub mod population;
pub mod rows;
pub mod scorer;
pub mod season;
pub mod segments;
pub mod spend;
pub mod standing;
pub mod start;
pub mod train;
pub mod unseen;
pub mod usual;
pub mod value;
pub mod watch;

mod digits;
mod splitmix;
mod transform;

pub use buyer::Buyer;
pub use curve::Spline;
pub use error::Error;
pub use file::{CartSource, Column, Model, Population, Practice, Provenance};
pub use history::History;
pub use label::{Label, LabelKind};
pub use metrics::{Interval, Metrics};
pub use platt::Calibration;
pub use policy::Policy;
pub use scorer::{
    Contribution, Counterfactual, Explanation, Part, Scorer, Scratch, logit, probability,
};
pub use season::Season;
pub use segments::SegmentCuts;
pub use standing::{Alike, wilson};
pub use usual::UsualHour;
pub use value::{AtStake, Value, Worth, at_stake};
