//! Working off rebalances: offsets are looked up, the owner of the state decides, then partitions are assigned.

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
        if !partitions.is_empty() {
            let given = self.look_up(partitions)?;
            let starts = self
                .handler
                .assigned(&given)
                .map_err(|refusal| SourceError::Gap(refusal.0))?;
            for start in starts {
                self.queue.forward(&self.topic, start.partition);
                self.owned.insert(start.partition, Owned::default());
                list.add_partition_offset(
                    &self.settings.topic,
                    start.partition,
                    Offset::Offset(start.offset),
                )
                .map_err(|e| SourceError::Config(format!("start offset {}: {e}", start.offset)))?;
            }
        }
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
        let done = match self.consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => self.consumer.incremental_unassign(&list),
            _ => self.consumer.unassign(),
        };
        done.map_err(|e| {
            SourceError::Temporary(format!("cannot give back partitions {partitions:?}: {e}"))
        })
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
