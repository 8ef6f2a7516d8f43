//! Partitions come and go: judged here, told to the workers, and answered for when everything is in order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, SendTimeoutError, Sender, bounded};
use holdfast_consumer::{Assigned, Partitions, Refusal, Start};
use tracing::{error, warn};

use super::Shared;
use super::message::{Done, Epoch, Take, Work};
use super::recovery::Archive;

/// How long a worker may take to finish what it has of a partition that goes.
const WORKER_PATIENCE: Duration = Duration::from_secs(60);
/// How long a last commit may take before the partitions are given back without it.
const COMMIT_PATIENCE: Duration = Duration::from_secs(20);
/// How long the next owner waits for a last snapshot.
const SNAPSHOT_PATIENCE: Duration = Duration::from_secs(3);
/// How often the reading loop is said to be alive while it waits for the committer.
const BEAT_EVERY: Duration = Duration::from_secs(1);

/// Called by the source on the reading thread.
pub(super) struct Handover {
    shared: Arc<Shared>,
    workers: Vec<Sender<Work>>,
    committer: Sender<Done>,
    archive: Archive,
    next_epoch: AtomicU64,
    /// Of the input.
    partitions: u32,
    /// Epoch of each partition that is ours.
    epochs: Mutex<BTreeMap<i32, Epoch>>,
}

impl Handover {
    pub(super) fn new(
        shared: Arc<Shared>,
        workers: Vec<Sender<Work>>,
        committer: Sender<Done>,
        archive: Archive,
        partitions: usize,
    ) -> Self {
        Self {
            shared,
            workers,
            committer,
            archive,
            partitions: u32::try_from(partitions).unwrap_or(u32::MAX),
            next_epoch: AtomicU64::new(1),
            epochs: Mutex::default(),
        }
    }

    /// The epoch under which a partition is ours; none when it is not.
    pub(super) fn epoch(&self, partition: i32) -> Option<Epoch> {
        self.epochs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&partition)
            .copied()
    }

    /// The worker of a partition.
    pub(super) fn worker_of(partition: i32, workers: usize) -> usize {
        usize::try_from(partition).unwrap_or(0) % workers
    }

    fn take(&self, assigned: &Assigned) -> Result<Take, Refusal> {
        let recovered = self
            .archive
            .recover(&self.shared, assigned, self.partitions)?;
        Ok(Take {
            epoch: self.next_epoch.fetch_add(1, Ordering::Relaxed),
            partition: assigned.partition,
            recovered,
            partitions: self.partitions,
            end: assigned.end.filter(|_| self.shared.options.until_end),
        })
    }

    /// All at once: most of the time goes by waiting for the broker and the store.
    fn take_all(&self, given: &[Assigned]) -> Vec<Result<Take, Refusal>> {
        thread::scope(|scope| {
            let takes: Vec<_> = given
                .iter()
                .map(|assigned| scope.spawn(|| self.take(assigned)))
                .collect();
            let joined = takes.into_iter().map(|take| {
                take.join()
                    .unwrap_or_else(|_| Err(Refusal("recovery panicked".to_owned())))
            });
            joined.collect()
        })
    }

    fn tell_workers(&self, partitions: &[i32], lost: bool) {
        let answers: Vec<Receiver<()>> = partitions
            .iter()
            .filter_map(|partition| {
                let (answer, answered) = bounded(1);
                let worker = &self.workers[Self::worker_of(*partition, self.workers.len())];
                worker
                    .send(Work::Give {
                        partition: *partition,
                        lost,
                        answer,
                    })
                    .ok()?;
                Some(answered)
            })
            .collect();
        for answered in answers {
            if answered.recv_timeout(WORKER_PATIENCE).is_err() {
                error!("a worker does not give its partition back");
            }
        }
    }

    /// Waits for as long as it takes: a transaction under way is brought to an end first, which needs the broker.
    fn forget(&self, partitions: &[i32]) {
        // A commit under way that fails must not be tried again; then the committer gets to the message.
        self.shared.status.sink.cancel();
        let (answer, answered) = bounded(1);
        let mut message = Done::Forget {
            partitions: partitions.to_vec(),
            answer,
        };
        // The reading loop stands meanwhile, but nothing is wrong with it.
        while let Err(SendTimeoutError::Timeout(back)) =
            self.committer.send_timeout(message, BEAT_EVERY)
        {
            message = back;
            self.shared.status.beat();
        }
        loop {
            match answered.recv_timeout(BEAT_EVERY) {
                Ok(()) => return,
                Err(RecvTimeoutError::Timeout) => self.shared.status.beat(),
                Err(RecvTimeoutError::Disconnected) => return warn!("the committer has ended"),
            }
        }
    }

    fn flush(&self) -> bool {
        let (answer, answered) = bounded(1);
        self.committer.send(Done::Flush { answer }).is_ok()
            && answered.recv_timeout(COMMIT_PATIENCE).is_ok()
    }
}

impl Partitions for Handover {
    fn assigned(&self, given: &[Assigned]) -> Result<Vec<Start>, Refusal> {
        let takes = self.take_all(given).into_iter();
        let takes = takes.collect::<Result<Vec<_>, _>>()?;
        self.shared
            .status
            .assignments
            .fetch_add(1, Ordering::Relaxed);
        let mut starts = Vec::new();
        for take in takes {
            starts.push(Start {
                partition: take.partition,
                offset: take.recovered.begin,
            });
            let mut epochs = self.epochs.lock().unwrap_or_else(PoisonError::into_inner);
            epochs.insert(take.partition, take.epoch);
            drop(epochs);
            let worker = &self.workers[Self::worker_of(take.partition, self.workers.len())];
            worker
                .send(Work::Take(Box::new(take)))
                .map_err(|_| Refusal("the workers have ended".to_owned()))?;
        }
        Ok(starts)
    }

    fn revoked(&self, partitions: &[i32], lost: bool) {
        let counter = if lost {
            &self.shared.status.losses
        } else {
            &self.shared.status.revocations
        };
        counter.fetch_add(1, Ordering::Relaxed);
        let mut epochs = self.epochs.lock().unwrap_or_else(PoisonError::into_inner);
        epochs.retain(|partition, _| !partitions.contains(partition));
        drop(epochs);
        if lost {
            // First the committer, which may be what the workers wait for.
            self.forget(partitions);
        }
        self.tell_workers(partitions, lost);
        let committed = !lost && self.flush();
        if !committed {
            self.forget(partitions);
        }
        let Some(snapshotting) = self.shared.snapshotting() else {
            return;
        };
        if committed && !snapshotting.drain(SNAPSHOT_PATIENCE) {
            warn!("the last snapshot is not there yet; the next owner begins with an older one");
        }
        snapshotting.forget(partitions);
    }
}
