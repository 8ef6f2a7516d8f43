//! Where a customer stands beyond the churn score: segment, silence, contract, carts, surveys, rewards, service, contact.
//!
//! A [`Tracker`] stands beside the customers' [`Store`](holdfast_features::Store) of one partition. It hears of each
//! event that was applied and of time, keeps a few bytes per customer, and says what changed as [`Notice`]s, each
//! dated at the instant at which it became true: an event's, or one that silence reached. It decides nothing about
//! alerts; what an alert has to know of the customer is its [`Profile`].
//!
//! | module | what it is |
//! | --- | --- |
//! | [`settings`] | time zone, cut points, spans; checked by whoever reads the configuration |
//! | [`segment`] | recency, frequency and monetary scores, named segments, value tier |
//! | [`tracker`] | one partition's customers: events and time in, notices out |
//! | [`part`] | what all parts have in common; one module beneath it for each |
//! | [`notice`] | what goes out, and what was the cause |
//! | [`profile`] | what an alert has to know |
//! | [`table`] | rows by customer that images share |
//! | [`stamp`] | an instant in six bytes |
#![warn(missing_docs)]

pub mod notice;
pub mod part;
pub mod profile;
pub mod segment;
pub mod settings;
pub mod stamp;
pub mod table;
pub mod tracker;

pub use notice::{Cause, Move, Notes, Notice, Topic};
pub use profile::Profile;
pub use segment::{Cuts, Scores, Segment, Tier};
pub use settings::Settings;
pub use tracker::{Seen, Tracker, TrackerImage};

/// Milliseconds of a day without a change of clocks.
pub const DAY_MS: i64 = 86_400_000;
/// Milliseconds of an hour.
pub const HOUR_MS: i64 = 3_600_000;
