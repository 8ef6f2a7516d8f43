//! Outputs and input offsets in one Kafka transaction.
//!
//! | what the broker answers | what is done |
//! | --- | --- |
//! | committed | on with the next |
//! | abortable (a delivery failed, the group moved on) | a new producer under the same transactional id; see below |
//! | fatal, fenced | the same |
//! | nothing in time: committed or not | the same |
//!
//! A new producer's start ends whatever its forerunner left open, so after it the committed offsets tell whether the
//! batch got in: if they are the batch's own, it is done, else it is sent again. The state behind the batch is never
//! rolled back, it is a function of what was read. A producer that saw a failure is never used again, not even for an
//! abort: a request of it that is still under way could end a later transaction, or a record of it come in behind the
//! abort and leave a transaction open that nobody ends. The new one has a greater epoch, which bars the old one's.

mod context;
mod records;
#[cfg(test)]
mod tests;
mod transaction;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use holdfast_consumer::{GroupHandle, KafkaSettings};
use rdkafka::producer::{BaseProducer, Producer};
use tracing::{info, warn};

use crate::{Outputs, Position, Sink, SinkError};
pub(crate) use context::Context;
use transaction::Failure;

/// How long the coordinator may take to hand out a producer id.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);
/// Wait before the next try, doubled up to the greatest.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const GREATEST_WAIT: Duration = Duration::from_secs(2);
/// How long a process that is to end goes on trying.
const LAST_TRIES: Duration = Duration::from_secs(10);
/// Fenced this often in a row, there is another process with our transactional id.
const FENCED_TOO_OFTEN: u32 = 3;

/// What the sink needs to know beside the outputs.
#[derive(Debug, Clone)]
pub struct KafkaSinkSettings {
    /// How to reach the broker.
    pub client: KafkaSettings,
    pub alerts: String,
    pub dead_letters: String,
    pub journal: String,
    /// Stable over restarts and unique among running processes.
    pub transactional_id: String,
    /// `[app] id`, for the dead letters' headers.
    pub app: String,
    pub version: String,
}

/// How a sink is doing, for those who watch it from other threads.
#[derive(Debug, Default)]
pub struct SinkHealth {
    pub committed: AtomicU64,
    pub aborted: AtomicU64,
    pub unknown: AtomicU64,
    /// Steps of commits, failed ones too: as long as it grows nothing hangs, whatever the broker does.
    pub steps: AtomicU64,
    trouble: Mutex<Option<String>>,
    stopping: AtomicBool,
    cancelled: AtomicBool,
}

/// Writes alerts, dead letters and journal, and commits the offsets of `group`, all or nothing.
pub struct KafkaSink {
    /// Shared with calls that had to be left behind, see `transaction`.
    producer: Arc<BaseProducer<Context>>,
    settings: KafkaSinkSettings,
    group: GroupHandle,
    health: Arc<SinkHealth>,
    fenced_in_a_row: u32,
    /// Dead letters go out cut: the topic did not take one of them whole.
    cut_letters: bool,
}

impl SinkHealth {
    /// Why nothing is being committed; none while all is well.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The process is to end: trying again gets a bound.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// A commit that fails must not be tried again, only brought to an end: its partitions were lost.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
    }

    /// What was lost has been forgotten, commits may be tried again.
    pub fn resume(&self) {
        self.cancelled.store(false, Ordering::Release);
    }

    pub(crate) fn step(&self) {
        self.steps.fetch_add(1, Ordering::Relaxed);
    }

    fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}

impl KafkaSink {
    /// Takes over the transactional id: transactions a forerunner left open are ended. To be done before offsets
    /// are looked up. Tries for as long as `health` is not told to stop.
    ///
    /// # Errors
    /// When the broker refuses, or there is no time left to try.
    pub fn open(
        settings: KafkaSinkSettings,
        group: GroupHandle,
        health: Arc<SinkHealth>,
    ) -> Result<Self, SinkError> {
        let producer = new_producer(&settings, &health, true)?;
        info!(transactional_id = %settings.transactional_id, "producer ready");
        Ok(Self {
            producer,
            settings,
            group,
            health,
            fenced_in_a_row: 0,
            cut_letters: false,
        })
    }

    /// A new producer under the same id; true when the offsets tell that `positions` are committed.
    fn renew(&mut self, positions: &[Position]) -> Result<bool, SinkError> {
        self.health.step();
        self.purge();
        // Rights that were taken away from a running service may come back.
        self.producer = new_producer(&self.settings, &self.health, false)?;
        self.health.step();
        let partitions: Vec<i32> = positions.iter().map(|p| p.partition).collect();
        let mut patience = Patience::new(&self.health);
        loop {
            match self.group.committed(&partitions, INIT_TIMEOUT) {
                Ok(found) => {
                    return Ok(positions.iter().all(|p| {
                        let ours = (p.next_offset, p.metadata.to_json());
                        found.iter().any(|(partition, at)| {
                            *partition == p.partition && at.as_ref() == Some(&ours)
                        })
                    }));
                }
                Err(text) => patience.wait(&text)?,
            }
        }
    }

    /// Brings a failed transaction to an end, whatever it takes; true when it turns out to be committed.
    fn settle(&mut self, failure: Failure, positions: &[Position]) -> Result<bool, SinkError> {
        let text = match failure {
            Failure::Abortable(text) => {
                self.health.aborted.fetch_add(1, Ordering::Relaxed);
                warn!("transaction aborted, a new producer sends the batch again: {text}");
                return self.renew(positions);
            }
            Failure::Fenced(text) => {
                self.fenced_in_a_row += 1;
                if self.fenced_in_a_row >= FENCED_TOO_OFTEN {
                    let id = &self.settings.transactional_id;
                    let text =
                        format!("another process writes as `{id}`, see kafka.instance_id: {text}");
                    return Err(SinkError::Temporary(text));
                }
                text
            }
            Failure::Unknown(text) => text,
        };
        self.health.unknown.fetch_add(1, Ordering::Relaxed);
        warn!(
            "outcome of a transaction unknown, a new producer asks for the committed offsets: {text}"
        );
        self.renew(positions)
    }
}

impl Sink for KafkaSink {
    fn commit(&mut self, outputs: &Outputs, positions: &[Position]) -> Result<(), SinkError> {
        let health = Arc::clone(&self.health);
        let mut patience = Patience::new(&health);
        loop {
            let failure = match self.transact(outputs, positions) {
                Ok(()) => break,
                Err(failure) => failure,
            };
            let text = failure.text().to_owned();
            if self.producer.context().take_too_large() {
                warn!(
                    "a record is larger than its topic takes, dead letters of this commit are cut"
                );
                self.cut_letters = true;
            }
            health.set_trouble(Some(text.clone()));
            health.step();
            // Also when called off: an open transaction would hide the offsets from their next owner.
            if self.settle(failure, positions)? {
                break;
            }
            if health.cancelled.load(Ordering::Acquire) {
                health.set_trouble(None);
                return Err(SinkError::Cancelled);
            }
            patience.wait(&text)?;
        }
        self.fenced_in_a_row = 0;
        self.cut_letters = false;
        health.committed.fetch_add(1, Ordering::Relaxed);
        health.set_trouble(None);
        Ok(())
    }
}

fn new_producer(
    settings: &KafkaSinkSettings,
    health: &SinkHealth,
    starting: bool,
) -> Result<Arc<BaseProducer<Context>>, SinkError> {
    let mut patience = Patience::new(health);
    loop {
        let context = Context::default();
        let producer: BaseProducer<Context> = transaction::config(settings)
            .create_with_context(context)
            .map_err(|e| SinkError::Config(format!("kafka: {e}")))?;
        match producer.init_transactions(INIT_TIMEOUT) {
            Ok(()) => {
                health.set_trouble(None);
                return Ok(Arc::new(producer));
            }
            Err(error) => {
                let text = format!(
                    "cannot start transactions as `{}`: {error}",
                    settings.transactional_id
                );
                if starting && transaction::is_denied(&error) {
                    return Err(SinkError::Config(text));
                }
                health.set_trouble(Some(text.clone()));
                patience.wait(&text)?;
            }
        }
    }
}

/// Waits between tries, ever longer; says when there is no more time for them.
struct Patience<'a> {
    health: &'a SinkHealth,
    wait: Duration,
    last_try_at: Option<Instant>,
}

impl<'a> Patience<'a> {
    fn new(health: &'a SinkHealth) -> Self {
        Self {
            health,
            wait: FIRST_WAIT,
            last_try_at: None,
        }
    }

    fn wait(&mut self, text: &str) -> Result<(), SinkError> {
        self.health.step();
        if self.health.stopping.load(Ordering::Acquire) {
            let last = *self
                .last_try_at
                .get_or_insert_with(|| Instant::now() + LAST_TRIES);
            if Instant::now() >= last {
                return Err(SinkError::Temporary(text.to_owned()));
            }
        }
        std::thread::sleep(self.wait);
        self.wait = (self.wait * 2).min(GREATEST_WAIT);
        Ok(())
    }
}
