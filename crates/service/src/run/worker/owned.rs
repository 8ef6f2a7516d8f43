//! One partition in a worker's hands: rebuilt first, then live.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use holdfast_consumer::Batch;
use holdfast_events::Record;
use holdfast_producer::{Metadata, Outputs, Position};
use tracing::{debug, info};

use crate::config::Clock;
use crate::pipeline::{Partition, ticks};
use crate::run::message::{Epoch, Part, Take};
use crate::run::status::PartitionStatus;
use crate::run::{RunError, Shared, clock};

/// How often the state is weighed.
const WEIGH_EVERY: Duration = Duration::from_secs(1);

pub(super) struct Owned {
    shared: Arc<Shared>,
    status: Arc<PartitionStatus>,
    pipeline: Partition,
    partition: i32,
    partitions: u32,
    epoch: Epoch,
    next_offset: i64,
    /// Below it everything was committed before.
    target: i64,
    live: bool,
    /// Instant up to which deadlines have been fired by something that is not in the log.
    fired: Option<i64>,
    /// Where the input ends for this run.
    end: Option<i64>,
    reached: Reached,
    byte: Option<u64>,
    last_record_ms: i64,
    newest_ms: Option<i64>,
    weighed_at: Option<Instant>,
}

#[derive(PartialEq, Eq)]
enum Reached {
    No,
    Yes,
    Told,
}

impl Owned {
    pub(super) fn new(shared: &Arc<Shared>, take: &Take) -> Result<Self, RunError> {
        let mut pipeline =
            Partition::new(&shared.pipeline).map_err(|e| RunError::Config(format!("{e:#}")))?;
        pipeline.set_emitting(false);
        let status = shared.status.take(take.partition, take.begin, take.target);
        let mut owned = Self {
            shared: Arc::clone(shared),
            status,
            pipeline,
            partition: take.partition,
            partitions: take.partitions,
            epoch: take.epoch,
            next_offset: take.begin,
            target: take.target,
            live: false,
            fired: take.fired,
            end: take.end,
            reached: Reached::No,
            byte: None,
            last_record_ms: clock::now_ms(),
            newest_ms: None,
            weighed_at: None,
        };
        owned.go_live_if_rebuilt();
        owned.check_end();
        Ok(owned)
    }

    pub(super) fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(super) fn clock(&self) -> i64 {
        self.pipeline.clock()
    }

    /// Works a batch; none while there is nothing new to commit.
    pub(super) fn batch(&mut self, batch: &Batch) -> Option<Part> {
        let mut outputs = Outputs::default();
        let from = self.next_offset.max(self.target);
        batch.for_each_chunk(|records| self.chunk(records, &mut outputs));
        if let Some(log_end) = batch.log_end() {
            self.status.log_end.store(log_end, Ordering::Relaxed);
        }
        self.byte = batch.end_byte();
        self.last_record_ms = clock::now_ms();
        self.tell();
        self.check_end();
        let newest_ms = self.newest_ms;
        (self.live && self.next_offset > from).then(|| self.part(outputs, newest_ms))
    }

    fn chunk(&mut self, records: &[Record<'_>], outputs: &mut Outputs) {
        // A record is worked once, and none behind the end of this run.
        let (from, end) = (self.next_offset, self.end.unwrap_or(i64::MAX));
        let start = records.partition_point(|r| r.offset < from);
        let stop = records.partition_point(|r| r.offset < end).max(start);
        let records = &records[start..stop];
        let Some(last) = records.last() else { return };
        let rebuilt = if self.live {
            0
        } else {
            records.partition_point(|r| r.offset < self.target)
        };
        let (old, new) = records.split_at(rebuilt);
        if !old.is_empty() {
            self.pipeline.batch(old, outputs);
            debug_assert!(outputs.is_empty() || self.live, "a rebuild sends nothing");
            self.next_offset = old[old.len() - 1].offset + 1;
        }
        if !new.is_empty() {
            if !self.live {
                self.go_live();
            }
            self.pipeline.batch(new, outputs);
        }
        self.next_offset = last.offset + 1;
        self.newest_ms = last.timestamp.or(self.newest_ms);
        self.go_live_if_rebuilt();
    }

    /// Everything before `offset` has been read, and the log ended at `log_end` a moment ago: the rebuild may be
    /// over although no record has the last offset, the run may be, and time may tick.
    pub(super) fn end_of_log(
        &mut self,
        offset: i64,
        log_end: i64,
        now: i64,
    ) -> Result<Option<Part>, RunError> {
        self.next_offset = self.next_offset.max(offset);
        self.status.log_end.store(log_end, Ordering::Relaxed);
        if !self.live
            && offset == log_end
            && offset < self.target
            && !self.shared.options.accept_gap
        {
            return Err(RunError::Config(format!(
                "partition {}: the log ends at offset {offset}, before the committed {}: is it another log?",
                self.partition, self.target
            )));
        }
        if offset == log_end {
            self.target = self.target.min(offset);
        }
        self.go_live_if_rebuilt();
        if self.shared.options.until_end && self.end.is_none() && offset == log_end {
            self.end = Some(offset);
        }
        self.tell();
        self.check_end();
        Ok(self.tick(log_end, now))
    }

    fn tick(&mut self, log_end: i64, now: i64) -> Option<Part> {
        let silence = &self.shared.settings.silence;
        if !self.live
            || !silence.enabled
            || silence.clock != Clock::Wall
            || self.reached != Reached::No
        {
            return None;
        }
        let idle = ticks::Idle {
            now,
            position: self.next_offset,
            log_end: Some((log_end, now)),
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

    /// The whole input has ended: what is due by `until` fires, and that it did is part of the position.
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
            && self.live
            && self.end.is_some_and(|end| self.next_offset >= end)
        {
            self.reached = Reached::Yes;
        }
    }

    fn go_live_if_rebuilt(&mut self) {
        if !self.live && self.next_offset >= self.target {
            self.go_live();
        }
    }

    /// The state is that of the last commit once the deadlines have fired that something outside the log fired then.
    fn go_live(&mut self) {
        if let Some(fired) = self.fired {
            let mut nothing = Outputs::default();
            self.pipeline.tick(fired, &mut nothing);
            debug_assert!(nothing.is_empty(), "a rebuild sends nothing");
        }
        self.pipeline.set_emitting(true);
        self.live = true;
        self.status.live.store(true, Ordering::Release);
        info!(
            partition = self.partition,
            offset = self.next_offset,
            "live"
        );
    }

    fn part(&self, outputs: Outputs, newest_ms: Option<i64>) -> Part {
        let metadata = Metadata {
            model_sha256: self.shared.pipeline.model().sha256().to_owned(),
            config_hash: self.shared.config_hash.clone(),
            fired: self.fired,
            partitions: self.partitions,
            byte: self.byte,
        };
        let position = Position {
            partition: self.partition,
            next_offset: self.next_offset,
            metadata,
        };
        Part {
            outputs,
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
            let bytes = self.pipeline.memory().total() + self.pipeline.decision_memory();
            self.status.state_bytes.store(bytes, Ordering::Relaxed);
        }
        self.status
            .set_counts(self.pipeline.counts(), self.pipeline.decisions());
    }
}
