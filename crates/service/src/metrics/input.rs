//! Metrics of the input topic: what speaks against reading it again, and what holds it back.

use std::sync::atomic::Ordering;

use prometheus::{GaugeVec, IntCounterVec, IntGaugeVec};

use super::Maker;
use crate::run::{PartitionStatus, Status};

/// Handles, see the help texts.
#[derive(Debug)]
pub struct InputMetrics {
    pub headroom: GaugeVec,
    pub undecided: IntGaugeVec,
    pub misplaced: IntCounterVec,
}

impl InputMetrics {
    pub(super) fn new(make: &Maker) -> Self {
        Self {
            headroom: make.times(
                "holdfast_snapshot_headroom_seconds",
                "How long until the log starts behind the newest snapshot; +Inf where nothing removes its records.",
            ),
            undecided: make.gauges(
                "holdfast_input_undecided_records",
                "Records behind an open transaction of a producer, which nobody may read yet.",
                &["partition"],
            ),
            misplaced: make.counters(
                "holdfast_key_partition_mismatch_total",
                "Records, of those looked at, whose key belongs in another partition.",
                "partition",
            ),
        }
    }

    pub(super) fn sync(&self, status: &Status) {
        for (partition, of) in status.partitions() {
            let label = [&*partition.to_string()];
            self.undecided
                .with_label_values(&label)
                .set(of.undecided.load(Ordering::Relaxed));
            if let Some(seconds) = headroom(&of) {
                self.headroom.with_label_values(&label).set(seconds);
            }
        }
    }

    pub(super) fn forget_partition(&self, partition: &str) {
        let label = [partition];
        // Nothing is there to remove before the first look.
        self.headroom.remove_label_values(&label).ok();
        self.undecided.remove_label_values(&label).ok();
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of some years are exact"
)]
fn headroom(of: &PartitionStatus) -> Option<f64> {
    match of.headroom_ms.load(Ordering::Relaxed) {
        i64::MIN => None,
        i64::MAX => Some(f64::INFINITY),
        ms => Some(ms as f64 / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use crate::metrics::Metrics;
    use crate::run::Status;

    #[test]
    fn headroom_shows_up_when_it_is_known_and_goes_with_its_partition() {
        let (metrics, status) = (Metrics::new(), Status::new());
        let text = || String::from_utf8(metrics.render().unwrap()).unwrap();
        let partition = status.take_for_tests(3);
        metrics.input.sync(&status);
        assert!(!text().contains("headroom_seconds{"));
        for (ms, line) in [
            (
                90_500,
                "holdfast_snapshot_headroom_seconds{partition=\"3\"} 90.5",
            ),
            (
                i64::MAX,
                "holdfast_snapshot_headroom_seconds{partition=\"3\"} inf",
            ),
        ] {
            partition
                .headroom_ms
                .store(ms, std::sync::atomic::Ordering::Relaxed);
            metrics.input.sync(&status);
            assert!(text().contains(line), "{}", text());
        }
        metrics.forget_partition(3);
        assert!(!text().contains("headroom_seconds{"));
    }
}
