//! The committing thread: owns the sink.
//!
//! It commits as soon as something waits to be seen, positions alone at least every second. A backlog is worked off in
//! few large commits: its alerts are late anyway, and each commit costs the broker a round of writes. Who has caught up
//! waits but a moment, because now the pause is most of what an alert takes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use holdfast_policy::journal::Pack;
use holdfast_producer::{JournalRecord, Outputs, Position, Sink, SinkError};
use tracing::debug;

use super::message::{Done, Epoch, Event, Part};
use super::snapshots::Place;
use super::status::Committed;
use super::{RunError, Shared};

/// Positions without outputs are committed this often.
const POSITIONS_EVERY: Duration = Duration::from_secs(1);
/// Between commits while there is a backlog.
const LONG_PAUSE: Duration = Duration::from_millis(250);
/// Else as long as the last one took, and at most this long: one that was held up must not hold up the next.
const SHORT_PAUSE: Duration = Duration::from_millis(3);
/// More records than this between position and end of the log are a backlog.
const BACKLOG: i64 = 20_000;
/// More than this many outputs are not put into one commit while there is a choice.
const ENOUGH: usize = 20_000;
/// A pack of the journal is cut when it is longer: brokers take records of about a million bytes.
const PACK_BYTES: usize = 500_000;

/// How many of the merged outputs are one part's.
struct Cut {
    alerts: usize,
    letters: usize,
    records: usize,
}

impl Cut {
    fn of(outputs: &Outputs) -> Self {
        Self {
            alerts: outputs.alerts.len(),
            letters: outputs.dead_letters.len(),
            records: outputs.records.len(),
        }
    }
}

pub(super) struct Committer {
    shared: Arc<Shared>,
    sink: Box<dyn Sink>,
    results: Receiver<Done>,
    events: Sender<Event>,
    parts: Vec<Part>,
    outputs: usize,
    /// For each partition that went, the epoch from which on parts of it are taken: a worker that did not give it back
    /// in time may come with some later, when it is somebody else's.
    from_epoch: BTreeMap<i32, Epoch>,
    /// The earliest instant for the next commit.
    not_before: Instant,
    positions_at: Instant,
    commits: u64,
}

impl Committer {
    pub(super) fn new(
        shared: Arc<Shared>,
        sink: Box<dyn Sink>,
        results: Receiver<Done>,
        events: Sender<Event>,
    ) -> Self {
        let now = Instant::now();
        Self {
            shared,
            sink,
            results,
            events,
            parts: Vec::new(),
            outputs: 0,
            from_epoch: BTreeMap::new(),
            not_before: now,
            positions_at: now + POSITIONS_EVERY,
            commits: 0,
        }
    }

    /// Commits until told to stop; the number of commits.
    pub(super) fn run(mut self) -> Result<u64, RunError> {
        let result = self.serve();
        self.shared.status.pulses.committer.rest();
        if let Err(error) = &result {
            let copy = match error {
                RunError::Config(text) => RunError::Config(text.clone()),
                RunError::Temporary(text) => RunError::Temporary(text.clone()),
                RunError::Internal(text) => RunError::Internal(text.clone()),
            };
            // Whoever runs it all may be waiting for this thread already.
            self.events.send(Event::Failed(copy)).ok();
        }
        result.map(|()| self.commits)
    }

    fn serve(&mut self) -> Result<(), RunError> {
        let shared = Arc::clone(&self.shared);
        let pulse = &shared.status.pulses.committer;
        loop {
            let wait = self.due_in();
            pulse.rest();
            let done = self.results.recv_timeout(wait.unwrap_or(POSITIONS_EVERY));
            pulse.work();
            let done = match done {
                Ok(done) => Some(done),
                Err(RecvTimeoutError::Disconnected) => Some(Done::Stop),
                Err(RecvTimeoutError::Timeout) => None,
            };
            if let Some(done) = done
                && !self.step(done)?
            {
                return Ok(());
            }
            if self.due_in().is_some_and(|wait| wait.is_zero()) {
                self.commit()?;
            }
        }
    }

    /// Does one thing; false when it was the last.
    pub(super) fn step(&mut self, done: Done) -> Result<bool, RunError> {
        match done {
            Done::Part(part) => self.add(*part),
            Done::Flush { answer } => {
                self.commit()?;
                answer.send(()).ok();
            }
            Done::Forget {
                partitions,
                before,
                answer,
            } => {
                self.forget(&partitions, before);
                answer.send(()).ok();
            }
            Done::Stop => {
                self.commit()?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// How long until the next commit is due; none when there is nothing to commit.
    fn due_in(&self) -> Option<Duration> {
        if self.parts.is_empty() {
            return None;
        }
        let urgent = self.outputs > 0
            || self
                .parts
                .iter()
                .any(|part| part.last || !part.entries.is_empty());
        if self.outputs >= ENOUGH {
            return Some(Duration::ZERO);
        }
        let at = if urgent {
            self.not_before
        } else {
            self.positions_at.max(self.not_before)
        };
        Some(at.saturating_duration_since(Instant::now()))
    }

    fn add(&mut self, part: Part) {
        let partition = part.position.partition;
        if self.from_epoch.get(&partition) > Some(&part.epoch) {
            return debug!(partition, "came too late, its partition went");
        }
        self.outputs += part.outputs.len();
        self.parts.push(part);
    }

    /// Commits what is there.
    pub(super) fn commit(&mut self) -> Result<(), RunError> {
        if self.parts.is_empty() {
            return Ok(());
        }
        let (mut outputs, cuts) = self.merge();
        let positions = self.positions();
        outputs.journal = self.journal(&positions);
        let began = Instant::now();
        match self.sink.commit(&outputs, &positions) {
            Ok(()) => {}
            Err(SinkError::Cancelled) => {
                // The message to forget is in the queue; what is not forgotten is sent with the next commit.
                self.part_again(outputs, &cuts);
                self.not_before = Instant::now() + LONG_PAUSE;
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        }
        let took = began.elapsed();
        debug!(
            outputs = outputs.len(),
            positions = positions.len(),
            ?took,
            "committed"
        );
        self.commits += 1;
        self.shared.status.committed();
        self.not_before = Instant::now() + self.pause(took);
        self.positions_at = Instant::now() + POSITIONS_EVERY;
        self.outputs = 0;
        let parts = std::mem::take(&mut self.parts);
        if let Some(snapshotting) = self.shared.snapshotting() {
            let places = positions.iter().map(|position| {
                let place = Place {
                    offset: position.next_offset,
                    entries: position.metadata.journal,
                };
                (position.partition, place)
            });
            snapshotting.committed(places.collect());
        }
        if let Some(watcher) = &self.shared.options.watcher {
            let newest_ms: Vec<i64> = parts.iter().filter_map(|part| part.newest_ms).collect();
            watcher.committed(&Committed {
                outputs: &outputs,
                newest_ms: &newest_ms,
                took,
            });
        }
        for _ in parts.iter().filter(|part| part.last) {
            self.events.send(Event::Ended).ok();
        }
        Ok(())
    }

    fn pause(&self, took: Duration) -> Duration {
        if self.shared.status.lag() > BACKLOG {
            LONG_PAUSE
        } else {
            took.min(SHORT_PAUSE)
        }
    }

    /// Moves all outputs into one, in order, and remembers how many were whose.
    fn merge(&mut self) -> (Outputs, Vec<Cut>) {
        let mut all = Outputs::default();
        let cuts = self
            .parts
            .iter_mut()
            .map(|part| {
                let cut = Cut::of(&part.outputs);
                all.append(&mut part.outputs);
                cut
            })
            .collect();
        (all, cuts)
    }

    /// One pack for each partition that has something to say.
    fn journal(&self, positions: &[Position]) -> Vec<JournalRecord> {
        let mut records = Vec::new();
        for position in positions {
            let partition = position.partition;
            let mut parts = self
                .parts
                .iter()
                .filter(|part| part.position.partition == partition && !part.entries.is_empty())
                .peekable();
            let Some(first) = parts.peek().map(|part| part.first) else {
                continue;
            };
            let pack = Pack {
                partition,
                offset: position.next_offset,
                first,
                entries: parts
                    .flat_map(|part| part.entries.iter().cloned())
                    .collect(),
            };
            let values = pack.to_records(PACK_BYTES).into_iter();
            records.extend(values.map(|value| JournalRecord { partition, value }));
        }
        records
    }

    fn part_again(&mut self, all: Outputs, cuts: &[Cut]) {
        let mut alerts = all.alerts.into_iter();
        let mut letters = all.dead_letters.into_iter();
        let mut records = all.records.into_iter();
        for (part, cut) in self.parts.iter_mut().zip(cuts) {
            let own = &mut part.outputs;
            own.alerts.extend(alerts.by_ref().take(cut.alerts));
            own.dead_letters.extend(letters.by_ref().take(cut.letters));
            own.records.extend(records.by_ref().take(cut.records));
        }
    }

    /// The last position of each partition.
    fn positions(&self) -> Vec<Position> {
        let mut positions: Vec<Position> = Vec::new();
        for part in self.parts.iter().rev() {
            if !positions
                .iter()
                .any(|p| p.partition == part.position.partition)
            {
                positions.push(part.position.clone());
            }
        }
        positions
    }

    fn forget(&mut self, partitions: &[i32], before: Epoch) {
        let epochs = partitions.iter().map(|partition| (*partition, before));
        self.from_epoch.extend(epochs);
        self.parts
            .retain(|part| !partitions.contains(&part.position.partition));
        self.outputs = self.parts.iter().map(|part| part.outputs.len()).sum();
        self.shared.status.sink.resume();
    }
}
