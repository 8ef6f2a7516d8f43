//! What the server asks of the run it stands beside.

use serde::Serialize;

use crate::pipeline::Panel;
use crate::run::Status;

/// `/livez` fails when the reading loop has not turned for this long. Kafka's reachability does not matter to it:
/// restarting the process does not bring a broker back.
pub const LIVE_SECONDS: u64 = 30;

/// Answers from the other threads; called for each request.
pub trait Probe: Send + Sync {
    fn seconds_since_beat(&self) -> u64;
    fn report(&self) -> Report;
    /// Brings the metrics up to date, before they are read.
    fn refresh(&self);
    /// What the watch knows; nothing where there is none.
    fn panel(&self) -> Panel {
        Panel::default()
    }
}

/// The answer of `/readyz`.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct Report {
    pub ready: bool,
    pub reasons: Vec<Reason>,
    pub partitions: Vec<PartitionReport>,
}

/// Why it is not ready.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct Reason {
    pub concern: &'static str,
    pub text: String,
}

#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct PartitionReport {
    pub partition: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag_records: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rebuild: Option<Rebuild>,
}

/// How far the state of a partition has been rebuilt from the log.
#[derive(Debug, Clone, Copy, Serialize, PartialEq, Eq)]
pub struct Rebuild {
    pub done_records: i64,
    pub all_records: i64,
}

impl Report {
    /// How a run is doing now.
    pub fn of(status: &Status) -> Self {
        let reasons: Vec<Reason> = status
            .reasons()
            .into_iter()
            .map(|(concern, text)| Reason { concern, text })
            .collect();
        let rebuilds = status.rebuilds();
        let rebuild = |partition: i32| {
            let found = rebuilds
                .iter()
                .find(|rebuild| rebuild.partition == partition)?;
            Some(Rebuild {
                done_records: found.done,
                all_records: found.of,
            })
        };
        let partitions = status
            .partitions()
            .into_iter()
            .map(|(partition, of)| PartitionReport {
                partition,
                lag_records: of.lag(),
                rebuild: rebuild(partition),
            });
        Self {
            ready: reasons.is_empty(),
            partitions: partitions.collect(),
            reasons,
        }
    }
}
