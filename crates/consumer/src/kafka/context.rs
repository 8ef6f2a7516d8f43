//! What librdkafka calls back: rebalances are written down, errors and log lines are passed on.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::types::RDKafkaRespErr;
use tracing::{debug, info, warn};

/// A rebalance that has to be worked off.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    Assign(Vec<i32>),
    Revoke { partitions: Vec<i32>, lost: bool },
}

#[derive(Default)]
pub(crate) struct Context {
    changes: Mutex<VecDeque<Change>>,
    /// The last error, and the last one that no waiting can heal.
    reason: Mutex<Option<String>>,
    denied: Mutex<Option<String>>,
    closing: AtomicBool,
    /// Log lines and errors so far.
    calls: AtomicU64,
}

impl Context {
    pub(super) fn next_change(&self) -> Option<Change> {
        lock(&self.changes).pop_front()
    }

    pub(super) fn take_reason(&self) -> Option<String> {
        lock(&self.reason).take()
    }

    /// Why the broker does not let us in, when it said so.
    pub(super) fn denied(&self) -> Option<String> {
        lock(&self.denied).clone()
    }

    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// From now on revocations are agreed to at once.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Release);
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, fac: &str, message: &str) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        log(level, fac, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        debug!("kafka: {reason}");
        let code = error.rdkafka_error_code();
        let hopeless = [
            Some(RDKafkaErrorCode::Authentication),
            Some(RDKafkaErrorCode::SSL),
        ];
        if hopeless.contains(&code) {
            *lock(&self.denied) = Some(reason.to_owned());
        } else if reason.contains("SSL alert") {
            // In TLS 1.3 the connection is up before the broker has judged: its refusal is the first thing read.
            *lock(&self.denied) = Some(format!("the broker refuses our certificate: {reason}"));
        }
        *lock(&self.reason) = Some(reason.to_owned());
    }
}

impl ConsumerContext for Context {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        err: RDKafkaRespErr,
        list: &mut TopicPartitionList,
    ) {
        let partitions: Vec<i32> = list.elements().iter().map(|e| e.partition()).collect();
        let change = match err {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => Change::Assign(partitions),
            _ => Change::Revoke {
                partitions,
                lost: consumer.assignment_lost(),
            },
        };
        if self.closing.load(Ordering::Acquire) {
            if let Err(error) = consumer.incremental_unassign(list) {
                debug!(%error, "unassign while closing");
            }
            return;
        }
        lock(&self.changes).push_back(change);
    }
}

/// librdkafka's log lines as ours.
pub(super) fn log(level: RDKafkaLogLevel, fac: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg
        | RDKafkaLogLevel::Alert
        | RDKafkaLogLevel::Critical
        | RDKafkaLogLevel::Error => {
            warn!(target: "librdkafka", "{fac}: {message}");
        }
        RDKafkaLogLevel::Warning | RDKafkaLogLevel::Notice => {
            info!(target: "librdkafka", "{fac}: {message}")
        }
        RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
            debug!(target: "librdkafka", "{fac}: {message}")
        }
    }
}

/// The data behind these locks is whole after every statement, so a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
