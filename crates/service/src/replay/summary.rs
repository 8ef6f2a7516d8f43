//! The figures of a replay.

use std::time::Duration;

use holdfast_events::{DropReason, RejectReason};
use serde::{Serialize, Serializer};

use crate::pipeline::Counts;

/// `summary.json`: events = applied + dropped + rejected.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Lines read.
    pub events: u64,
    pub applied: u64,
    pub dropped: Reasons,
    pub rejected: Reasons,
    /// Customers in the state at the end.
    pub customers: u64,
    /// Alerts written.
    pub alerts: u64,
    pub seconds: f64,
    pub events_per_s: f64,
}

/// Counts by reason, every reason of the closed set named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reasons(pub Vec<(&'static str, u64)>);

impl Serialize for Reasons {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

impl Reasons {
    pub fn total(&self) -> u64 {
        self.0.iter().map(|(_, n)| n).sum()
    }
}

impl Summary {
    pub(super) fn new(counts: &Counts, customers: u64, alerts: u64, took: Duration) -> Self {
        let seconds = took.as_secs_f64();
        Self {
            events: counts.consumed,
            applied: counts.applied,
            dropped: Reasons(
                DropReason::ALL
                    .iter()
                    .map(|r| (r.name(), counts.dropped_for(*r)))
                    .collect(),
            ),
            rejected: Reasons(
                RejectReason::ALL
                    .iter()
                    .map(|r| (r.name(), counts.rejected_for(*r)))
                    .collect(),
            ),
            customers,
            alerts,
            seconds: (seconds * 1_000.0).round() / 1_000.0,
            events_per_s: if seconds > 0.0 {
                (counts.consumed as f64 / seconds).round()
            } else {
                0.0
            },
        }
    }
}
