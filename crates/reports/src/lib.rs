//! Retention figures: histories of customers in, figures out, by way of partial sums that merge.
//!
//! Pure: no I/O, no clock, no randomness. The time zone is handed in. Figures are the same however the customers were
//! split into [`Partials`] and in whatever order those were merged.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`act`] | a customer's history as the figures need it |
//! | [`calendar`] | whole periods of a time zone: days, weeks, months, years |
//! | [`terms`] | what figures are made under |
//! | [`partials`], [`figures`] | sums over some customers, and what is told of all of them |
//! | [`periods`] | per period: customers, retention, buyers, orders, revenue, carts |
//! | [`checkout`] | how checkouts end, how long they take, clicks, stored means of payment |
//! | [`cohorts`] | who stays of those who came together |
//! | [`funnel`] | how far customers get |
//! | [`activation`] | the way from the sign-up to first value |
//! | [`mails`] | what people do after a click on the mail about a cart |
//! | [`orders`] | how often, how soon again, and what goes with it |
//! | [`value`] | what customers are worth and cost |
//! | [`service`], [`feedback`], [`campaigns`] | tickets, opinions, campaigns and reasons to leave |
//! | [`forecast`] | the next periods, with intervals tried on the past |
//! | [`goal`] | whether a goal is within reach |
//! | [`moves`] | segments, which another crate finds |
//! | [`live`] | the same figures of a log that goes on, partition by partition |
//! | `presence`, `carts`, `rate` | who is a customer when, carts, shares and medians |
//!
//! ```
//! use holdfast_events::EventType;
//! use holdfast_reports::{Abandons, Act, Calendar, Customer, Figures, Moves, Partials, Period, Said, Terms};
//! use jiff::tz::TimeZone;
//!
//! let day = 86_400_000;
//! let buys = |ts| Act { ts, kind: EventType::Purchase, minor: Some(1_990), said: Said::Nothing };
//! let acts = [buys(1_767_225_600_000), buys(1_767_225_600_000 + 40 * day)];
//! let calendar = Calendar::over(Period::Month, &TimeZone::UTC, (acts[0].ts, acts[1].ts)).unwrap();
//! let terms = Terms { calendar, alive_days: 60, exponent: 2, abandons: Abandons::default() };
//! let mut partials = Partials::new(terms);
//! partials.add(&Customer { acts: &acts, source: None, choices: &[] });
//! let figures = Figures::of(&partials, &Moves::default()).unwrap();
//! assert_eq!(figures.periods[1].crr, Some(100.0));
//! assert_eq!(figures.periods[1].revenue, 19.9);
//! ```
#![warn(missing_docs)]

pub mod act;
pub mod activation;
pub mod calendar;
pub mod campaigns;
pub mod checkout;
pub mod cohorts;
pub mod error;
pub mod feedback;
pub mod figures;
pub mod forecast;
pub mod funnel;
pub mod goal;
pub mod live;
pub mod mails;
pub mod moves;
pub mod orders;
pub mod partials;
pub mod periods;
pub mod service;
pub mod terms;
pub mod value;

mod carts;
mod presence;
mod rate;

pub use act::{Act, Customer, Question, Said, Speaker};
pub use calendar::{Calendar, Period};
pub use carts::Abandons;
pub use error::Error;
pub use figures::Figures;
pub use goal::{Goal, Goods};
pub use moves::Moves;
pub use partials::Partials;
pub use periods::PeriodFigures;
pub use terms::Terms;
