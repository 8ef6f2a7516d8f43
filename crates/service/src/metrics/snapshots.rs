//! Metrics of snapshots, of what a restart repeats, and of models taken over.

use std::sync::atomic::Ordering;

use prometheus::{GaugeVec, IntCounter, IntCounterVec, IntGaugeVec};

use super::Maker;
use super::recorder::raise;
use crate::run::Status;

/// Ways in which a snapshot ends.
pub(super) const SNAPSHOT_RESULTS: [&str; 2] = ["published", "failed"];

/// Handles, see the help texts.
#[derive(Debug)]
pub struct SnapshotMetrics {
    pub snapshots: IntCounterVec,
    pub timestamp: GaugeVec,
    pub bytes: IntGaugeVec,
    pub replay_records: IntGaugeVec,
    pub divergence: IntCounter,
    pub reload_failures: IntCounter,
}

impl SnapshotMetrics {
    pub(super) fn new(make: &Maker) -> Self {
        let metrics = Self {
            snapshots: make.counters(
                "holdfast_snapshots_total",
                "Snapshots of partitions that were published, or could not be written.",
                "result",
            ),
            timestamp: make.times(
                "holdfast_snapshot_timestamp_seconds",
                "When the newest snapshot of this process was published, seconds since 1970.",
            ),
            bytes: make.gauges(
                "holdfast_snapshot_bytes",
                "Size of the newest snapshot of this process.",
                &["partition"],
            ),
            replay_records: make.gauges(
                "holdfast_snapshot_replay_records",
                "Records behind the newest snapshot: what a restart would read again.",
                &["partition"],
            ),
            divergence: make.counter(
                "holdfast_replay_divergence_total",
                "Decisions that came out otherwise in a replay than the journal has them; the journal was followed.",
            ),
            reload_failures: make.counter(
                "holdfast_model_reload_failures_total",
                "New model files that could not be used; the old model stayed.",
            ),
        };
        for result in SNAPSHOT_RESULTS {
            metrics.snapshots.with_label_values(&[result]);
        }
        metrics
    }

    pub(super) fn sync(&self, status: &Status) {
        raise(&self.divergence, status.divergences.load(Ordering::Relaxed));
        raise(
            &self.reload_failures,
            status.reload_failures.load(Ordering::Relaxed),
        );
        let counts = [&status.snapshots.published, &status.snapshots.failures];
        for (result, count) in SNAPSHOT_RESULTS.into_iter().zip(counts) {
            let counter = self.snapshots.with_label_values(&[result]);
            raise(&counter, count.load(Ordering::Relaxed));
        }
        let newest = status.snapshots.newest();
        for (partition, of) in status.partitions() {
            let Some((offset, bytes, at_ms)) = newest.get(&partition) else {
                continue;
            };
            let label = [&*partition.to_string()];
            let behind = of.position.load(Ordering::Relaxed) - offset;
            self.replay_records
                .with_label_values(&label)
                .set(behind.max(0));
            self.bytes
                .with_label_values(&label)
                .set(i64::try_from(*bytes).unwrap_or(i64::MAX));
            #[expect(clippy::cast_precision_loss, reason = "an instant for people")]
            self.timestamp
                .with_label_values(&label)
                .set(*at_ms as f64 / 1e3);
        }
    }

    pub(super) fn forget_partition(&self, partition: &str) {
        let label = [partition];
        // Nothing is there to remove before the first snapshot.
        self.timestamp.remove_label_values(&label).ok();
        self.bytes.remove_label_values(&label).ok();
        self.replay_records.remove_label_values(&label).ok();
    }
}
