//! A topic as a [`Source`]: one consumer on one thread, read in batches.
//!
//! Rebalance callbacks only write down what happened; it is worked off by [`KafkaSource::poll`] right after, on the
//! same thread, so that one owner asks for offsets, talks to the [`Partitions`] and assigns.

mod changes;
mod context;
mod group;
mod probe;
mod reader;
mod settings;

use std::collections::{BTreeMap, VecDeque};
use std::ffi::CString;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tracing::{info, warn};

use crate::batch::{self, Queue, Read};
use crate::{Batch, Partitions, Polled, Source, SourceError};
use context::Context;

pub use group::{CommittedAt, GroupHandle};
pub use probe::{Probe, TopicState};
pub use reader::{OwnedRecord, committed_end, read_partition, read_topic};
pub use settings::KafkaSettings;

/// How often the end of an idle partition is confirmed with the broker.
const CONFIRM_EVERY: Duration = Duration::from_secs(1);
/// How long the broker may take to confirm it.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(2);

/// One input topic, read as a static member of a group.
pub struct KafkaSource {
    // Field order is drop order: the queue goes before the consumer it belongs to.
    queue: Queue,
    consumer: Arc<BaseConsumer<Context>>,
    probe: Probe,
    settings: KafkaSettings,
    topic: CString,
    handler: Arc<dyn Partitions>,
    /// Read and not given out yet.
    pending: VecDeque<Polled>,
    owned: BTreeMap<i32, Owned>,
    subscribed: bool,
    housekeeping_at: Instant,
}

/// What is known of a partition that is ours.
#[derive(Debug, Clone, Copy)]
struct Owned {
    /// Everything before it was read; reading goes on here, whatever librdkafka thinks (see [`changes`]).
    position: i64,
    /// Set while everything before this offset was read and no more is there.
    at_end: Option<i64>,
}

impl KafkaSource {
    /// Makes the consumer; it joins its group at the first [`poll`](Source::poll).
    ///
    /// # Errors
    /// When librdkafka refuses a setting.
    pub fn open(
        settings: KafkaSettings,
        handler: Arc<dyn Partitions>,
    ) -> Result<Self, SourceError> {
        let fault = |e: KafkaError| SourceError::Config(format!("kafka: {e}"));
        let topic = batch::topic_name(&settings.topic)
            .ok_or_else(|| SourceError::Config("the input topic's name holds a NUL".to_owned()))?;
        let consumer = Arc::new(
            settings
                .consumer()
                .create_with_context(Context::default())
                .map_err(fault)?,
        );
        Ok(Self {
            queue: Queue::new(&consumer),
            probe: Probe::new(&settings)?,
            topic,
            handler,
            pending: VecDeque::new(),
            owned: BTreeMap::new(),
            subscribed: false,
            housekeeping_at: Instant::now(),
            consumer,
            settings,
        })
    }

    /// The handle by which a transaction commits this group's offsets.
    #[must_use]
    pub fn group(&self) -> GroupHandle {
        GroupHandle::new(&self.consumer, &self.settings.topic)
    }

    /// Rebalances, errors and log lines; no records.
    fn serve_events(&mut self) -> Result<Option<Polled>, SourceError> {
        let mut trouble = None;
        match self.consumer.poll(Duration::ZERO) {
            None => {}
            Some(Ok(message)) => {
                // Cannot be: partitions are forwarded before they are assigned. Losing it would be worse.
                let place = rdkafka::Message::offset(&message);
                return Err(SourceError::Temporary(format!(
                    "offset {place} came past the batch queue"
                )));
            }
            Some(Err(error)) => trouble = self.judge(&error)?,
        }
        self.serve_changes()?;
        Ok(trouble.map(Polled::Trouble))
    }

    fn judge(&self, error: &KafkaError) -> Result<Option<String>, SourceError> {
        let code = error.rdkafka_error_code();
        let reason = self
            .consumer
            .context()
            .take_reason()
            .unwrap_or_else(|| error.to_string());
        if let Some((code, text)) = self.consumer.client().fatal_error() {
            let hint = if code == RDKafkaErrorCode::FencedInstanceId {
                format!(
                    "another process runs as kafka.instance_id `{}`: ",
                    self.settings.instance_id
                )
            } else {
                String::new()
            };
            return Err(SourceError::Temporary(format!("kafka: {hint}{text}")));
        }
        match code {
            Some(RDKafkaErrorCode::AutoOffsetReset) => Err(SourceError::Gap(reason)),
            Some(RDKafkaErrorCode::PartitionEOF) => Ok(None),
            _ => Ok(Some(reason)),
        }
    }

    fn read(&mut self, timeout: Duration) -> Result<(), SourceError> {
        for read in self.queue.read(timeout) {
            match read {
                Read::Messages {
                    partition,
                    messages,
                } => {
                    // After a revocation librdkafka drops what it holds; a straggler belongs to nobody.
                    let Some(owned) = self.owned.get_mut(&partition) else {
                        continue;
                    };
                    owned.at_end = None;
                    owned.position = owned.position.max(messages.next_offset());
                    let log_end = self.queue.log_end(&self.topic, partition);
                    self.pending.push_back(Polled::Batch(Batch::of_messages(
                        partition, messages, log_end,
                    )));
                }
                Read::End { partition, offset } => {
                    let Some(owned) = self.owned.get_mut(&partition) else {
                        continue;
                    };
                    owned.at_end = Some(offset);
                    owned.position = owned.position.max(offset);
                    let log_end = self
                        .queue
                        .log_end(&self.topic, partition)
                        .unwrap_or(offset)
                        .max(offset);
                    self.pending.push_back(Polled::End {
                        partition,
                        offset,
                        log_end,
                    });
                }
                Read::Error {
                    partition,
                    code: RDKafkaErrorCode::AutoOffsetReset,
                    text,
                } => {
                    return Err(SourceError::Gap(format!("partition {partition}: {text}")));
                }
                Read::Error {
                    partition,
                    code,
                    text,
                } => {
                    warn!(partition, ?code, "input partition: {text}");
                    self.pending
                        .push_back(Polled::Trouble(format!("partition {partition}: {text}")));
                }
            }
        }
        Ok(())
    }

    /// Once a second: confirms the ends of idle partitions, and forwards all partitions again, which costs nothing
    /// and frees messages should a forward ever have been undone by a late stop of the partition.
    fn keep_house(&mut self) {
        self.housekeeping_at = Instant::now() + CONFIRM_EVERY;
        for (partition, owned) in &self.owned {
            self.queue.forward(&self.topic, *partition);
            let Some(offset) = owned.at_end else { continue };
            let found = match self.probe.ends(*partition, CONFIRM_TIMEOUT) {
                Ok((_, log_end)) => Polled::End {
                    partition: *partition,
                    offset,
                    log_end,
                },
                Err(text) => Polled::Trouble(text),
            };
            let failed = matches!(found, Polled::Trouble(_));
            self.pending.push_back(found);
            if failed {
                // The others would wait as long.
                break;
            }
        }
    }
}

impl Source for KafkaSource {
    fn poll(&mut self, timeout: Duration) -> Result<Polled, SourceError> {
        if let Some(next) = self.pending.pop_front() {
            return Ok(next);
        }
        if !self.subscribed {
            let fault = |e: KafkaError| SourceError::Config(format!("cannot subscribe: {e}"));
            self.consumer
                .subscribe(&[&self.settings.topic])
                .map_err(fault)?;
            self.subscribed = true;
            info!(topic = %self.settings.topic, group = %self.settings.group_id, "joining the group");
        }
        if let Some(trouble) = self.serve_events()? {
            return Ok(trouble);
        }
        self.read(timeout)?;
        if self.pending.is_empty() && Instant::now() >= self.housekeeping_at {
            self.keep_house();
        }
        Ok(self.pending.pop_front().unwrap_or(Polled::Nothing))
    }

    fn serve(&mut self) -> Result<Polled, SourceError> {
        Ok(self.serve_events()?.unwrap_or(Polled::Nothing))
    }

    fn close(self: Box<Self>) {
        self.consumer.context().close();
        // The group's handle is weak and batches are short-lived: this is where the consumer leaves.
        drop(self);
    }
}
