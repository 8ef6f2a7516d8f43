//! Partitions come and go: judged here, told to the workers, and answered for when everything is in order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, SendTimeoutError, Sender, bounded};
use holdfast_consumer::{Assigned, Partitions, Refusal, Start};
use tracing::{error, warn};

use super::Shared;
use super::message::{Done, Epoch, Take, Work};
use super::recovery::{Archive, Recovered};

/// How long a worker may take to finish what it has of a partition that goes.
const WORKER_PATIENCE: Duration = Duration::from_secs(60);
/// How long a last commit may take before the partitions are given back without it.
const COMMIT_PATIENCE: Duration = Duration::from_secs(20);
/// How long the next owner waits for a last snapshot.
const SNAPSHOT_PATIENCE: Duration = Duration::from_secs(3);
/// How long a journal or a list of snapshots that cannot be read is asked for, and how often.
const READ_PATIENCE: Duration = Duration::from_secs(60);
const READ_AGAIN: Duration = Duration::from_millis(500);
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
        let recovered = self.recover(assigned)?;
        Ok(Take {
            epoch: self.next_epoch.fetch_add(1, Ordering::Relaxed),
            partition: assigned.partition,
            recovered,
            partitions: self.partitions,
            end: assigned.end.filter(|_| self.shared.options.until_end),
            journal: Arc::clone(&self.archive.journal),
        })
    }

    /// Right after a broker has come back it may not know every topic yet, and the answer comes at once.
    fn recover(&self, assigned: &Assigned) -> Result<Recovered, Refusal> {
        let began = Instant::now();
        loop {
            let recovered = self
                .archive
                .recover(&self.shared, assigned, self.partitions);
            let in_partition = |text| format!("partition {}: {text}", assigned.partition);
            let text = match recovered {
                Ok(recovered) => return Ok(recovered),
                Err(Refusal::Gap(text)) => return Err(Refusal::Gap(in_partition(text))),
                Err(Refusal::Temporary(text)) => in_partition(text),
            };
            if began.elapsed() > READ_PATIENCE || self.shared.stop.is_requested() {
                return Err(Refusal::Temporary(text));
            }
            warn!("trying again: {text}");
            self.shared.status.beat();
            self.shared.time.pass(READ_AGAIN);
        }
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
                    .unwrap_or_else(|_| Err(Refusal::Gap("recovery panicked".to_owned())))
            });
            joined.collect()
        })
    }

    /// Says whether all have given back what they had; one that has not may still come with something.
    fn tell_workers(&self, partitions: &[i32], lost: bool) -> bool {
        let answers: Vec<Receiver<()>> = partitions
            .iter()
            .filter_map(|partition| {
                let (answer, answered) = bounded(1);
                let worker = &self.workers[Self::worker_of(*partition, self.workers.len())];
                let give = Work::Give {
                    partition: *partition,
                    lost,
                    answer,
                };
                self.send(worker, give).then_some(answered)
            })
            .collect();
        let mut given = true;
        for answered in answers {
            if !self.answer(&answered, WORKER_PATIENCE) {
                error!("a worker does not give its partition back");
                given = false;
            }
        }
        given
    }

    /// Waits for room; false when nobody is there to take it. The reading loop stands meanwhile, but nothing is wrong
    /// with it: the watchdog has an eye on whoever it waits for.
    fn send<T>(&self, to: &Sender<T>, mut message: T) -> bool {
        loop {
            match to.send_timeout(message, BEAT_EVERY) {
                Ok(()) => return true,
                Err(SendTimeoutError::Disconnected(_)) => return false,
                Err(SendTimeoutError::Timeout(back)) => message = back,
            }
            self.shared.status.beat();
        }
    }

    /// Whether an answer comes in time.
    fn answer(&self, answered: &Receiver<()>, patience: Duration) -> bool {
        let mut waited = Duration::ZERO;
        while waited < patience {
            match self.shared.time.answer(answered, BEAT_EVERY) {
                Ok(()) => return true,
                Err(RecvTimeoutError::Timeout) => self.shared.status.beat(),
                Err(RecvTimeoutError::Disconnected) => return false,
            }
            waited += BEAT_EVERY;
        }
        false
    }

    /// Waits for as long as it takes: a transaction under way is brought to an end first, which needs the broker.
    fn forget(&self, partitions: &[i32]) {
        // A commit under way that fails must not be tried again; then the committer gets to the message.
        self.shared.status.sink.cancel();
        let (answer, answered) = bounded(1);
        let forget = Done::Forget {
            partitions: partitions.to_vec(),
            before: self.next_epoch.load(Ordering::Relaxed),
            answer,
        };
        self.send(&self.committer, forget);
        loop {
            match self.shared.time.answer(&answered, BEAT_EVERY) {
                Ok(()) => return,
                Err(RecvTimeoutError::Timeout) => self.shared.status.beat(),
                Err(RecvTimeoutError::Disconnected) => return warn!("the committer has ended"),
            }
        }
    }

    fn flush(&self) -> bool {
        let (answer, answered) = bounded(1);
        self.send(&self.committer, Done::Flush { answer })
            && self.answer(&answered, COMMIT_PATIENCE)
    }
}

impl Partitions for Handover {
    fn waiting(&self) {
        self.shared.status.beat();
    }

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
            if !self.send(worker, Work::Take(Box::new(take))) {
                return Err(Refusal::Gap("the workers have ended".to_owned()));
            }
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
        let given = self.tell_workers(partitions, lost);
        let committed = given && !lost && self.flush();
        if !committed {
            self.forget(partitions);
        }
        let Some(snapshotting) = self.shared.snapshotting() else {
            return;
        };
        if committed && !snapshotting.drain(&*self.shared.time, SNAPSHOT_PATIENCE) {
            warn!("the last snapshot is not there yet; the next owner begins with an older one");
        }
        snapshotting.forget(partitions, self.next_epoch.load(Ordering::Relaxed));
    }
}
