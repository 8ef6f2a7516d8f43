//! Exactly once from transactions that may fail, be fenced, or leave open whether they took place.
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

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use holdfast_consumer::CommittedAt;
use tracing::warn;

use crate::{Outputs, Position, Sink, SinkError};

/// Wait before the next try, doubled up to the greatest.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const GREATEST_WAIT: Duration = Duration::from_secs(2);
/// After so many tries it is said again what they wait for.
const LOGGED_TRIES: u32 = 5;
/// How long a process that is to end goes on trying.
const LAST_TRIES: Duration = Duration::from_secs(10);
/// Fenced this often in a row, there is another process with our transactional id.
const FENCED_TOO_OFTEN: u32 = 3;

/// Why a transaction was not committed, as far as we know.
#[derive(Debug)]
pub enum Failure {
    /// It was not and never will be.
    Abortable(String),
    /// Nor was it: somebody else writes under our id, or the coordinator has given up on us.
    Fenced(String),
    /// Perhaps it was.
    Unknown(String),
}

/// A log that takes records and positions in transactions, by one producer at a time.
pub trait Transactions: Send {
    /// The transactional id.
    fn id(&self) -> &str;

    /// For those who watch from other threads.
    fn health(&self) -> &Arc<SinkHealth>;

    /// Tries one transaction with the present producer.
    ///
    /// # Errors
    /// When it is not known to be committed.
    fn transact(&mut self, outputs: &Outputs, positions: &[Position]) -> Result<(), Failure>;

    /// A new producer under the same id, which bars the present one and ends what it left open. Takes as long as it
    /// takes.
    ///
    /// # Errors
    /// When that has no use, or the process has no more time for it.
    fn renew(&mut self) -> Result<(), SinkError>;

    /// The committed positions, with their metadata, as no open transaction can change them any more.
    ///
    /// # Errors
    /// A text, when there is no answer; it can be asked for again.
    fn committed(&mut self, partitions: &[i32]) -> Result<Vec<CommittedAt>, String>;

    /// Lets time pass before the next try.
    fn wait(&mut self, time: Duration);
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

/// A sink that commits outputs and positions together, each batch once, whatever single transactions come to.
pub struct TransactionalSink<T> {
    transactions: T,
    fenced_in_a_row: u32,
}

impl Failure {
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Abortable(text) | Self::Fenced(text) | Self::Unknown(text) => text,
        }
    }
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

    pub(crate) fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}

impl<T: Transactions> TransactionalSink<T> {
    #[must_use]
    pub fn new(transactions: T) -> Self {
        Self {
            transactions,
            fenced_in_a_row: 0,
        }
    }

    /// A new producer under the same id; true when the offsets tell that `positions` are committed.
    fn renew(&mut self, positions: &[Position]) -> Result<bool, SinkError> {
        let health = Arc::clone(self.transactions.health());
        health.step();
        self.transactions.renew()?;
        health.step();
        let partitions: Vec<i32> = positions.iter().map(|p| p.partition).collect();
        let mut patience = Patience::default();
        loop {
            match self.transactions.committed(&partitions) {
                Ok(found) => {
                    return Ok(positions.iter().all(|p| {
                        let ours = (p.next_offset, p.metadata.to_json());
                        found.iter().any(|(partition, at)| {
                            *partition == p.partition && at.as_ref() == Some(&ours)
                        })
                    }));
                }
                Err(text) => {
                    let text = format!("no answer on the group's committed offsets: {text}");
                    let wait = patience.next(&health, &text)?;
                    if patience.tries % LOGGED_TRIES == 0 {
                        warn!(
                            "{text}; a broker that answers everything else may hold a transaction open for ever: \
                             kafka-transactions.sh find-hanging, and the runbook on transactions"
                        );
                    }
                    health.set_trouble(Some(text));
                    self.transactions.wait(wait);
                }
            }
        }
    }

    /// Brings a failed transaction to an end, whatever it takes; true when it turns out to be committed.
    fn settle(&mut self, failure: Failure, positions: &[Position]) -> Result<bool, SinkError> {
        let health = Arc::clone(self.transactions.health());
        let text = match failure {
            Failure::Abortable(text) => {
                health.aborted.fetch_add(1, Ordering::Relaxed);
                warn!("transaction aborted, a new producer sends the batch again: {text}");
                return self.renew(positions);
            }
            Failure::Fenced(text) => {
                self.fenced_in_a_row += 1;
                if self.fenced_in_a_row >= FENCED_TOO_OFTEN {
                    let id = self.transactions.id();
                    let text =
                        format!("another process writes as `{id}`, see kafka.instance_id: {text}");
                    return Err(SinkError::Temporary(text));
                }
                text
            }
            Failure::Unknown(text) => text,
        };
        health.unknown.fetch_add(1, Ordering::Relaxed);
        warn!(
            "outcome of a transaction unknown, a new producer asks for the committed offsets: {text}"
        );
        self.renew(positions)
    }
}

impl<T: Transactions> Sink for TransactionalSink<T> {
    fn commit(&mut self, outputs: &Outputs, positions: &[Position]) -> Result<(), SinkError> {
        let health = Arc::clone(self.transactions.health());
        let mut patience = Patience::default();
        loop {
            let failure = match self.transactions.transact(outputs, positions) {
                Ok(()) => break,
                Err(failure) => failure,
            };
            let text = failure.text().to_owned();
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
            self.transactions.wait(patience.next(&health, &text)?);
        }
        self.fenced_in_a_row = 0;
        health.committed.fetch_add(1, Ordering::Relaxed);
        health.set_trouble(None);
        Ok(())
    }
}

/// How long to wait between tries, ever longer; says when there is no more time for them.
#[derive(Default)]
pub(crate) struct Patience {
    last: Option<Duration>,
    last_try_at: Option<Instant>,
    tries: u32,
}

impl Patience {
    pub(crate) fn next(&mut self, health: &SinkHealth, text: &str) -> Result<Duration, SinkError> {
        health.step();
        self.tries += 1;
        if health.stopping.load(Ordering::Acquire) {
            let last = *self
                .last_try_at
                .get_or_insert_with(|| Instant::now() + LAST_TRIES);
            if Instant::now() >= last {
                return Err(SinkError::Temporary(text.to_owned()));
            }
        }
        let next = self
            .last
            .map_or(FIRST_WAIT, |last| (last * 2).min(GREATEST_WAIT));
        self.last = Some(next);
        Ok(next)
    }
}
