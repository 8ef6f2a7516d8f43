//! Working off rebalances: offsets are looked up, the owner of the state decides, then partitions are assigned.
//!
//! While a rebalance is under way librdkafka pauses all partitions, and afterwards goes on from what it takes for the
//! application's position. Read in batches, the mark for the end of a partition counts there as a record (mended by
//! librdkafka #4844, in 2.13.2, later than the 2.12.1 that rdkafka brings): reading would go on one record too far, or
//! be refused as out of range. So the partitions that stay are put back to our own position while they are paused.

use std::time::{Duration, Instant};

use rdkafka::consumer::{Consumer, RebalanceProtocol};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tracing::{info, warn};

use super::context::Change;
use super::reader::committed_end;
use super::{KafkaSource, Owned};
use crate::{Assigned, Polled, SourceError};

/// How long one look-up may take before it is tried again.
const LOOK_UP: Duration = Duration::from_secs(5);
/// How long librdkafka's own threads may take to move their positions; no broker is asked.
const SEEK: Duration = Duration::from_secs(10);
/// How long nothing comes of a partition before it is looked whether there is something.
pub(super) const SILENT: Duration = Duration::from_secs(30);
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
        self.unheard_since = None;
        let mut list = TopicPartitionList::new();
        let mut fresh = Vec::new();
        if !partitions.is_empty() {
            let given = self.look_up(partitions)?;
            let starts = self.handler.assigned(&given)?;
            for start in starts {
                self.queue.forward(&self.topic, start.partition);
                fresh.push((start.partition, Owned::at(start.offset)));
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
        if std::mem::take(&mut self.joined_anew) {
            self.claims.watch();
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
        if lost {
            self.troubled_at = Some(Instant::now());
        }
        self.handler.revoked(partitions, lost);
        if lost {
            // Only now: the owner of the state may have waited for the broker.
            self.unheard_since = Some(Instant::now());
        }
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

    /// Brings partitions back whose position librdkafka thought out of range, where ours is not: after an outage it
    /// checks the position described above against the log's end. Records that are really gone are a gap.
    pub(super) fn recover_astray(&mut self) -> Result<(), SourceError> {
        let astray = self.owned.iter().filter(|(_, owned)| owned.astray);
        let astray: Vec<(i32, i64)> = astray.map(|(n, owned)| (*n, owned.position)).collect();
        for (partition, position) in astray {
            let (begin, end) = match self.probe.ends(partition, LOOK_UP) {
                Ok(ends) => ends,
                Err(text) => {
                    // The others would wait as long.
                    self.pending.push_back(Polled::Trouble(text));
                    break;
                }
            };
            if !(begin..=end).contains(&position) {
                return Err(SourceError::Gap(format!(
                    "partition {partition}: the log has offsets {begin} to {end}, reading was at {position}"
                )));
            }
            self.assign_again(partition, position).map_err(|e| {
                SourceError::Temporary(format!("cannot go back to offset {position}: {e}"))
            })?;
            self.owned.insert(partition, Owned::at(position));
            info!(partition, position, "reading goes on where it was");
        }
        Ok(())
    }

    /// Takes for astray of what nothing came for long, neither records nor their end, though there are committed ones: a
    /// position or a forward may have been lost in a rebalance.
    pub(super) fn wake_silent(&mut self) {
        let is_silent = |owned: &Owned| owned.at_end.is_none() && owned.heard_at.elapsed() > SILENT;
        let Some((partition, owned)) = self.owned.iter_mut().find(|(_, it)| is_silent(it)) else {
            return;
        };
        owned.heard_at = Instant::now();
        let place = (self.settings.topic.as_str(), *partition);
        match committed_end(&self.settings, place, LOOK_UP) {
            Ok(end) if end > owned.position => {
                let position = owned.position;
                warn!(
                    partition,
                    position, end, "input: nothing comes of records that are there, asking anew"
                );
                owned.astray = true;
            }
            Ok(_) => {}
            Err(error) => self.pending.push_back(Polled::Trouble(error.to_string())),
        }
    }

    /// A seek would be refused, as the partition is not being fetched any more. Should its late stop undo the
    /// forward, then housekeeping repeats it.
    fn assign_again(&self, partition: i32, position: i64) -> Result<(), KafkaError> {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.settings.topic, partition, Offset::Offset(position))?;
        self.consumer.incremental_unassign(&list)?;
        self.queue.forward(&self.topic, partition);
        self.consumer.incremental_assign(&list)
    }

    /// Puts the partitions that stay ours where reading goes on; they are paused.
    pub(super) fn seek_to_positions(&mut self) -> Result<(), SourceError> {
        let failed =
            |e: KafkaError| SourceError::Temporary(format!("cannot seek after a rebalance: {e}"));
        let mut list = TopicPartitionList::new();
        for (partition, owned) in self.owned.iter().filter(|(_, owned)| !owned.astray) {
            let position = Offset::Offset(owned.position);
            list.add_partition_offset(&self.settings.topic, *partition, position)
                .map_err(failed)?;
        }
        if list.count() == 0 {
            return Ok(());
        }
        let answers = self.consumer.seek_partitions(list, SEEK).map_err(failed)?;
        for answer in answers.elements() {
            let Err(error) = answer.error() else { continue };
            // Not being fetched: its position was refused, which we have not read yet.
            let astray = error.rdkafka_error_code() == Some(RDKafkaErrorCode::State);
            match self.owned.get_mut(&answer.partition()) {
                Some(owned) if astray => owned.astray = true,
                _ => return Err(failed(error)),
            }
        }
        Ok(())
    }

    /// Committed offsets (waiting for transactions under way) and both ends of each partition.
    fn look_up(&self, partitions: &[i32]) -> Result<Vec<Assigned>, SourceError> {
        let committed = self.patiently(|| self.group.committed(partitions, LOOK_UP))?;
        partitions
            .iter()
            .map(|partition| {
                let (begin, end) = self.patiently(|| self.probe.ends(*partition, LOOK_UP))?;
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

    fn patiently<T>(&self, mut ask: impl FnMut() -> Result<T, String>) -> Result<T, SourceError> {
        let mut last = String::new();
        for _ in 0..TRIES {
            match ask() {
                Ok(answer) => return Ok(answer),
                Err(text) => {
                    warn!("looking up offsets, trying again: {text}");
                    last = text;
                    self.handler.waiting();
                    // Most failures come after the time-out; this bounds the rate of those that do not.
                    std::thread::sleep(Duration::from_millis(200));
                }
            }
        }
        Err(SourceError::Temporary(last))
    }
}

fn is_of(polled: &Polled, partitions: &[i32]) -> bool {
    match polled {
        Polled::Batch(batch) => partitions.contains(&batch.partition()),
        Polled::End { partition, .. } => partitions.contains(partition),
        Polled::Nothing | Polled::Trouble(_) | Polled::Closed => false,
    }
}
