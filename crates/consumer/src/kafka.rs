//! A topic as a [`Source`]: one consumer on one thread, read in batches.
//!
//! Rebalance callbacks only write down what happened; it is worked off by [`KafkaSource::poll`] right after, on the
//! same thread, so that one owner asks for offsets, talks to the [`Partitions`] and assigns.

mod changes;
mod claims;
mod context;
mod group;
mod offsets;
mod probe;
mod reader;
mod rights;
mod settings;
mod span;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::ffi::CString;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tracing::{info, warn};

use crate::batch::{self, Queue, Read};
use crate::source::now_ms;
use crate::{Batch, Partitions, Polled, Source, SourceError};
use claims::Claims;
use context::Context;

pub use group::{CommittedAt, GroupHandle};
pub use offsets::{committed_offsets, set_committed_offsets};
pub use probe::{Probe, TopicState};
pub use reader::{
    OwnedRecord, committed_end, each_of_partition, first_timestamps, read_partition, read_topic,
};
pub use rights::Right;
pub use settings::{KafkaSettings, Redacted, is_secret};
pub use span::{Span, read_spans};

/// How often the end of an idle partition is confirmed with the broker.
const CONFIRM_EVERY: Duration = Duration::from_secs(1);
/// Who has no partitions has no records to wait for: how often it looks whether it gets some.
const JOIN_EVERY: Duration = Duration::from_millis(10);
/// How long the broker may take to confirm it.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(2);

/// Events served before each read of records, and when there are none to read. An outage makes many events, mostly log
/// lines, and what matters may stand behind them.
const EVENTS_AT_WORK: usize = 4;
const EVENTS_AT_REST: usize = 64;
/// For how long an outage explains what looks like another process with our name.
const RECENTLY: Duration = Duration::from_secs(60);
/// For how long who lost its partitions waits for the group to say which it has next. An answer that an outage swallowed
/// never comes, and librdkafka asks again only after `max.poll.interval.ms`.
const UNHEARD: Duration = Duration::from_secs(45);

/// What librdkafka says while the broker cannot be reached.
const AWAY: [RDKafkaErrorCode; 4] = [
    RDKafkaErrorCode::BrokerTransportFailure,
    RDKafkaErrorCode::AllBrokersDown,
    RDKafkaErrorCode::Resolve,
    RDKafkaErrorCode::OperationTimedOut,
];

/// One input topic, read as a static member of a group.
pub struct KafkaSource {
    // Field order is drop order: the queue goes before the consumer it belongs to.
    queue: Queue,
    consumer: Arc<BaseConsumer<Context>>,
    probe: Probe,
    settings: KafkaSettings,
    topic: CString,
    handler: Arc<dyn Partitions>,
    group: GroupHandle,
    /// Read and not given out yet.
    pending: VecDeque<Polled>,
    owned: BTreeMap<i32, Owned>,
    subscribed: bool,
    /// Nothing was assigned since it joined.
    joined_anew: bool,
    claims: Claims,
    housekeeping_at: Instant,
    /// When the broker was last away or took our partitions.
    troubled_at: Option<Instant>,
    /// When it was last out of reach: no other process can make us believe that.
    away_at: Option<Instant>,
    /// When a consumer that had failed was last replaced.
    renewed_at: Option<Instant>,
    /// Since when it waits to hear what it has, after it lost what it had.
    unheard_since: Option<Instant>,
}

/// What is known of a partition that is ours.
#[derive(Debug, Clone, Copy)]
struct Owned {
    /// Everything before it was read; reading goes on here, whatever librdkafka thinks (see [`changes`]).
    position: i64,
    /// Set while everything before this offset was read and no more is there.
    at_end: Option<i64>,
    /// librdkafka took its position for out of range, and reads no more.
    astray: bool,
    /// When a record, or its end, last came of it.
    heard_at: Instant,
}

impl Owned {
    fn at(position: i64) -> Self {
        Self {
            position,
            at_end: None,
            astray: false,
            heard_at: Instant::now(),
        }
    }
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
        let topic = batch::topic_name(&settings.topic)
            .ok_or_else(|| SourceError::Config("the input topic's name holds a NUL".to_owned()))?;
        let consumer = member(&settings)?;
        let group = GroupHandle::new(&settings);
        group.set_member(&consumer);
        Ok(Self {
            group,
            troubled_at: None,
            away_at: None,
            renewed_at: None,
            unheard_since: None,
            queue: Queue::new(&consumer),
            probe: Probe::new(&settings)?,
            topic,
            handler,
            pending: VecDeque::new(),
            owned: BTreeMap::new(),
            subscribed: false,
            joined_anew: false,
            claims: Claims::default(),
            housekeeping_at: Instant::now(),
            consumer,
            settings,
        })
    }

    /// The handle by which a transaction commits this group's offsets.
    #[must_use]
    pub fn group(&self) -> GroupHandle {
        self.group.clone()
    }

    /// Rebalances, errors and log lines; no records.
    fn serve_events(&mut self, at_most: usize) -> Result<Option<Polled>, SourceError> {
        let mut trouble = None;
        for _ in 0..at_most {
            let error = match self.consumer.poll(Duration::ZERO) {
                // Nothing there, or one event served: it does not tell which.
                None => None,
                Some(Ok(message)) => {
                    // Cannot be: partitions are forwarded before they are assigned. Losing it would be worse.
                    let place = rdkafka::Message::offset(&message);
                    return Err(SourceError::Temporary(format!(
                        "offset {place} came past the batch queue"
                    )));
                }
                Some(Err(error)) => Some(error),
            };
            // First: a consumer that waits for our answer to a rebalance never ends, so it could not be replaced.
            self.serve_changes()?;
            if let Some(error) = error {
                trouble = self.judge(&error)?.or(trouble);
            }
        }
        if trouble.is_some() {
            self.troubled_at = Some(Instant::now());
        }
        Ok(trouble.map(Polled::Trouble))
    }

    fn judge(&mut self, error: &KafkaError) -> Result<Option<String>, SourceError> {
        let reason = self
            .consumer
            .context()
            .take_reason()
            .unwrap_or_else(|| error.to_string());
        let Some((code, text)) = self.consumer.client().fatal_error() else {
            let code = error.rdkafka_error_code();
            if code.is_some_and(|code| AWAY.contains(&code)) {
                self.away_at = Some(Instant::now());
            }
            return Ok((code != Some(RDKafkaErrorCode::PartitionEOF)).then_some(reason));
        };
        if code != RDKafkaErrorCode::FencedInstanceId {
            return Err(SourceError::Temporary(format!("kafka: {text}")));
        }
        // After an outage it may have been ourselves: a request to join that was lost and sent again. Only once an outage,
        // so that of two processes with one name one ends, even when both take the trouble they make for an outage.
        let recently = |at: Option<Instant>| at.is_some_and(|at| at.elapsed() < RECENTLY);
        let is_first = !recently(self.renewed_at) || self.away_at > self.renewed_at;
        if recently(self.troubled_at) && is_first {
            warn!("the consumer was fenced after an outage, joining again");
            self.renew()?;
            return Ok(Some(format!("joining the group again: {text}")));
        }
        let id = &self.settings.instance_id;
        Err(SourceError::Temporary(format!(
            "kafka: another process runs as kafka.instance_id `{id}`: {text}"
        )))
    }

    /// A new consumer in the place of one that has failed. All partitions are lost with the old one.
    fn renew(&mut self) -> Result<(), SourceError> {
        self.renewed_at = Some(Instant::now());
        self.unheard_since = self.renewed_at;
        let lost: Vec<i32> = self.owned.keys().copied().collect();
        if !lost.is_empty() {
            self.handler.revoked(&lost, true);
        }
        self.owned.clear();
        self.pending.clear();
        self.consumer.context().close();
        let consumer = member(&self.settings)?;
        // The old queue goes before the old consumer, which it keeps alive.
        self.queue = Queue::new(&consumer);
        self.consumer = consumer;
        self.group.set_member(&self.consumer);
        self.subscribed = false;
        Ok(())
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
                    owned.heard_at = Instant::now();
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
                    owned.heard_at = Instant::now();
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
                        asked_ms: None,
                    });
                }
                Read::Error {
                    partition,
                    code,
                    text,
                } => {
                    // What was not ours any more when it failed is no matter of ours.
                    let Some(owned) = self.owned.get_mut(&partition) else {
                        continue;
                    };
                    warn!(partition, position = owned.position, ?code, "input: {text}");
                    owned.astray |= code == RDKafkaErrorCode::AutoOffsetReset;
                    self.pending
                        .push_back(Polled::Trouble(format!("partition {partition}: {text}")));
                }
            }
        }
        Ok(())
    }

    /// Once a second: confirms the ends of idle partitions, and forwards all partitions again, which costs nothing
    /// and frees messages should a forward ever have been undone by a late stop of the partition.
    fn keep_house(&mut self) -> Result<(), SourceError> {
        self.housekeeping_at = Instant::now() + CONFIRM_EVERY;
        for (partition, owned) in &self.owned {
            self.queue.forward(&self.topic, *partition);
            let Some(offset) = owned.at_end else { continue };
            // Before the question: the answer, or we, may be long on the way.
            let asked_ms = Some(now_ms());
            let found = match self.probe.ends(*partition, CONFIRM_TIMEOUT) {
                Ok((_, log_end)) => Polled::End {
                    partition: *partition,
                    offset,
                    log_end,
                    asked_ms,
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
        self.wake_silent();
        self.recover_astray()
    }
}

/// A consumer that has not joined yet.
fn member(settings: &KafkaSettings) -> Result<Arc<BaseConsumer<Context>>, SourceError> {
    let consumer = settings.consumer().create_with_context(Context::default());
    consumer
        .map(Arc::new)
        .map_err(|e| SourceError::Config(format!("kafka: {e}")))
}

impl Source for KafkaSource {
    fn poll(&mut self, timeout: Duration) -> Result<Polled, SourceError> {
        if let Some(next) = self.pending.pop_front() {
            return Ok(next);
        }
        if !self.subscribed && self.owned.is_empty() {
            let fault = |e: KafkaError| SourceError::Config(format!("cannot subscribe: {e}"));
            self.consumer
                .subscribe(&[&self.settings.topic])
                .map_err(fault)?;
            self.subscribed = true;
            self.joined_anew = true;
            info!(topic = %self.settings.topic, group = %self.settings.group_id, "joining the group");
        }
        if let Some(trouble) = self.serve_events(EVENTS_AT_WORK)? {
            return Ok(trouble);
        }
        if self.claims.is_due() {
            self.look_after_claims()?;
        }
        if self.unheard_since.is_some_and(|at| at.elapsed() > UNHEARD) {
            warn!("the group does not say which partitions are ours, joining again");
            self.renew()?;
        }
        let joining = self.owned.is_empty();
        self.read(if joining {
            timeout.min(JOIN_EVERY)
        } else {
            timeout
        })?;
        if self.pending.is_empty() {
            if Instant::now() >= self.housekeeping_at {
                self.keep_house()?;
            }
            let trouble = self.serve_events(EVENTS_AT_REST)?;
            self.pending.extend(trouble);
        }
        Ok(self.pending.pop_front().unwrap_or(Polled::Nothing))
    }

    fn serve(&mut self) -> Result<Polled, SourceError> {
        Ok(self
            .serve_events(EVENTS_AT_REST)?
            .unwrap_or(Polled::Nothing))
    }

    fn close(self: Box<Self>) {
        // The group's handle is weak and batches are short-lived: this is where the consumer leaves.
        drop(self);
    }
}

impl Drop for KafkaSource {
    /// The consumer's end waits until its partitions are given back, and nobody works off changes any more.
    fn drop(&mut self) {
        self.consumer.context().close();
    }
}
