//! One partition in a worker's hands: rebuilt first, then live.

mod imaging;
mod rebuild;
mod trail;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use holdfast_consumer::{Batch, murmur2_partition};
use holdfast_events::Record;
use holdfast_policy::Following;
use holdfast_policy::journal::{Entry, What};
use holdfast_producer::{Metadata, Outputs, Position};
use tracing::{debug, info};

use crate::config::{Clock, SourceKind};
use crate::pipeline::{self, Partition, ticks};
use crate::run::message::{Epoch, Part, Take};
use crate::run::recovery::Regime;
use crate::run::status::PartitionStatus;
use crate::run::{RunError, Shared};
use imaging::Imaging;
use rebuild::Rebuild;
use trail::Trail;

/// How often the state is weighed.
const WEIGH_EVERY: Duration = Duration::from_secs(1);
/// Customers that the watch looks at in each turn without records: some milliseconds.
const WATCHED_IDLE: u32 = 4_096;

pub(super) struct Owned {
    shared: Arc<Shared>,
    status: Arc<PartitionStatus>,
    pipeline: Partition,
    partition: i32,
    partitions: u32,
    epoch: Epoch,
    next_offset: i64,
    /// None once the partition is live.
    rebuild: Option<Rebuild>,
    /// What decides.
    regime: Regime,
    /// Entries of the journal so far, those to be repeated and those handed out included.
    journal: u64,
    /// Instant up to which a tick or an end of input has fired deadlines.
    fired: Option<i64>,
    /// Where the input ends for this run.
    end: Option<i64>,
    reached: Reached,
    byte: Option<u64>,
    last_record_ms: i64,
    newest_ms: Option<i64>,
    weighed_at: Option<Instant>,
    imaging: Option<Imaging>,
    /// What was read up to `next_offset`; none while that is not known.
    trail: Option<Trail>,
    /// Why going on would be wrong, found between two records.
    fault: Option<RunError>,
}

/// The state to begin with, under today's settings: another model may have been taken over since it was loaded.
fn restored(
    state: Option<Box<Partition>>,
    settings: &pipeline::Settings,
) -> anyhow::Result<Partition> {
    let Some(mut state) = state else {
        return Partition::new(settings);
    };
    if state.model_sha256() != settings.model().sha256() {
        state.activate(settings)?;
    }
    Ok(*state)
}

#[derive(PartialEq, Eq)]
enum Reached {
    No,
    Yes,
    Told,
}

impl Owned {
    pub(super) fn new(shared: &Arc<Shared>, take: Take) -> Result<Self, RunError> {
        let imaging = Imaging::new(shared, &take);
        let active = shared.active();
        let from = take.recovered;
        let mut pipeline = restored(from.state, &active.settings)
            .map_err(|e| RunError::Config(format!("{e:#}")))?;
        pipeline.set_place(take.partition, take.partitions);
        let status = shared.status.take(take.partition, from.begin, from.target);
        if let Some(snapshot) = from.snapshot {
            status.snapshot.store(snapshot, Ordering::Relaxed);
        }
        let journal = from.journal + from.entries.len() as u64;
        let mut rebuild = Rebuild::new(from.target, from.entries, from.regime);
        rebuild.trail = from.committed_trail.map(Trail::resumed);
        let mut owned = Self {
            status,
            pipeline,
            partition: take.partition,
            partitions: take.partitions,
            epoch: take.epoch,
            next_offset: from.begin,
            rebuild: Some(rebuild),
            regime: active.regime.clone(),
            journal,
            fired: from.fired,
            end: take.end,
            reached: Reached::No,
            byte: None,
            last_record_ms: shared.time.now_ms(),
            newest_ms: None,
            weighed_at: None,
            imaging,
            trail: from.trail.map(Trail::resumed),
            fault: None,
            shared: Arc::clone(shared),
        };
        owned.begin_rebuild();
        owned.sound()?;
        owned.check_end();
        Ok(owned)
    }

    pub(super) fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(super) fn clock(&self) -> i64 {
        self.pipeline.clock()
    }

    /// The record in hand.
    pub(super) fn at_work(&self) -> i64 {
        self.pipeline.at_work()
    }

    /// Hash of the state; none while it is not live.
    #[cfg(test)]
    pub(super) fn digest(&self) -> Option<u64> {
        self.is_live().then(|| self.pipeline.digest())
    }

    fn is_live(&self) -> bool {
        self.rebuild.is_none()
    }

    /// Works a batch; none while there is nothing new to commit.
    pub(super) fn batch(&mut self, batch: &Batch) -> Result<Option<Part>, RunError> {
        let mut outputs = Outputs::default();
        let target = self.rebuild.as_ref().map_or(0, |rebuild| rebuild.target);
        let from = self.next_offset.max(target);
        batch.for_each_chunk(|records| self.chunk(records, &mut outputs));
        self.sound()?;
        if let Some(log_end) = batch.log_end() {
            self.status.log_end.store(log_end, Ordering::Relaxed);
        }
        self.byte = batch.end_byte();
        self.last_record_ms = self.shared.time.now_ms();
        self.tell();
        self.check_end();
        let newest_ms = self.newest_ms;
        let part =
            (self.is_live() && self.next_offset > from).then(|| self.part(outputs, newest_ms));
        self.image();
        Ok(part)
    }

    /// Whether the record is where Kafka's own way of spreading keys puts it; one of each chunk is enough to see
    /// producers that spread otherwise.
    fn look_at_key(&self, record: &Record<'_>) {
        let from_kafka = self.shared.settings.source == SourceKind::Kafka;
        if let Some(key) = record.key.filter(|_| from_kafka && self.partitions > 0)
            && i64::from(murmur2_partition(key, self.partitions)) != i64::from(self.partition)
        {
            self.status.misplaced.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// An error once something was found that speaks against going on.
    fn sound(&mut self) -> Result<(), RunError> {
        self.fault.take().map_or(Ok(()), Err)
    }

    fn chunk(&mut self, records: &[Record<'_>], outputs: &mut Outputs) {
        // A record is worked once, and none behind the end of this run.
        let (from, end) = (self.next_offset, self.end.unwrap_or(i64::MAX));
        let start = records.partition_point(|r| r.offset < from);
        let stop = records.partition_point(|r| r.offset < end).max(start);
        let records = &records[start..stop];
        let Some(last) = records.last() else { return };
        self.look_at_key(last);
        let known = self.rebuild(records);
        let fresh = &records[known..];
        if !fresh.is_empty() {
            self.pipeline.batch(fresh, outputs);
            self.follow_trail(fresh);
        }
        self.next_offset = last.offset + 1;
        self.newest_ms = last.timestamp.or(self.newest_ms);
    }

    /// Everything before `offset` has been read, and the log ended at `log_end` a moment ago: the rebuild may be
    /// over although no record has the last offset, the run may be, and time may tick if it is known when the log was
    /// asked.
    pub(super) fn end_of_log(
        &mut self,
        offset: i64,
        log_end: i64,
        asked_ms: Option<i64>,
    ) -> Result<Option<Part>, RunError> {
        self.next_offset = self.next_offset.max(offset);
        self.status.log_end.store(log_end, Ordering::Relaxed);
        if offset == log_end {
            if let Some(error) = self.ends_early(log_end) {
                return Err(error);
            }
            if let Some(rebuild) = &mut self.rebuild {
                rebuild.target = rebuild.target.min(offset);
            }
        }
        self.go_on(self.next_offset);
        self.sound()?;
        if self.shared.options.until_end && self.end.is_none() && offset == log_end {
            self.end = Some(offset);
        }
        self.pipeline.watch_on(WATCHED_IDLE);
        self.tell();
        self.check_end();
        let part = asked_ms.and_then(|asked| self.tick(log_end, asked));
        self.image();
        Ok(part)
    }

    fn tick(&mut self, log_end: i64, asked: i64) -> Option<Part> {
        let silence = &self.shared.settings.silence;
        if !self.is_live()
            || !silence.enabled
            || silence.clock != Clock::Wall
            || self.reached != Reached::No
        {
            return None;
        }
        let idle = ticks::Idle {
            asked,
            log_end,
            position: self.next_offset,
            last_record: self.last_record_ms,
        };
        let to = ticks::tick(&idle, silence.idle_after_ms, silence.grace_ms)?;
        if self.fired.is_some_and(|fired| fired >= to) {
            return None;
        }
        let mut outputs = Outputs::default();
        self.shared.status.ticks.fetch_add(1, Ordering::Relaxed);
        if !self.pipeline.tick(to, &mut outputs) {
            return None;
        }
        debug!(partition = self.partition, to, "a tick fired deadlines");
        self.fired = Some(to);
        self.tell();
        Some(self.part(outputs, None))
    }

    /// The whole input has ended: what is due by `until` fires, and that it did is in the journal.
    pub(super) fn end_of_input(&mut self, until: i64) -> Part {
        let mut outputs = Outputs::default();
        if self.pipeline.end_of_input(until, &mut outputs) {
            self.fired = self.fired.max(Some(until));
        }
        self.tell();
        Part {
            last: true,
            ..self.part(outputs, None)
        }
    }

    /// Another model or policy decides from here on; none while the partition is not live, which then begins with it.
    pub(super) fn activate(
        &mut self,
        settings: &pipeline::Settings,
        regime: &Regime,
    ) -> Result<Option<Part>, RunError> {
        if self.regime == *regime {
            return Ok(None);
        }
        let faulty = |e| RunError::Internal(format!("an accepted model cannot be used: {e:#}"));
        self.pipeline.activate(settings).map_err(faulty)?;
        self.regime = regime.clone();
        if !self.is_live() {
            // What is repeated was decided by another from here on; its own stretches begin with their activations.
            self.pipeline.follow(Following::Blind);
            return Ok(None);
        }
        self.pipeline.retrack(None);
        self.activated();
        self.pipeline.rearm();
        Ok(Some(self.part(Outputs::default(), None)))
    }

    /// A snapshot of this partition is in the store: the journal says so with the next commit.
    pub(super) fn published(&mut self, name: String, offset: i64, sha256: String) {
        self.pipeline.note(What::Snapshot {
            name,
            offset,
            sha256,
        });
    }

    /// Notes what decides from here on.
    fn activated(&mut self) {
        let model = self.pipeline.model_id().to_owned();
        info!(
            partition = self.partition,
            offset = self.next_offset,
            model,
            "decides from here on"
        );
        self.pipeline.note(What::Activated {
            model_id: model,
            model_sha256: self.regime.model_sha256.clone(),
            config_hash: self.regime.config_hash.clone(),
            clock: self.pipeline.clock(),
            lifecycle: self.pipeline.terms().map(Box::new),
        });
    }

    /// True once, when the partition has been read to the end of this run.
    pub(super) fn has_reached_its_end(&mut self) -> bool {
        if self.reached != Reached::Yes {
            return false;
        }
        self.reached = Reached::Told;
        true
    }

    fn check_end(&mut self) {
        if self.reached == Reached::No
            && self.is_live()
            && self.end.is_some_and(|end| self.next_offset >= end)
        {
            self.reached = Reached::Yes;
        }
    }

    fn part(&mut self, outputs: Outputs, newest_ms: Option<i64>) -> Part {
        let entries: Vec<Entry> = self.pipeline.take_journal();
        let first = self.journal;
        self.journal += entries.len() as u64;
        let position = Position {
            partition: self.partition,
            next_offset: self.next_offset,
            metadata: Metadata {
                model_sha256: self.regime.model_sha256.clone(),
                config_hash: self.regime.config_hash.clone(),
                state_hash: self.shared.state_hash().to_owned(),
                journal: self.journal,
                partitions: self.partitions,
                input: self.trail.map(Trail::hash),
                byte: self.byte,
                done: None,
            },
        };
        Part {
            epoch: self.epoch,
            outputs,
            entries,
            first,
            position,
            newest_ms,
            last: false,
        }
    }

    fn tell(&mut self) {
        self.status
            .position
            .store(self.next_offset, Ordering::Relaxed);
        self.status
            .clock_ms
            .store(self.pipeline.clock(), Ordering::Relaxed);
        self.status
            .newest_ms
            .store(self.newest_ms.unwrap_or(0), Ordering::Relaxed);
        self.status
            .customers
            .store(self.pipeline.customers(), Ordering::Relaxed);
        // A walk over the agenda: not for every batch.
        if self.weighed_at.is_none_or(|at| at.elapsed() >= WEIGH_EVERY) {
            self.weighed_at = Some(Instant::now());
            let bytes = self.pipeline.all_memory();
            self.status.state_bytes.store(bytes, Ordering::Relaxed);
        }
        self.status.watch.tell(&self.pipeline);
        self.status
            .set_counts(self.pipeline.counts(), self.pipeline.decisions());
    }
}
