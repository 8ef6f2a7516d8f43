//! Decisions: at-risk episodes, silence deadlines, plain mode, alert values.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`settings`] | thresholds, durations, the silence switch: raw, then checked |
//! | [`decider`] | one partition's decisions: what an event, a timer or a deadline leads to |
//! | [`alert`] | the alert as subscribers get it, and its identity |
//! | [`journal`] | what state depends on and the input does not say, as records |
//! | [`counts`] | what was decided, by kind |
//! | [`image`] | what is remembered as of one instant, as bytes |
//! | `outlook` | which comparisons hold for a customer until when, if nothing happens |
//! | `solve` | the exact instant at which silence alone crosses a threshold |
//! | `agenda` | when to look at whom: marks per customer, buckets per hour, a heap for the current hour |
//! | `episode` | what is remembered of customers that were ever decided on |
//!
//! Nothing here reads a clock: time comes with the events, and [`Decider::advance`] is told how far it went.

#![warn(missing_docs)]

pub mod alert;
pub mod arm;
pub mod counts;
pub mod decider;
pub mod desk;
mod episode;
pub mod error;
pub mod image;
pub mod journal;
mod outlook;
pub mod settings;
mod solve;

pub use alert::{Alert, Kind, Trigger};
pub use arm::{Arm, Control};
pub use counts::Counts;
pub use decider::{Decider, Following, Seen};
pub use desk::Desk;
pub use error::Error;
pub use image::DeciderImage;
pub use settings::{Config, Format, Mode, Settings};

/// Milliseconds of a UTC day.
const DAY_MS: i64 = 86_400_000;
