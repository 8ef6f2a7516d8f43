//! What is done with event files and models offline: train, score, evaluate, explain.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`source`] | how an event file is to be read: decoding, currency, cart abandons |
//! | [`load`] | an event file as a history, with counts of what was left out |
//! | [`horizon`] | the horizon as given, or as gaps suggest it |
//! | [`judge`] | what a trained model is worth on rows that its fit had not seen |
//! | [`learn`] | `holdfast train`: a model file and what its report shows |
//! | [`policy`] | the alert threshold that a model brings along |
//! | [`practice`] | segments, value and where a probability stands, as a model brings them along |
//! | [`backtest`] | `holdfast evaluate`: learn from the past of a log, score its end |
//! | [`contacting`] | what the lists bring a team, and how early the alerts come |
//! | [`rivals`] | the baselines on the same test rows |
//! | [`mod@score`] | `holdfast score`: probabilities of a population at given instants |
//! | [`mod@explain`] | `holdfast explain`: one customer's score taken apart |
//! | [`views`] | figures and columns as the reports want them |
//!
//! Plain functions from settings to values; the command line prints and writes.

pub mod backtest;
pub mod contacting;
pub mod error;
pub mod explain;
pub mod horizon;
mod judge;
pub mod learn;
pub mod load;
pub mod policy;
mod practice;
pub mod rivals;
pub mod score;
pub mod source;
mod tables;
mod tested;
mod views;

pub use backtest::{Evaluation, evaluate};
pub use contacting::Means;
pub use error::Error;
pub use explain::{Ahead, Deadline, Explained, WayBack, explain};
pub use holdfast_model::season::Seasonal;
pub use horizon::Horizon;
pub use learn::{Learned, Lesson, train};
pub use load::Read;
pub use policy::Threshold;
pub use score::{Score, Scores, score};
pub use source::Source;

#[cfg(test)]
mod one_time;
#[cfg(test)]
mod seasonal;
#[cfg(test)]
mod tests;
