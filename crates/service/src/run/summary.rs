//! What a run did, for the line it ends with.

use std::collections::BTreeMap;

use holdfast_events::{DropReason, RejectReason};
use serde::Serialize;

use super::Status;

/// Counts since the start; a rebuild is not counted. `events` = `applied` + all `dropped` + all `rejected`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    pub events: u64,
    pub applied: u64,
    pub dropped: BTreeMap<&'static str, u64>,
    pub rejected: BTreeMap<&'static str, u64>,
    pub customers: usize,
    pub alerts: u64,
    /// From the first thread to the last commit.
    pub seconds: f64,
    pub events_per_s: f64,
    /// From the first record read to the last commit.
    pub seconds_from_first: f64,
}

impl Summary {
    pub(super) fn of(status: &Status, seconds: f64) -> Self {
        let (counts, decisions) = status.totals();
        let reasons =
            |names: Vec<(&'static str, u64)>| names.into_iter().filter(|(_, n)| *n > 0).collect();
        let seconds_from_first = status.seconds_from_first().unwrap_or(0.0);
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let events = counts.consumed as f64;
        let per_second = if seconds_from_first > 0.0 {
            events / seconds_from_first
        } else {
            0.0
        };
        Self {
            events: counts.consumed,
            applied: counts.applied,
            dropped: reasons(
                DropReason::ALL
                    .iter()
                    .map(|r| (r.name(), counts.dropped_for(*r)))
                    .collect(),
            ),
            rejected: reasons(
                RejectReason::ALL
                    .iter()
                    .map(|r| (r.name(), counts.rejected_for(*r)))
                    .collect(),
            ),
            customers: status.customers(),
            alerts: decisions.total(),
            seconds,
            events_per_s: per_second,
            seconds_from_first,
        }
    }
}
