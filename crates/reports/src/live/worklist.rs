//! Whom to write to today: candidates, and those among them who are worth most.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A customer whose episode opened or escalated on a day.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Candidate {
    /// The instant at which that day ends, ms UTC.
    pub day_end_ms: i64,
    /// Whom.
    pub customer_id: String,
    /// The alert's id.
    pub alert_id: String,
    /// What is at stake, major units, and what the customer counts beyond that; none where the model says nothing of value.
    pub priority: Option<f64>,
    /// By what the customer can be reached, and on what basis.
    #[serde(default)]
    pub reach: Reach,
    /// The alert as it was sent.
    pub alert: Box<RawValue>,
    /// The decision as it was published.
    pub decision: Box<RawValue>,
}

/// By what a customer can be reached, and on what basis; none if it cannot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// The channel.
    pub channel: Option<String>,
    /// The basis.
    pub lawful_basis: Option<String>,
}

/// That has changed, for the lists of all days that end after an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// The instant, ms UTC.
    pub after_ms: i64,
    /// Who.
    pub customer_id: String,
    /// As it is now.
    pub reach: Reach,
}

/// An episode that ended on a day, or an erased customer: who is on that day's list is taken off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// The instant at which that day ends, ms UTC.
    pub day_end_ms: i64,
    /// Whom.
    pub customer_id: String,
    /// Taken off the list of every day that ends later instead.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub later_days: bool,
}

impl Withdrawn {
    /// Off the lists of all days that end after this instant, ms UTC.
    #[must_use]
    pub fn after(at: i64, customer_id: &str) -> Self {
        Self {
            day_end_ms: at,
            customer_id: customer_id.to_owned(),
            later_days: true,
        }
    }
}

/// A record of the topic `worklist`.
#[derive(Clone, Debug, Serialize)]
pub struct Entry<'a> {
    /// The local day.
    pub day: &'a str,
    /// The instant at which it ended, ms UTC.
    pub as_of: i64,
    /// Place by priority, from 1.
    pub rank: u64,
    /// How many the day's list may hold; none where no budget is set.
    pub capacity: Option<u64>,
    /// How many were candidates.
    pub candidates: u64,
    /// Whom.
    pub customer_id: &'a str,
    /// The alert's id.
    pub alert_id: &'a str,
    /// What is at stake, major units, and what the customer counts beyond that.
    pub priority: Option<f64>,
    /// By what the customer can be reached as the list is made, whatever the alert has said.
    #[serde(flatten)]
    pub reach: &'a Reach,
    /// The alert as it was sent.
    pub alert: &'a RawValue,
}

impl Candidate {
    /// More at stake comes first, what is not known last; ties by alert id.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let value = |candidate: &Self| candidate.priority.unwrap_or(f64::NEG_INFINITY);
        let by_value = value(other).total_cmp(&value(self));
        by_value.then_with(|| self.alert_id.cmp(&other.alert_id))
    }
}
