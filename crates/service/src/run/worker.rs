//! A worker: owns the state of its partitions and works their records in order.

mod owned;

use std::collections::BTreeMap;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};
use tracing::info;

use super::RunError;
use super::Shared;
use super::message::{Done, Event, Part, Take, Work};
use super::recovery::Regime;
use super::watchdog::Pulse;
use crate::pipeline;
use owned::Owned;

pub(super) struct Worker {
    shared: Arc<Shared>,
    work: Receiver<Work>,
    results: Sender<Done>,
    events: Sender<Event>,
    partitions: BTreeMap<i32, Owned>,
    pulse: Arc<Pulse>,
}

/// The committer is gone: its own message says why.
struct Gone;

impl Worker {
    pub(super) fn new(
        shared: Arc<Shared>,
        work: Receiver<Work>,
        results: Sender<Done>,
        events: Sender<Event>,
    ) -> Self {
        Self {
            pulse: shared.status.pulses.worker(),
            shared,
            work,
            results,
            events,
            partitions: BTreeMap::new(),
        }
    }

    pub(super) fn run(mut self) {
        while let Ok(work) = self.work.recv() {
            match self.step(work) {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    // The run ends; whoever started it may be on its way out already.
                    self.events.send(Event::Failed(error)).ok();
                    return self.idle();
                }
            }
        }
    }

    /// Does one thing; false when it was the last.
    pub(super) fn step(&mut self, work: Work) -> Result<bool, RunError> {
        self.pulse.work();
        let stop = matches!(work, Work::Stop);
        let done = if stop {
            self.last_images();
            Ok(())
        } else {
            self.guarded(work)
        };
        self.pulse.rest();
        done.map(|()| !stop)
    }

    /// The run ends: the next one begins where this one was.
    fn last_images(&mut self) {
        for (partition, owned) in &mut self.partitions {
            self.pulse.at(*partition);
            owned.last_image();
        }
    }

    /// After a failure: what comes is let go, so that nobody waits for room or an answer.
    fn idle(&self) {
        while let Ok(work) = self.work.recv() {
            match work {
                Work::Stop => return,
                Work::Give { answer, .. } => {
                    answer.send(()).ok();
                }
                _ => {}
            }
        }
    }

    /// Whoever panics leaves a state that nobody may go on with: the process ends, and says at which record it was.
    fn guarded(&mut self, work: Work) -> Result<(), RunError> {
        let partition = work.partition();
        let done = panic::catch_unwind(AssertUnwindSafe(|| self.work(work)));
        done.unwrap_or_else(|_| {
            let place = partition.and_then(|n| Some((n, self.partitions.get(&n)?.at_work())));
            let text = place.map_or_else(
                || "a worker panicked".to_owned(),
                |(partition, offset)| {
                    format!(
                        "a worker panicked over partition {partition}, offset {offset}; if a restart panics over it \
                         again, leave it out by [run] skip = [\"{partition}:{offset}\"]"
                    )
                },
            );
            Err(RunError::Internal(text))
        })
    }

    /// Hashes of the states of its live partitions.
    #[cfg(test)]
    pub(super) fn digests(&self) -> Vec<(i32, u64)> {
        let owned = self.partitions.iter();
        owned
            .filter_map(|(partition, owned)| Some((*partition, owned.digest()?)))
            .collect()
    }

    fn work(&mut self, work: Work) -> Result<(), RunError> {
        if let Some(partition) = work.partition() {
            self.pulse.at(partition);
        }
        match work {
            Work::Take(take) => self.take(*take)?,
            Work::Give {
                partition,
                lost,
                answer,
            } => {
                let owned = self.partitions.remove(&partition);
                if let Some(mut owned) = owned.filter(|_| !lost) {
                    owned.last_image();
                }
                self.shared.status.give(partition);
                // The reader has given up waiting if it does not hear this.
                answer.send(()).ok();
            }
            Work::Batch { epoch, batch } => {
                let Some(owned) = self.partitions.get_mut(&batch.partition()) else {
                    return Ok(());
                };
                if owned.epoch() == epoch
                    && let Some(part) = owned.batch(&batch)?
                {
                    self.send(part)?;
                }
                self.after(batch.partition());
            }
            Work::End {
                epoch,
                partition,
                offset,
                log_end,
                asked_ms,
            } => {
                let Some(owned) = self.partitions.get_mut(&partition) else {
                    return Ok(());
                };
                if owned.epoch() == epoch
                    && let Some(part) = owned.end_of_log(offset, log_end, asked_ms)?
                {
                    self.send(part)?;
                }
                self.after(partition);
            }
            Work::EndOfInput { until } => self.end_of_input(until)?,
            Work::Activate { settings, regime } => self.activate(&settings, &regime)?,
            Work::Published {
                epoch,
                partition,
                name,
                offset,
                sha256,
            } => {
                let owned = self.partitions.get_mut(&partition);
                if let Some(owned) = owned.filter(|owned| owned.epoch() == epoch) {
                    owned.published(name, offset, sha256);
                }
            }
            Work::Stop => {}
        }
        Ok(())
    }

    fn take(&mut self, take: Take) -> Result<(), RunError> {
        let partition = take.partition;
        let owned = Owned::new(&self.shared, take)?;
        self.partitions.insert(partition, owned);
        self.after(partition);
        Ok(())
    }

    /// Tells once when a partition has been read to its end.
    fn after(&mut self, partition: i32) {
        if let Some(owned) = self.partitions.get_mut(&partition)
            && owned.has_reached_its_end()
        {
            info!(partition, "read to its end");
            self.events
                .send(Event::Reached {
                    clock: owned.clock(),
                })
                .ok();
        }
    }

    fn end_of_input(&mut self, until: i64) -> Result<(), RunError> {
        let parts: Vec<Part> = self
            .partitions
            .iter_mut()
            .map(|(partition, owned)| {
                self.pulse.at(*partition);
                owned.end_of_input(until)
            })
            .collect();
        parts.into_iter().try_for_each(|part| self.send(part))
    }

    fn activate(&mut self, settings: &pipeline::Settings, regime: &Regime) -> Result<(), RunError> {
        let mut parts = Vec::new();
        for (partition, owned) in &mut self.partitions {
            self.pulse.at(*partition);
            parts.extend(owned.activate(settings, regime)?);
        }
        parts.into_iter().try_for_each(|part| self.send(part))
    }

    fn send(&self, part: Part) -> Result<(), RunError> {
        // Room comes with the next commit, and it is the committer that is looked at meanwhile.
        self.pulse.rest();
        let sent = self.results.send(Done::Part(Box::new(part)));
        self.pulse.work();
        sent.map_err(|_| Gone.into())
    }
}

impl From<Gone> for RunError {
    fn from(_: Gone) -> Self {
        Self::Internal("the committer has ended".to_owned())
    }
}
