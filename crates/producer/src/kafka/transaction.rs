//! One transaction, from begin to commit, and what its failures mean.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, Producer, PurgeConfig};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::{KafkaSinkSettings, KafkaTransactions, records, serve};
use crate::transactions::Failure;
use crate::{Outputs, Position};

/// A transaction older than this is aborted by the broker; until then it hides what others wrote after it.
const TRANSACTION_TIMEOUT_MS: &str = "15000";
/// How long one call may take before its outcome counts as unknown. The broker gives up on a transaction soon after.
const CALL_TIMEOUT: Duration = Duration::from_secs(12);
/// How much longer a call may take that should have ended by itself.
const GRACE: Duration = Duration::from_secs(1);
/// How long to wait for the reports of purged records; they come from librdkafka's own threads.
const PURGE_PATIENCE: Duration = Duration::from_secs(3);

pub(super) fn config(settings: &KafkaSinkSettings) -> ClientConfig {
    let mut config = settings.client.client();
    let defaults = [
        // Memory: what is sent and not acknowledged is bounded.
        ("queue.buffering.max.kbytes", "65536"),
        // A transaction is one batch: its records wait for the coordinator anyway.
        ("linger.ms", "0"),
        // Right after a commit the coordinator may still be busy with it: asked again soon, ever later if it lasts.
        ("retry.backoff.ms", "5"),
        ("compression.type", "lz4"),
        ("transaction.timeout.ms", TRANSACTION_TIMEOUT_MS),
        // A dead letter carries what came, and something came through a greater limit.
        ("message.max.bytes", "4000000"),
    ];
    for (name, value) in defaults {
        if !settings.client.properties.contains_key(name) {
            config.set(name, value);
        }
    }
    config
        .set("transactional.id", &settings.transactional_id)
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("partitioner", "murmur2_random");
    config
}

/// Whether somebody has to change rights or settings before this can work.
pub(super) fn is_denied(error: &KafkaError) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        error.rdkafka_error_code(),
        Some(
            Code::TransactionalIdAuthorizationFailed
                | Code::ClusterAuthorizationFailed
                | Code::TopicAuthorizationFailed
                | Code::GroupAuthorizationFailed
                | Code::SaslAuthenticationFailed
                | Code::Authentication
                | Code::InvalidTransactionTimeout
                | Code::UnsupportedFeature
        )
    )
}

impl KafkaTransactions {
    /// One transaction with one producer.
    pub(super) fn one(
        &mut self,
        outputs: &Outputs,
        positions: &[Position],
        cut_letters: bool,
    ) -> Result<(), Failure> {
        self.producer.context().take_failed();
        self.producer
            .begin_transaction()
            .map_err(|e| judge(&e, "begin"))?;
        for alert in &outputs.alerts {
            self.send(records::of_alert(alert, &self.settings.alerts))?;
        }
        for letter in &outputs.dead_letters {
            if cut_letters {
                let cut = records::Cut::of(letter);
                self.send(records::of_letter(cut.letter(), &self.settings))?;
            } else {
                self.send(records::of_letter(letter, &self.settings))?;
            }
        }
        for record in &outputs.records {
            if let Some(topic) = self.settings.streams.get(&record.stream) {
                self.send(records::of_record(record, topic))?;
            }
        }
        for record in &outputs.journal {
            self.send(records::of_journal(record, &self.settings.journal))?;
        }
        let offsets = self.send_offsets(positions)?;
        self.health.step();
        self.deliver(&offsets)?;
        self.health.step();
        self.producer.commit_transaction(CALL_TIMEOUT).map_err(|e| {
            let failed = self.producer.context().take_failed();
            match (judge(&e, "commit"), failed) {
                (Failure::Abortable(text), Some(failed)) => {
                    Failure::Abortable(format!("{text}: {failed}"))
                }
                (failure, _) => failure,
            }
        })
    }

    fn send(&self, record: BaseRecord<'_, [u8], [u8]>) -> Result<(), Failure> {
        let mut record = record;
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    serve(&self.producer);
                    record = back;
                }
                Err((error, _)) => {
                    self.producer.context().note(&error);
                    return Err(Failure::Abortable(format!("send: {error}")));
                }
            }
        }
    }

    /// Has the offsets sent while the records are under way; the answer is awaited by [`deliver`](Self::deliver).
    fn send_offsets(&self, positions: &[Position]) -> Result<Receiver<KafkaResult<()>>, Failure> {
        let mut list = TopicPartitionList::new();
        for position in positions {
            let refused =
                |e: KafkaError| Failure::Abortable(format!("offset {}: {e}", position.next_offset));
            let mut entry = list.add_partition(self.group.topic(), position.partition);
            entry
                .set_offset(Offset::Offset(position.next_offset))
                .map_err(refused)?;
            entry.set_metadata(position.metadata.to_json());
        }
        let group = self.group.metadata();
        let group = group.ok_or_else(|| Failure::Abortable("the consumer is closed".to_owned()))?;
        // librdkafka forgets the time-out of this call while it looks for the group's coordinator (its #5456), after an
        // outage for ever. So another thread makes it, which is left behind together with the producer.
        let (producer, (done, answer)) = (Arc::clone(&self.producer), mpsc::channel());
        let call = move || {
            let result = producer.send_offsets_to_transaction(&list, &group, CALL_TIMEOUT);
            drop(producer);
            done.send(result).ok();
        };
        let thread = thread::Builder::new().name("offsets".to_owned());
        thread
            .spawn(call)
            .map_err(|e| Failure::Abortable(format!("offsets: {e}")))?;
        Ok(answer)
    }

    /// Until all records are acknowledged and the offsets taken. After a refusal of the offsets nothing more is sent, so
    /// the records are not waited for.
    fn deliver(&self, offsets: &Receiver<KafkaResult<()>>) -> Result<(), Failure> {
        let end = Instant::now() + CALL_TIMEOUT + GRACE;
        let mut answer = None;
        while self.producer.in_flight_count() > 0 && answer.is_none() {
            serve(&self.producer);
            answer = offsets.try_recv().ok();
        }
        let left = end.saturating_duration_since(Instant::now());
        let Some(answer) = answer.or_else(|| offsets.recv_timeout(left).ok()) else {
            return Err(Failure::Unknown("offsets: no answer in time".to_owned()));
        };
        answer.map_err(|e| {
            // Not sent for certain, or not answered: a new producer settles both.
            match judge(&e, "offsets") {
                Failure::Unknown(text) => Failure::Abortable(text),
                failure => failure,
            }
        })?;
        while self.producer.in_flight_count() > 0 {
            serve(&self.producer);
        }
        Ok(())
    }

    /// Gives up what is not acknowledged. The producer's end waits for the reports of it, which come only by polling.
    pub(super) fn purge(&self) {
        self.producer
            .purge(PurgeConfig::default().queue().inflight());
        let end = Instant::now() + PURGE_PATIENCE;
        while self.producer.in_flight_count() > 0 && Instant::now() < end {
            serve(&self.producer);
        }
    }
}

fn judge(error: &KafkaError, call: &str) -> Failure {
    let text = format!("{call}: {error}");
    let KafkaError::Transaction(inner) = error else {
        return Failure::Unknown(text);
    };
    let fenced = [
        RDKafkaErrorCode::Fenced,
        RDKafkaErrorCode::ProducerFenced,
        RDKafkaErrorCode::InvalidProducerEpoch,
    ];
    if fenced.contains(&inner.code()) {
        Failure::Fenced(text)
    } else if inner.txn_requires_abort() {
        Failure::Abortable(text)
    } else {
        Failure::Unknown(text)
    }
}
