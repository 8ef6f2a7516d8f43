//! Partitions come and go: judged here, told to the workers, and answered for when everything is in order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, SendTimeoutError, Sender, bounded};
use holdfast_consumer::{Assigned, Partitions, Refusal, Start};
use holdfast_producer::Metadata;
use tracing::{error, info, warn};

use super::Shared;
use super::message::{Done, Epoch, Take, Work};

/// How long a worker may take to finish what it has of a partition that goes.
const WORKER_PATIENCE: Duration = Duration::from_secs(60);
/// How long a last commit may take before the partitions are given back without it.
const COMMIT_PATIENCE: Duration = Duration::from_secs(20);
/// How often the reading loop is said to be alive while it waits for the committer.
const BEAT_EVERY: Duration = Duration::from_secs(1);

/// Called by the source on the reading thread.
pub(super) struct Handover {
    shared: Arc<Shared>,
    workers: Vec<Sender<Work>>,
    committer: Sender<Done>,
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
        partitions: usize,
    ) -> Self {
        Self {
            shared,
            workers,
            committer,
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
        let accept = self.shared.options.accept_gap;
        let ours = Metadata {
            model_sha256: self.shared.pipeline.model().sha256().to_owned(),
            config_hash: self.shared.config_hash.clone(),
            partitions: self.partitions,
            ..Metadata::default()
        };
        let faults = faults(assigned, &ours);
        if !faults.is_empty() && !accept {
            let text = faults.join("; ");
            return Err(Refusal(format!(
                "partition {}: {text}; start with --on-gap=accept to go on without a promise about alerts missed \
                 or sent twice",
                assigned.partition
            )));
        }
        for fault in faults {
            warn!(partition = assigned.partition, "accepted: {fault}");
        }
        let committed = assigned.committed.as_ref();
        let metadata = committed.and_then(|(_, text)| Metadata::from_json(text));
        let target = committed.map_or(assigned.begin, |(offset, _)| (*offset).max(assigned.begin));
        // A committed offset behind the log's end was accepted above; there is nothing to rebuild from there.
        let target = assigned.end.map_or(target, |end| target.min(end));
        Ok(Take {
            epoch: self.next_epoch.fetch_add(1, Ordering::Relaxed),
            partition: assigned.partition,
            begin: assigned.begin,
            target,
            fired: metadata.and_then(|m| m.fired),
            partitions: self.partitions,
            end: assigned.end.filter(|_| self.shared.options.until_end),
        })
    }

    fn tell_workers(&self, partitions: &[i32]) {
        let answers: Vec<Receiver<()>> = partitions
            .iter()
            .filter_map(|partition| {
                let (answer, answered) = bounded(1);
                let worker = &self.workers[Self::worker_of(*partition, self.workers.len())];
                worker
                    .send(Work::Give {
                        partition: *partition,
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
        let takes = given
            .iter()
            .map(|assigned| self.take(assigned))
            .collect::<Result<Vec<_>, _>>()?;
        self.shared
            .status
            .assignments
            .fetch_add(1, Ordering::Relaxed);
        let mut starts = Vec::new();
        for take in takes {
            let (partition, begin, committed) = (take.partition, take.begin, take.target);
            if committed > begin {
                info!(
                    partition,
                    begin, committed, "rebuilding the state up to what was committed"
                );
            }
            starts.push(Start {
                partition: take.partition,
                offset: take.begin,
            });
            let mut epochs = self.epochs.lock().unwrap_or_else(PoisonError::into_inner);
            epochs.insert(take.partition, take.epoch);
            drop(epochs);
            let worker = &self.workers[Self::worker_of(take.partition, self.workers.len())];
            worker
                .send(Work::Take(take))
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
        self.tell_workers(partitions);
        if lost || !self.flush() {
            self.forget(partitions);
        }
    }
}

/// What speaks against going on from where the last run ended.
fn faults(assigned: &Assigned, ours: &Metadata) -> Vec<String> {
    let mut faults = Vec::new();
    let begin = assigned.begin;
    let Some((offset, text)) = &assigned.committed else {
        if begin > 0 {
            faults.push(format!(
                "the log starts at offset {begin}, records before it are gone"
            ));
        }
        return faults;
    };
    if begin > 0 {
        let text = format!(
            "the log starts at offset {begin}, state up to the committed {offset} cannot be rebuilt"
        );
        faults.push(text);
    }
    if let Some(end) = assigned.end.filter(|end| end < offset) {
        faults.push(format!(
            "the log ends at offset {end}, before the committed {offset}: is it another log?"
        ));
    }
    let Some(metadata) = Metadata::from_json(text) else {
        faults.push(format!(
            "the commit at offset {offset} was not made by this program"
        ));
        return faults;
    };
    if metadata.model_sha256 != ours.model_sha256 {
        let (was, is) = (short(&metadata.model_sha256), short(&ours.model_sha256));
        faults.push(format!(
            "decisions were made with model {was}, the configured one is {is}"
        ));
    }
    if metadata.config_hash != ours.config_hash {
        faults.push(
            "decisions were made with other settings (policy, silence, events, features, alerts)"
                .to_owned(),
        );
    }
    if ![0, ours.partitions].contains(&metadata.partitions) {
        let (was, is) = (metadata.partitions, ours.partitions);
        faults.push(format!(
            "the input had {was} partitions and has {is}: customers have moved away from their state"
        ));
    }
    faults
}

fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assigned(begin: i64, end: i64, committed: Option<(i64, &str, &str)>) -> Assigned {
        let committed = committed.map(|(offset, model, config)| {
            let metadata = Metadata {
                model_sha256: model.into(),
                config_hash: config.into(),
                ..Metadata::default()
            };
            (offset, metadata.to_json())
        });
        Assigned {
            partition: 0,
            begin,
            end: Some(end),
            committed,
        }
    }

    fn check(assigned: &Assigned, expected: &[&str]) {
        let ours = Metadata {
            model_sha256: "m".into(),
            config_hash: "c".into(),
            partitions: 4,
            ..Metadata::default()
        };
        let found = faults(assigned, &ours);
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.contains(expected), "{found} lacks {expected}");
        }
    }

    #[test]
    fn a_whole_log_is_fine_with_or_without_a_commit() {
        check(&assigned(0, 9, None), &[]);
        check(&assigned(0, 9, Some((9, "m", "c"))), &[]);
    }

    #[test]
    fn missing_records_and_other_decisions_are_faults() {
        check(&assigned(3, 9, None), &["starts at offset 3"]);
        check(&assigned(3, 9, Some((5, "m", "c"))), &["cannot be rebuilt"]);
        check(&assigned(0, 4, Some((5, "m", "c"))), &["another log"]);
        check(&assigned(0, 9, Some((5, "x", "c"))), &["model x"]);
        check(&assigned(0, 9, Some((5, "m", "x"))), &["other settings"]);
        check(
            &assigned(2, 9, Some((5, "x", "x"))),
            &["rebuilt", "model", "settings"],
        );
    }

    #[test]
    fn another_number_of_partitions_is_a_fault() {
        let metadata = Metadata {
            model_sha256: "m".into(),
            config_hash: "c".into(),
            partitions: 3,
            ..Metadata::default()
        };
        let grown = Assigned {
            committed: Some((5, metadata.to_json())),
            ..assigned(0, 9, None)
        };
        check(&grown, &["had 3 partitions and has 4"]);
    }

    #[test]
    fn a_commit_of_somebody_else_is_a_fault() {
        let other = Assigned {
            committed: Some((5, "reset by a tool".into())),
            ..assigned(0, 9, None)
        };
        check(&other, &["not made by this program"]);
    }
}
