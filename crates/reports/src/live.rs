//! Figures of a running log: what a partition knows of each period that is over, and the sum over all partitions.
//!
//! | who | what |
//! | --- | --- |
//! | [`Daybook`], one per partition | notes events by local day, and closes a day once nothing more can come of it |
//! | [`Partial`] | what a partition says of a period that is over |
//! | [`Ledger`], one for all partitions | adds partials up, and tells of a period when everybody has spoken |
//! | [`Kpi`], [`Entry`] | what is told: the figures of a period, and who is worth writing to today |
//!
//! The figures are those of [`PeriodFigures`](crate::PeriodFigures) and equal to those of a whole log, as long as no event
//! comes later than the grace. What comes for a day that is closed counts in the next one, and is counted as late.
//!
//! A customer who does nothing costs no work: stocks are bit sets that are compared a word at a time when a period ends,
//! and only those who did something in a day are looked at.

mod bits;
mod came;
mod close;
mod day;
mod daybook;
mod image;
mod ledger;
mod open;
mod partial;
mod purse;
mod running;
mod tickets;
mod worklist;
mod worth;

pub use daybook::{Daybook, Happening};
pub use image::BookFault;
pub use ledger::{Ledger, Said, Told};
pub use partial::{Beside, Kpi, KpiCohort, KpiStep, Partial};
pub use tickets::{Answers, KpiAnswers, KpiService, Tickets};
pub use worklist::{Candidate, Entry, Reach, Reached, Withdrawn};
pub use worth::KpiValue;

use serde::{Deserialize, Serialize};

use crate::calendar::Period;
use crate::carts::Abandons;

/// What a daybook is kept under. Time zones are handed in beside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookTerms {
    /// The periods that are told of, beside days, which always are.
    pub periods: Vec<Period>,
    /// For how long a purchase makes a customer, ms.
    pub window_ms: i64,
    /// Where abandoned carts come from.
    pub abandons: Abandons,
}
