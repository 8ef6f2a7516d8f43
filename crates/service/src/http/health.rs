//! What the service knows about its own health: a heart-beat, reasons against readiness, progress per partition.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde::Serialize;

/// `/livez` fails when the main loop has not moved for this long.
pub const LIVE_SECONDS: u64 = 30;

/// Shared by the loop that works and the server that answers. Calls are short and rare: once per batch at most.
#[derive(Debug)]
pub struct Health(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    beat: Instant,
    /// Why the service is not ready, by topic of the reason.
    reasons: BTreeMap<&'static str, String>,
    partitions: BTreeMap<i32, Progress>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    rebuild: Option<Rebuild>,
    lag_records: Option<i64>,
}

/// How far the state of a partition is rebuilt from the log.
#[derive(Debug, Clone, Copy, Serialize, PartialEq, Eq)]
pub struct Rebuild {
    pub done_records: i64,
    pub all_records: i64,
}

/// The answer of `/readyz`.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct Report {
    pub ready: bool,
    pub reasons: Vec<String>,
    pub partitions: Vec<PartitionReport>,
}

#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct PartitionReport {
    pub partition: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rebuild: Option<Rebuild>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag_records: Option<i64>,
}

impl Default for Health {
    fn default() -> Self {
        Self::new()
    }
}

impl Health {
    /// Alive and not ready: it is starting, until [`Health::clear`] of `"start"`.
    pub fn new() -> Self {
        let reasons = BTreeMap::from([("start", "the service is starting".to_owned())]);
        Self(Mutex::new(Inner {
            beat: Instant::now(),
            reasons,
            partitions: BTreeMap::new(),
        }))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Nothing here panics half-way; a poisoned lock still holds whole values.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The main loop moved.
    pub fn beat(&self) {
        self.inner().beat = Instant::now();
    }

    pub fn seconds_since_beat(&self) -> u64 {
        self.inner().beat.elapsed().as_secs()
    }

    /// Not ready for this reason until [`Health::clear`] of the same topic, such as `"broker"` or `"topics"`.
    pub fn block(&self, topic: &'static str, reason: impl Into<String>) {
        self.inner().reasons.insert(topic, reason.into());
    }

    pub fn clear(&self, topic: &'static str) {
        self.inner().reasons.remove(topic);
    }

    /// A partition came; it is ready once its rebuild is over.
    pub fn assign(&self, partition: i32) {
        self.inner()
            .partitions
            .insert(partition, Progress::default());
    }

    pub fn revoke(&self, partition: i32) {
        self.inner().partitions.remove(&partition);
    }

    /// The state is rebuilt from the log: so many of so many records are in.
    pub fn rebuilding(&self, partition: i32, done_records: i64, all_records: i64) {
        let rebuild = Some(Rebuild {
            done_records,
            all_records,
        });
        self.inner()
            .partitions
            .entry(partition)
            .or_default()
            .rebuild = rebuild;
    }

    pub fn rebuilt(&self, partition: i32) {
        self.inner()
            .partitions
            .entry(partition)
            .or_default()
            .rebuild = None;
    }

    pub fn lag(&self, partition: i32, records: i64) {
        self.inner()
            .partitions
            .entry(partition)
            .or_default()
            .lag_records = Some(records);
    }

    pub fn report(&self) -> Report {
        let inner = self.inner();
        let mut reasons: Vec<String> = inner.reasons.values().cloned().collect();
        for (partition, progress) in &inner.partitions {
            if let Some(Rebuild {
                done_records,
                all_records,
            }) = progress.rebuild
            {
                reasons.push(format!(
                    "partition {partition} rebuilds its state: {done_records} of {all_records} records"
                ));
            }
        }
        let partitions = inner
            .partitions
            .iter()
            .map(|(partition, progress)| PartitionReport {
                partition: *partition,
                rebuild: progress.rebuild,
                lag_records: progress.lag_records,
            });
        Report {
            ready: reasons.is_empty(),
            partitions: partitions.collect(),
            reasons,
        }
    }
}
