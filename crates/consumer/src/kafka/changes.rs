//! Working off rebalances: offsets are looked up, the owner of the state decides, then partitions are assigned.
//!
//! While a rebalance is under way librdkafka pauses all partitions, and afterwards goes on from what it takes for the
//! application's position. Read in batches, the mark for the end of a partition counts there as a record (mended by
//! librdkafka #4844, in 2.13.2, later than the 2.12.1 that rdkafka brings): reading would go on one record too far, or
//! be refused as out of range. So the partitions that stay are put back to our own position while they are paused.

use std::time::Duration;

use rdkafka::consumer::{Consumer, RebalanceProtocol};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tracing::{info, warn};

use super::context::Change;
use super::group::CommittedAt;
use super::{KafkaSource, Owned};
use crate::{Assigned, Polled, SourceError};

/// How long one look-up may take before it is tried again.
const LOOK_UP: Duration = Duration::from_secs(5);
/// How long librdkafka's own threads may take to move their positions; no broker is asked.
const SEEK: Duration = Duration::from_secs(10);
/// How many times it is tried before the process gives up and leaves the rest to its supervisor.
const TRIES: usize = 12;

impl KafkaSource {
    pub(super) fn serve_changes(&mut self) -> Result<(), SourceError> {
        while let Some(change) = self.consumer.context().next_change() {
            match change {
                Change::Assign(partitions) => self.assign(&partitions)?,
                Change::Revoke { partitions, lost } => self.revoke(&partitions, lost)?,
            }
        }
        Ok(())
    }

    fn assign(&mut self, partitions: &[i32]) -> Result<(), SourceError> {
        info!(?partitions, "partitions assigned");
        let mut list = TopicPartitionList::new();
        let mut fresh = Vec::new();
        if !partitions.is_empty() {
            let given = self.look_up(partitions)?;
            let starts = self
                .handler
                .assigned(&given)
                .map_err(|refusal| SourceError::Gap(refusal.0))?;
            for start in starts {
                self.queue.forward(&self.topic, start.partition);
                let owned = Owned {
                    position: start.offset,
                    at_end: None,
                };
                fresh.push((start.partition, owned));
                list.add_partition_offset(
                    &self.settings.topic,
                    start.partition,
                    Offset::Offset(start.offset),
                )
                .map_err(|e| SourceError::Config(format!("start offset {}: {e}", start.offset)))?;
            }
        }
        self.seek_to_positions()?;
        self.owned.extend(fresh);
        let done = match self.consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => self.consumer.incremental_assign(&list),
            _ => self.consumer.assign(&list),
        };
        done.map_err(|e| {
            SourceError::Temporary(format!("cannot take partitions {partitions:?}: {e}"))
        })
    }

    fn revoke(&mut self, partitions: &[i32], lost: bool) -> Result<(), SourceError> {
        info!(?partitions, lost, "partitions revoked");
        self.handler.revoked(partitions, lost);
        // What was read of them and not given out belongs to the next owner.
        self.pending.retain(|polled| !is_of(polled, partitions));
        let mut list = TopicPartitionList::new();
        for partition in partitions {
            self.owned.remove(partition);
            list.add_partition(&self.settings.topic, *partition);
        }
        self.seek_to_positions()?;
        let done = match self.consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => self.consumer.incremental_unassign(&list),
            _ => self.consumer.unassign(),
        };
        done.map_err(|e| {
            SourceError::Temporary(format!("cannot give back partitions {partitions:?}: {e}"))
        })
    }

    /// Puts the partitions that stay ours where reading goes on; they are paused.
    fn seek_to_positions(&self) -> Result<(), SourceError> {
        if self.owned.is_empty() {
            return Ok(());
        }
        let failed =
            |e: KafkaError| SourceError::Temporary(format!("cannot seek after a rebalance: {e}"));
        let mut list = TopicPartitionList::new();
        for (partition, owned) in &self.owned {
            let position = Offset::Offset(owned.position);
            list.add_partition_offset(&self.settings.topic, *partition, position)
                .map_err(failed)?;
        }
        let answers = self.consumer.seek_partitions(list, SEEK).map_err(failed)?;
        for answer in answers.elements() {
            answer.error().map_err(failed)?;
        }
        Ok(())
    }

    /// Committed offsets (waiting for transactions under way) and both ends of each partition.
    fn look_up(&self, partitions: &[i32]) -> Result<Vec<Assigned>, SourceError> {
        let group = self.group();
        let committed = patiently(|| group.committed(partitions, LOOK_UP))?;
        partitions
            .iter()
            .map(|partition| {
                let (begin, end) = patiently(|| self.probe.ends(*partition, LOOK_UP))?;
                let committed = committed
                    .iter()
                    .find(|c| c.0 == *partition)
                    .and_then(|c| c.1.clone());
                Ok(Assigned {
                    partition: *partition,
                    begin,
                    end: Some(end),
                    committed,
                })
            })
            .collect()
    }
}

fn patiently<T>(mut ask: impl FnMut() -> Result<T, String>) -> Result<T, SourceError> {
    let mut last = String::new();
    for _ in 0..TRIES {
        match ask() {
            Ok(answer) => return Ok(answer),
            Err(text) => {
                warn!("looking up offsets, trying again: {text}");
                last = text;
                // Most failures come after the time-out; this bounds the rate of those that do not.
                std::thread::sleep(Duration::from_millis(200));
            }
        }
    }
    Err(SourceError::Temporary(last))
}

fn is_of(polled: &Polled, partitions: &[i32]) -> bool {
    match polled {
        Polled::Batch(batch) => partitions.contains(&batch.partition()),
        Polled::End { partition, .. } => partitions.contains(partition),
        Polled::Nothing | Polled::Trouble(_) | Polled::Closed => false,
    }
}

/// The offsets of a list with their metadata.
pub(super) fn committed_of(list: &TopicPartitionList) -> Result<Vec<CommittedAt>, KafkaError> {
    list.elements()
        .iter()
        .map(|e| {
            e.error()?;
            let found = match e.offset() {
                Offset::Offset(offset) => Some((offset, e.metadata().to_owned())),
                _ => None,
            };
            Ok((e.partition(), found))
        })
        .collect()
}
