//! The alert as subscribers get it, and its identity.

use holdfast_lifecycle::part::contact::{Basis, Channel};
use std::fmt::Write;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::arm::Arm;

mod advice;
mod experience;
mod standing;
mod text;
mod value;

pub(crate) use value::{Crossing, Decision, Voice};

/// What happened to the customer's episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Kind {
    /// The probability reached the opening threshold.
    Opened,
    /// It reached a higher band.
    Escalated,
    /// It came back to the closing threshold, or a named event did not come within the horizon.
    Recovered,
    /// The horizon passed without the label's activity.
    Lapsed,
    /// The customer left for good: the label's named event, or one of `hard_churn`.
    Churned,
}

impl Kind {
    /// Every kind, in the order of declaration.
    pub const ALL: [Self; 5] = [
        Self::Opened,
        Self::Escalated,
        Self::Recovered,
        Self::Lapsed,
        Self::Churned,
    ];

    /// The word in alerts and metric labels.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Escalated => "escalated",
            Self::Recovered => "recovered",
            Self::Lapsed => "lapsed",
            Self::Churned => "churned",
        }
    }

    /// Whether the episode goes on after it.
    #[must_use]
    pub fn leaves_open(self) -> bool {
        matches!(self, Self::Opened | Self::Escalated)
    }
}

/// What a decision was made at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Trigger<'a> {
    /// An event of the customer.
    Event {
        /// Its id.
        event_id: &'a str,
    },
    /// Nothing happened for long enough.
    Silence,
    /// One of the customer's own timers.
    Timer {
        /// Its name.
        name: &'a str,
    },
}

/// One alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// Equal for equal decisions, in every replay: see [`alert_id`].
    pub alert_id: String,
    /// The customer id, which is the key of the record.
    pub key: String,
    /// JSON.
    pub value: Vec<u8>,
    /// What happened.
    pub kind: Kind,
    /// When it happened, event time, ms UTC.
    pub as_of: i64,
    /// The probability at that instant.
    pub probability: f64,
    /// Whether the event being processed led to it (else silence or a timer did).
    pub by_event: bool,
    /// Whether the customer is to be alerted, or only to be decided on.
    pub arm: Arm,
    /// What is at stake, major units of the currency, times what the customer counts beyond its own value; none where the
    /// model says nothing of value.
    pub priority: Option<f64>,
    /// By what the customer can be reached, and on what basis; none where nobody keeps that, and where there is none.
    pub reach: (Option<Channel>, Option<Basis>),
    /// The decision without its reasons, JSON: what is known of both arms.
    pub decision: Vec<u8>,
}

/// Identity of a decision: the first 32 hex digits of the SHA-256 of the compact JSON array
/// `[tenant, customer, number, kind, as_of]`, in UTF-8 without needless escapes.
///
/// ```
/// use holdfast_policy::{Kind, alert::alert_id};
/// assert_eq!(alert_id("default", "c1", 1, Kind::Opened, 1_767_225_600_000), "17ae8c091bc58d8e1edf29317417079d");
/// ```
#[must_use]
pub fn alert_id(tenant: &str, customer: &str, number: u32, kind: Kind, as_of: i64) -> String {
    // Strings and integers: this cannot fail.
    let array =
        serde_json::to_string(&(tenant, customer, number, kind.name(), as_of)).unwrap_or_default();
    let mut hex = String::with_capacity(32);
    for byte in &Sha256::digest(array.as_bytes())[..16] {
        let written = write!(hex, "{byte:02x}");
        debug_assert!(written.is_ok());
    }
    hex
}
