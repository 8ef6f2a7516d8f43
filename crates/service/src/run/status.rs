//! How a run is doing, for those who ask from outside: the HTTP server, the demo's screen.
//!
//! The threads of a run write here once per batch or commit; readers take what is there. Nothing of it flows back.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use holdfast_events::DropReason;
use holdfast_policy::Counts as Decisions;
use holdfast_producer::{Outputs, SinkHealth};
use tracing::warn;

use super::clock::now_ms;
use super::figures::Newest;
use super::watchdog::Pulses;
use super::watching::Watching;
use crate::pipeline::watch::View;
use crate::pipeline::{Counts, Panel};

/// One run. All instants are wall time, ms UTC; 0 means never.
#[derive(Default)]
pub struct Status {
    partitions: Mutex<BTreeMap<i32, Arc<PartitionStatus>>>,
    /// What keeps the run from being ready, by what it concerns.
    reasons: Mutex<BTreeMap<Concern, String>>,
    /// Commits and their failures, once there is a transactional sink.
    pub sink: Arc<SinkHealth>,
    /// When the reading loop last turned.
    heartbeat_ms: AtomicI64,
    /// When a record was first and last read.
    first_record_ms: AtomicI64,
    pub last_record_ms: AtomicI64,
    last_commit_ms: AtomicI64,
    pub commits: AtomicU64,
    pub ticks: AtomicU64,
    /// Rebalances: partitions came, went, were lost.
    pub assignments: AtomicU64,
    pub revocations: AtomicU64,
    pub losses: AtomicU64,
    started: AtomicBool,
    /// Decisions that came out otherwise than the journal has them.
    pub divergences: AtomicU64,
    pub snapshots: SnapshotStatus,
    /// New model files that could not be used.
    pub reload_failures: AtomicU64,
    model: Mutex<(String, String)>,
    /// The broker's id of the cluster, once it told.
    pub(super) cluster: OnceLock<String>,
    /// What the watchdog looks at.
    pub(super) pulses: Pulses,
    /// The newest figures of each kind of period, where this instance adds them up.
    pub(super) kpis: Mutex<Newest>,
}

/// How snapshots are doing.
#[derive(Default)]
pub struct SnapshotStatus {
    pub published: AtomicU64,
    pub failures: AtomicU64,
    /// By partition: offset, bytes, and when it was published.
    newest: Mutex<BTreeMap<i32, (i64, u64, i64)>>,
}

/// What a reason concerns; the name is what `/readyz` lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Concern {
    Start,
    Input,
    Output,
    Stop,
}

/// One partition that is ours.
#[derive(Default)]
pub struct PartitionStatus {
    /// Where the rebuild began and where it ends; equal when there is none.
    pub begin: AtomicI64,
    pub target: AtomicI64,
    /// Offset of the next record.
    pub position: AtomicI64,
    /// Offset after the newest record of the log, as last heard; -1 before that.
    pub log_end: AtomicI64,
    /// Whether the rebuild is over.
    pub live: AtomicBool,
    /// The partition's clock (event time); `i64::MIN` before the first event.
    pub clock_ms: AtomicI64,
    /// Broker timestamp of the last record worked on, ms; 0 for files.
    pub newest_ms: AtomicI64,
    /// Records behind an open transaction of the input, as of the last look.
    pub undecided: AtomicI64,
    /// Offset of the newest snapshot that a start would take; -1 before there is one.
    pub snapshot: AtomicI64,
    /// For how long that one will do, ms; `i64::MAX` without limit, `i64::MIN` when not known.
    pub headroom_ms: AtomicI64,
    /// Records, of those that were looked at, whose key belongs in another partition.
    pub misplaced: AtomicU64,
    pub customers: AtomicUsize,
    pub state_bytes: AtomicUsize,
    counts: Mutex<(Counts, Decisions)>,
    /// What was predicted, and what became of it.
    pub watch: Watching,
}

/// What was committed, for a [`Watcher`].
#[derive(Debug)]
pub struct Committed<'a> {
    pub outputs: &'a Outputs,
    /// Broker timestamps (ms) of the newest record of each part of the commit; none for files.
    pub newest_ms: &'a [i64],
    pub took: Duration,
}

/// Told of each commit after it is visible, on the committing thread; must not block.
pub trait Watcher: Send + Sync {
    fn committed(&self, committed: &Committed<'_>);
}

/// A rebuild's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuild {
    pub partition: i32,
    pub done: i64,
    pub of: i64,
}

impl Status {
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// Why the run is not ready, as (concern, text); empty when it is.
    #[must_use]
    pub fn reasons(&self) -> Vec<(&'static str, String)> {
        let mut out: Vec<(&'static str, String)> = lock(&self.reasons)
            .iter()
            .map(|(concern, text)| (concern.name(), text.clone()))
            .collect();
        if let Some(text) = self.sink.trouble() {
            out.push((Concern::Output.name(), text));
        }
        if !self.started.load(Ordering::Acquire) {
            out.push((
                Concern::Start.name(),
                "no partition assigned yet".to_owned(),
            ));
        }
        for rebuild in self.rebuilds() {
            let text = format!(
                "partition {}: {} of {} records",
                rebuild.partition, rebuild.done, rebuild.of
            );
            out.push(("rebuild", text));
        }
        out
    }

    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.reasons().is_empty()
    }

    /// Partitions whose state is still being rebuilt.
    #[must_use]
    pub fn rebuilds(&self) -> Vec<Rebuild> {
        let rebuild = |(partition, status): (i32, Arc<PartitionStatus>)| {
            let (begin, target) = (
                status.begin.load(Ordering::Relaxed),
                status.target.load(Ordering::Relaxed),
            );
            let position = status.position.load(Ordering::Relaxed);
            let live = status.live.load(Ordering::Acquire);
            (!live).then(|| Rebuild {
                partition,
                done: (position - begin).max(0),
                of: target - begin,
            })
        };
        self.partitions().into_iter().filter_map(rebuild).collect()
    }

    /// The partitions that are ours now.
    #[must_use]
    pub fn partitions(&self) -> Vec<(i32, Arc<PartitionStatus>)> {
        lock(&self.partitions)
            .iter()
            .map(|(n, status)| (*n, Arc::clone(status)))
            .collect()
    }

    /// Sums over the partitions that are ours now.
    #[must_use]
    pub fn totals(&self) -> (Counts, Decisions) {
        let (mut counts, mut decisions) = (Counts::default(), Decisions::default());
        for (_, status) in self.partitions() {
            let of = lock(&status.counts);
            counts.add(&of.0);
            add(&mut decisions, &of.1);
        }
        (counts, decisions)
    }

    /// Time since the reading loop last turned; none before its first turn.
    #[must_use]
    pub fn heartbeat_age(&self) -> Option<Duration> {
        let at = self.heartbeat_ms.load(Ordering::Relaxed);
        (at > 0).then(|| Duration::from_millis((now_ms() - at).max(0).unsigned_abs()))
    }

    /// From the first record read to the last commit.
    #[must_use]
    pub fn seconds_from_first(&self) -> Option<f64> {
        let first = self.first_record_ms.load(Ordering::Relaxed);
        let last = self.last_commit_ms.load(Ordering::Relaxed);
        #[expect(clippy::cast_precision_loss, reason = "a duration of one process")]
        (first > 0 && last >= first).then(|| (last - first) as f64 / 1e3)
    }

    /// Customers in the state of all partitions that are ours.
    #[must_use]
    pub fn customers(&self) -> usize {
        self.partitions()
            .iter()
            .map(|(_, status)| status.customers.load(Ordering::Relaxed))
            .sum()
    }

    /// Records between the positions and the ends of the log, as far as the broker told.
    #[must_use]
    pub fn lag(&self) -> i64 {
        self.partitions()
            .iter()
            .filter_map(|(_, status)| status.lag())
            .sum()
    }

    /// What the watches of our partitions know together.
    #[must_use]
    pub fn panel(&self) -> Panel {
        let views = self.partitions().into_iter();
        let views: Vec<View> = views
            .filter_map(|(_, status)| status.watch.view())
            .collect();
        Panel::of(&views)
    }

    /// Another number whenever [`panel`](Self::panel) would say something else.
    #[must_use]
    pub fn watch_version(&self) -> u64 {
        let partitions = self.partitions().into_iter();
        partitions.fold(0, |sum: u64, (number, status)| {
            let own = u64::from(number.unsigned_abs()) + 1;
            sum.wrapping_add(own.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ status.watch.version())
        })
    }

    /// Name and hash of the model that decides; empty before the start.
    #[must_use]
    pub fn model(&self) -> (String, String) {
        lock(&self.model).clone()
    }

    pub(super) fn set_model(&self, id: &str, sha256: &str) {
        *lock(&self.model) = (id.to_owned(), sha256.to_owned());
    }

    pub(super) fn record_read(&self) {
        let now = now_ms();
        self.last_record_ms.store(now, Ordering::Relaxed);
        // Zero means none yet; only the first wins.
        self.first_record_ms
            .compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed)
            .ok();
    }

    pub(super) fn committed(&self) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.last_commit_ms.store(now_ms(), Ordering::Relaxed);
    }

    pub(super) fn beat(&self) {
        self.heartbeat_ms.store(now_ms(), Ordering::Relaxed);
        self.pulses.reader.beat();
    }

    pub(super) fn set(&self, concern: Concern, text: impl Into<String>) {
        lock(&self.reasons).insert(concern, text.into());
    }

    pub(super) fn clear(&self, concern: Concern) {
        lock(&self.reasons).remove(&concern);
    }

    pub(super) fn take(&self, partition: i32, begin: i64, target: i64) -> Arc<PartitionStatus> {
        let status = Arc::new(PartitionStatus::default());
        status.begin.store(begin, Ordering::Relaxed);
        status.position.store(begin, Ordering::Relaxed);
        status.target.store(target, Ordering::Relaxed);
        status.log_end.store(-1, Ordering::Relaxed);
        status.clock_ms.store(i64::MIN, Ordering::Relaxed);
        status.snapshot.store(-1, Ordering::Relaxed);
        status.headroom_ms.store(i64::MIN, Ordering::Relaxed);
        lock(&self.partitions).insert(partition, Arc::clone(&status));
        self.started.store(true, Ordering::Release);
        status
    }

    #[cfg(test)]
    pub(crate) fn take_for_tests(&self, partition: i32) -> Arc<PartitionStatus> {
        self.take(partition, 0, 0)
    }

    /// A start would begin with a snapshot of this offset.
    pub(super) fn at_snapshot(&self, partition: i32, offset: i64) {
        if let Some(status) = lock(&self.partitions).get(&partition) {
            status.snapshot.store(offset, Ordering::Relaxed);
        }
    }

    pub(super) fn give(&self, partition: i32) {
        lock(&self.partitions).remove(&partition);
    }
}

impl SnapshotStatus {
    pub(super) fn published(&self, partition: i32, offset: i64, bytes: u64) {
        self.published.fetch_add(1, Ordering::Relaxed);
        lock(&self.newest).insert(partition, (offset, bytes, now_ms()));
    }

    /// By partition: offset, bytes, and when it was published (ms UTC).
    #[must_use]
    pub fn newest(&self) -> BTreeMap<i32, (i64, u64, i64)> {
        lock(&self.newest).clone()
    }
}

impl Concern {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Input => "input",
            Self::Output => "output",
            Self::Stop => "stop",
        }
    }
}

impl PartitionStatus {
    /// Records between the position and the log's end; none before the broker told.
    #[must_use]
    pub fn lag(&self) -> Option<i64> {
        let end = self.log_end.load(Ordering::Relaxed);
        (end >= 0).then(|| (end - self.position.load(Ordering::Relaxed)).max(0))
    }

    /// What became of the records and what was decided, since the partition came.
    #[must_use]
    pub fn counts(&self) -> (Counts, Decisions) {
        lock(&self.counts).clone()
    }

    pub(super) fn set_counts(&self, counts: &Counts, decisions: &Decisions) {
        let mut own = lock(&self.counts);
        let full = |counts: &Counts| counts.dropped_for(DropReason::MaxCustomers) > 0;
        if full(counts) && !full(&own.0) {
            warn!(
                customers = self.customers.load(Ordering::Relaxed),
                "a partition holds features.max_customers: events of new customers are dropped"
            );
        }
        own.0.clone_from(counts);
        own.1.clone_from(decisions);
    }
}

fn add(to: &mut Decisions, other: &Decisions) {
    for (mine, theirs) in to.alerts.iter_mut().zip(other.alerts) {
        *mine += theirs;
    }
    to.suppressed += other.suppressed;
    to.control += other.control;
    to.fired += other.fired;
    to.looks += other.looks;
}

/// The data behind these locks is whole after every statement, so a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
