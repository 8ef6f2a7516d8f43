//! Every metric of the service, by name.
//!
//! Names are `holdfast_<what>_<unit>[_total]` in base units. Label values come from closed sets or are the partitions
//! this process owns; no customer ever is a label. Counters exist at 0 from the start, so that a rate over the first
//! increment is right. Hot loops count in plain integers of their own and add them here once per batch.

mod input;
mod kpis;
mod labels;
mod recorder;
mod snapshots;
mod watch;

use holdfast_events::{DropReason, RejectReason};
use holdfast_policy::Kind;
use holdfast_producer::Stream;
use prometheus::core::{Collector, GenericCounterVec, GenericGaugeVec};
use prometheus::{
    Encoder, Gauge, GaugeVec, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, TextEncoder,
};

pub use input::InputMetrics;
pub use kpis::KpiMetrics;
pub use labels::{PartitionMetrics, REBALANCE_KINDS, SUPPRESSED_REASONS, TRANSACTION_RESULTS};
pub use recorder::Recorder;
pub use snapshots::SnapshotMetrics;
pub use watch::WatchMetrics;

const LATENCY_SECONDS: [f64; 13] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 3600.0,
];
const SCORES: [f64; 10] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];

/// Handles to all metrics, and the registry they stand in.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    pub events_consumed: IntCounterVec,
    pub events_applied: IntCounter,
    pub erasures: IntCounter,
    pub events_dropped: IntCounterVec,
    pub events_rejected: IntCounterVec,
    pub amounts_rounded: IntCounter,
    pub alerts_emitted: IntCounterVec,
    pub alerts_suppressed: IntCounterVec,
    pub dead_letters: IntCounterVec,
    pub records_sent: IntCounterVec,
    pub end_to_end_latency: Histogram,
    pub score: Histogram,
    pub watermark: GaugeVec,
    pub lag_records: IntGaugeVec,
    pub lag_seconds: GaugeVec,
    pub transactions: IntCounterVec,
    pub transaction_duration: Histogram,
    pub rebalances: IntCounterVec,
    pub assigned_partitions: IntGauge,
    pub rebuilding_partitions: IntGauge,
    pub ready: IntGauge,
    pub state_customers: IntGaugeVec,
    pub state_bytes: IntGaugeVec,
    pub last_event: Gauge,
    pub ticks: IntCounter,
    pub model_info: IntGaugeVec,
    pub build_info: IntGaugeVec,
    pub snapshots: SnapshotMetrics,
    pub input: InputMetrics,
    pub watch: WatchMetrics,
    pub kpis: KpiMetrics,
}

/// Registers what it makes.
struct Maker(Registry);

impl Maker {
    /// Names are literals of this file and differ, which the test of this module runs through.
    fn add<C: Collector + Clone + 'static>(&self, made: prometheus::Result<C>) -> C {
        match made {
            Ok(collector) => {
                if let Err(error) = self.0.register(Box::new(collector.clone())) {
                    unreachable!("metric names are valid and differ: {error}");
                }
                collector
            }
            Err(error) => unreachable!("metric names are valid: {error}"),
        }
    }

    fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.add(IntCounter::new(name, help))
    }

    fn counters(&self, name: &str, help: &str, label: &str) -> IntCounterVec {
        self.add(GenericCounterVec::new(Opts::new(name, help), &[label]))
    }

    fn gauge(&self, name: &str, help: &str) -> IntGauge {
        self.add(IntGauge::new(name, help))
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        self.add(GenericGaugeVec::new(Opts::new(name, help), labels))
    }

    fn values(&self, name: &str, help: &str, labels: &[&str]) -> GaugeVec {
        self.add(GenericGaugeVec::new(Opts::new(name, help), labels))
    }

    fn times(&self, name: &str, help: &str) -> GaugeVec {
        self.add(GenericGaugeVec::new(Opts::new(name, help), &["partition"]))
    }

    fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Histogram {
        self.add(Histogram::with_opts(
            HistogramOpts::new(name, help).buckets(buckets.to_vec()),
        ))
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    #[expect(clippy::too_many_lines, reason = "the one list of all names")]
    pub fn new() -> Self {
        let make = Maker(Registry::new());
        let per_partition = &["partition"];
        let metrics = Self {
            events_consumed: make.counters(
                "holdfast_events_consumed_total",
                "Records read: the sum of applied, dropped and rejected.",
                "partition",
            ),
            events_applied: make.counter(
                "holdfast_events_applied_total",
                "Events that changed the state of a customer, erasures included.",
            ),
            erasures: make.counter(
                "holdfast_erasures_total",
                "Tombstones and privacy_delete events, known customers or not.",
            ),
            events_dropped: make.counters(
                "holdfast_events_dropped_total",
                "Sound events that were left out, by reason.",
                "reason",
            ),
            events_rejected: make.counters(
                "holdfast_events_rejected_total",
                "Records that are no usable event, by reason.",
                "reason",
            ),
            amounts_rounded: make.counter(
                "holdfast_amounts_rounded_total",
                "Amounts with more decimals than their currency has.",
            ),
            alerts_emitted: make.counters(
                "holdfast_alerts_emitted_total",
                "Alerts sent, by kind.",
                "kind",
            ),
            alerts_suppressed: make.counters(
                "holdfast_alerts_suppressed_total",
                "Decisions that entered the state but were not sent, by reason.",
                "reason",
            ),
            dead_letters: make.counters(
                "holdfast_dead_letters_total",
                "Records sent to the dead-letter topic, by reason.",
                "reason",
            ),
            records_sent: make.counters(
                "holdfast_records_sent_total",
                "Records sent beside alerts, by stream.",
                "stream",
            ),
            end_to_end_latency: make.histogram(
                "holdfast_end_to_end_latency_seconds",
                "From the broker's timestamp of an event to the commit of the alert it raised.",
                &LATENCY_SECONDS,
            ),
            score: make.histogram(
                "holdfast_score",
                "Churn probability of sent alerts; a shift of its mean is a drift.",
                &SCORES,
            ),
            watermark: make.times(
                "holdfast_watermark_timestamp_seconds",
                "Event time that a partition has reached.",
            ),
            lag_records: make.gauges(
                "holdfast_consumer_lag_records",
                "Records between the position and the end of the partition.",
                per_partition,
            ),
            lag_seconds: make.times(
                "holdfast_consumer_lag_seconds",
                "Age of the record at the position while there is more to read, else 0.",
            ),
            transactions: make.counters(
                "holdfast_transactions_total",
                "Commits of outputs and offsets, by result.",
                "result",
            ),
            transaction_duration: make.histogram(
                "holdfast_transaction_duration_seconds",
                "From the first output of a commit to its end.",
                &LATENCY_SECONDS,
            ),
            rebalances: make.counters(
                "holdfast_rebalances_total",
                "Changes of the partitions that this process owns, by kind.",
                "kind",
            ),
            assigned_partitions: make.gauge(
                "holdfast_assigned_partitions",
                "Partitions that this process owns.",
            ),
            rebuilding_partitions: make.gauge(
                "holdfast_rebuilding_partitions",
                "Owned partitions whose state is still being rebuilt from the log.",
            ),
            ready: make.gauge("holdfast_ready", "1 when /readyz says so, else 0."),
            state_customers: make.gauges(
                "holdfast_state_customers",
                "Customers with state.",
                per_partition,
            ),
            state_bytes: make.gauges(
                "holdfast_state_bytes",
                "Bytes of customer state.",
                per_partition,
            ),
            last_event: make.add(Gauge::new(
                "holdfast_last_event_timestamp_seconds",
                "Wall time at which the latest record was read; 0 before the first.",
            )),
            ticks: make.counter(
                "holdfast_ticks_total",
                "Times that wall time moved an idle partition's deadlines on.",
            ),
            model_info: make.gauges(
                "holdfast_model_info",
                "The loaded model.",
                &["id", "sha256"],
            ),
            snapshots: SnapshotMetrics::new(&make),
            input: InputMetrics::new(&make),
            watch: WatchMetrics::new(&make),
            kpis: KpiMetrics::new(&make),
            build_info: make.gauges("holdfast_build_info", "The running program.", &["version"]),
            registry: make.0,
        };
        metrics.start_at_zero();
        metrics
    }

    fn start_at_zero(&self) {
        let zero = |family: &IntCounterVec, values: &mut dyn Iterator<Item = &'static str>| {
            for value in values {
                family.with_label_values(&[value]).reset();
            }
        };
        zero(
            &self.events_dropped,
            &mut DropReason::ALL.iter().map(|r| r.name()),
        );
        let reasons = || RejectReason::ALL.iter().map(|r| r.name());
        zero(&self.events_rejected, &mut reasons());
        zero(&self.dead_letters, &mut reasons());
        zero(
            &self.alerts_emitted,
            &mut Kind::ALL.iter().map(|k| k.name()),
        );
        zero(
            &self.records_sent,
            &mut Stream::ALL.iter().map(|stream| stream.name()),
        );
        zero(&self.alerts_suppressed, &mut SUPPRESSED_REASONS.into_iter());
        zero(&self.transactions, &mut TRANSACTION_RESULTS.into_iter());
        zero(&self.rebalances, &mut REBALANCE_KINDS.into_iter());
        self.build_info
            .with_label_values(&[env!("CARGO_PKG_VERSION")])
            .set(1);
        #[cfg(target_os = "linux")]
        {
            let process = prometheus::process_collector::ProcessCollector::for_self();
            if let Err(error) = self.registry.register(Box::new(process)) {
                unreachable!("no other metric is named process_*: {error}");
            }
        }
    }

    /// The handles of a partition; they show up at 0.
    pub fn partition(&self, partition: i32) -> PartitionMetrics {
        let name = partition.to_string();
        let label = &[name.as_str()];
        PartitionMetrics {
            events_consumed: self.events_consumed.with_label_values(label),
            watermark: self.watermark.with_label_values(label),
            lag_records: self.lag_records.with_label_values(label),
            lag_seconds: self.lag_seconds.with_label_values(label),
            state_customers: self.state_customers.with_label_values(label),
            state_bytes: self.state_bytes.with_label_values(label),
        }
    }

    /// Takes the gauges of a partition away that is no longer owned. Its counter stays: counters never go back.
    pub fn forget_partition(&self, partition: i32) {
        let name = partition.to_string();
        let label = &[name.as_str()];
        // An error says that it was not there.
        for family in [&self.lag_records, &self.state_customers, &self.state_bytes] {
            family.remove_label_values(label).ok();
        }
        for family in [&self.watermark, &self.lag_seconds] {
            family.remove_label_values(label).ok();
        }
        self.snapshots.forget_partition(&name);
        self.input.forget_partition(&name);
    }

    /// Says which model is loaded; the one before vanishes.
    pub fn set_model(&self, id: &str, sha256: &str) {
        self.model_info.reset();
        self.model_info.with_label_values(&[id, sha256]).set(1);
    }

    /// The text that `/metrics` answers with.
    pub fn render(&self) -> Result<Vec<u8>, prometheus::Error> {
        let mut out = Vec::with_capacity(1 << 14);
        TextEncoder::new().encode(&self.registry.gather(), &mut out)?;
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(metrics: &Metrics) -> String {
        String::from_utf8(metrics.render().unwrap()).unwrap()
    }

    #[test]
    fn counters_exist_at_zero_from_the_start() {
        let text = text(&Metrics::new());
        for line in [
            "holdfast_events_applied_total 0",
            "holdfast_events_dropped_total{reason=\"late\"} 0",
            "holdfast_events_rejected_total{reason=\"malformed\"} 0",
            "holdfast_dead_letters_total{reason=\"too_large\"} 0",
            "holdfast_alerts_emitted_total{kind=\"opened\"} 0",
            "holdfast_transactions_total{result=\"committed\"} 0",
            "holdfast_ready 0",
        ] {
            assert!(
                text.lines().any(|l| l == line),
                "{line} is missing in\n{text}"
            );
        }
        assert!(text.contains("holdfast_build_info{version=\"0.1.0\"} 1"));
        assert!(text.contains("process_resident_memory_bytes"));
    }

    #[test]
    fn a_partition_that_goes_takes_its_gauges_along_but_not_its_counter() {
        let metrics = Metrics::new();
        let partition = metrics.partition(3);
        partition.events_consumed.inc_by(5);
        partition.lag_records.set(7);
        assert!(text(&metrics).contains("holdfast_consumer_lag_records{partition=\"3\"} 7"));
        metrics.forget_partition(3);
        let text = text(&metrics);
        assert!(!text.contains("holdfast_consumer_lag_records{"), "{text}");
        assert!(text.contains("holdfast_events_consumed_total{partition=\"3\"} 5"));
    }

    #[test]
    fn another_model_replaces_the_first() {
        let metrics = Metrics::new();
        metrics.set_model("a", "1");
        metrics.set_model("b", "2");
        let text = text(&metrics);
        assert!(
            text.contains("holdfast_model_info{id=\"b\",sha256=\"2\"} 1"),
            "{text}"
        );
        assert!(!text.contains("id=\"a\""), "{text}");
    }
}
