//! From a run's own counts to the metrics: on every commit and before every scrape.
//!
//! The run counts in plain integers; here their growth since the last look is added to the counters. A partition that
//! came back counts from zero again, so growth is measured per time it was ours.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use holdfast_events::{DropReason, RejectReason};
use holdfast_policy::{Counts as Decisions, Kind};
use prometheus::IntCounter;
use serde::Deserialize;

use super::{Metrics, PartitionMetrics};
use crate::http::{Probe, Report};
use crate::pipeline::{Counts, Panel};
use crate::run::{Committed, PartitionStatus, Status, Watcher};

/// Watches a run and keeps the metrics.
pub struct Recorder {
    metrics: Arc<Metrics>,
    status: Arc<Status>,
    seen: Mutex<BTreeMap<i32, Seen>>,
}

/// What was already counted of a partition, for as long as it is ours.
struct Seen {
    status: Arc<PartitionStatus>,
    metrics: PartitionMetrics,
    counts: Counts,
    decisions: Decisions,
    misplaced: u64,
}

#[derive(Deserialize)]
struct Probability {
    churn_probability: f64,
}

impl Recorder {
    pub fn new(metrics: Arc<Metrics>, status: Arc<Status>) -> Arc<Self> {
        Arc::new(Self {
            metrics,
            status,
            seen: Mutex::new(BTreeMap::new()),
        })
    }

    /// Adds what has happened since the last call.
    pub fn sync(&self) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.status.partitions();
        seen.retain(|partition, _| {
            let kept = now.iter().any(|(n, _)| n == partition);
            if !kept {
                self.metrics.forget_partition(*partition);
            }
            kept
        });
        for (partition, status) in now {
            let fresh = || Seen {
                status: status.clone(),
                metrics: self.metrics.partition(partition),
                counts: Counts::default(),
                decisions: Decisions::default(),
                misplaced: 0,
            };
            let entry = seen.entry(partition).or_insert_with(fresh);
            if !Arc::ptr_eq(&entry.status, &status) {
                *entry = fresh();
            }
            self.count(entry);
            self.misplaced(partition, entry);
            gauges(entry);
        }
        self.whole_run(seen.len());
    }

    fn count(&self, seen: &mut Seen) {
        let (counts, decisions) = seen.status.counts();
        let metrics = &self.metrics;
        grow(
            &seen.metrics.events_consumed,
            counts.consumed,
            seen.counts.consumed,
        );
        grow(&metrics.events_applied, counts.applied, seen.counts.applied);
        grow(&metrics.erasures, counts.erased, seen.counts.erased);
        grow(
            &metrics.amounts_rounded,
            counts.rounded_amounts,
            seen.counts.rounded_amounts,
        );
        for reason in DropReason::ALL {
            let counter = metrics.events_dropped.with_label_values(&[reason.name()]);
            grow(
                &counter,
                counts.dropped_for(*reason),
                seen.counts.dropped_for(*reason),
            );
        }
        for reason in RejectReason::ALL {
            let counter = metrics.events_rejected.with_label_values(&[reason.name()]);
            grow(
                &counter,
                counts.rejected_for(*reason),
                seen.counts.rejected_for(*reason),
            );
        }
        for kind in Kind::ALL {
            let counter = metrics.alerts_emitted.with_label_values(&[kind.name()]);
            grow(&counter, decisions.of(kind), seen.decisions.of(kind));
        }
        let suppressed = metrics.alerts_suppressed.with_label_values(&["historic"]);
        grow(&suppressed, decisions.suppressed, seen.decisions.suppressed);
        let control = metrics.alerts_suppressed.with_label_values(&["control"]);
        grow(&control, decisions.control, seen.decisions.control);
        (seen.counts, seen.decisions) = (counts, decisions);
    }

    fn misplaced(&self, partition: i32, seen: &mut Seen) {
        let now = seen.status.misplaced.load(Ordering::Relaxed);
        let label = [&*partition.to_string()];
        let counter = self.metrics.input.misplaced.with_label_values(&label);
        grow(&counter, now, seen.misplaced);
        seen.misplaced = now;
    }

    fn whole_run(&self, assigned: usize) {
        let (metrics, status) = (&self.metrics, &self.status);
        let load = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        // A sink without transactions counts its commits only.
        let (aborted, unknown) = (load(&status.sink.aborted), load(&status.sink.unknown));
        let committed = load(&status.sink.committed).max(load(&status.commits));
        for (result, n) in [
            ("committed", committed),
            ("aborted", aborted),
            ("unknown", unknown),
        ] {
            raise(&metrics.transactions.with_label_values(&[result]), n);
        }
        for (kind, n) in [
            ("assigned", load(&status.assignments)),
            ("revoked", load(&status.revocations)),
            ("lost", load(&status.losses)),
        ] {
            raise(&metrics.rebalances.with_label_values(&[kind]), n);
        }
        raise(&metrics.ticks, load(&status.ticks));
        metrics.snapshots.sync(status);
        metrics.input.sync(status);
        metrics.watch.sync(status);
        metrics.kpis.sync(status);
        let (id, sha256) = status.model();
        if !id.is_empty() {
            metrics.set_model(&id, &sha256);
        }
        metrics
            .assigned_partitions
            .set(i64::try_from(assigned).unwrap_or(i64::MAX));
        let rebuilding = status.rebuilds().len();
        metrics
            .rebuilding_partitions
            .set(i64::try_from(rebuilding).unwrap_or(i64::MAX));
        metrics.ready.set(i64::from(status.is_ready()));
        metrics
            .last_event
            .set(seconds(status.last_record_ms.load(Ordering::Relaxed)));
    }
}

impl Watcher for Recorder {
    fn committed(&self, committed: &Committed<'_>) {
        self.metrics
            .transaction_duration
            .observe(committed.took.as_secs_f64());
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        if !committed.outputs.alerts.is_empty() {
            for newest in committed.newest_ms.iter().filter(|ms| **ms > 0) {
                let latency = now.as_secs_f64() - seconds(*newest);
                self.metrics.end_to_end_latency.observe(latency.max(0.0));
            }
        }
        for alert in &committed.outputs.alerts {
            // The value of the side-by-side workload has another field and is not counted here.
            if let Ok(of) = serde_json::from_slice::<Probability>(&alert.value) {
                self.metrics.score.observe(of.churn_probability);
            }
        }
        for record in &committed.outputs.records {
            self.metrics
                .records_sent
                .with_label_values(&[record.stream.name()])
                .inc();
        }
        for letter in &committed.outputs.dead_letters {
            self.metrics
                .dead_letters
                .with_label_values(&[letter.reason.name()])
                .inc();
        }
    }
}

impl Probe for Recorder {
    fn seconds_since_beat(&self) -> u64 {
        self.status.heartbeat_age().map_or(0, |age| age.as_secs())
    }

    fn report(&self) -> Report {
        Report::of(&self.status)
    }

    fn refresh(&self) {
        self.sync();
    }

    fn panel(&self) -> Panel {
        self.status.panel()
    }
}

fn gauges(seen: &Seen) {
    let (status, metrics) = (&seen.status, &seen.metrics);
    let clock = status.clock_ms.load(Ordering::Relaxed);
    metrics.watermark.set(if clock == i64::MIN {
        0.0
    } else {
        seconds(clock)
    });
    let lag = status.lag().unwrap_or(0);
    metrics.lag_records.set(lag);
    let newest = status.newest_ms.load(Ordering::Relaxed);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    let behind = if lag > 0 && newest > 0 {
        now.as_secs_f64() - seconds(newest)
    } else {
        0.0
    };
    metrics.lag_seconds.set(behind.max(0.0));
    let whole = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    metrics
        .state_customers
        .set(whole(status.customers.load(Ordering::Relaxed)));
    metrics
        .state_bytes
        .set(whole(status.state_bytes.load(Ordering::Relaxed)));
}

fn grow(counter: &IntCounter, now: u64, before: u64) {
    counter.inc_by(now.saturating_sub(before));
}

/// Brings a counter up to a total that never falls.
pub(super) fn raise(counter: &IntCounter, total: u64) {
    counter.inc_by(total.saturating_sub(counter.get()));
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of this century are exact"
)]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1e3
}
