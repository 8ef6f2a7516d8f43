//! Writing records to an input topic: dead letters that go back, and the tests' events. Idempotent, not transactional.

use std::time::{Duration, Instant};

use holdfast_consumer::KafkaSettings;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::SinkError;
use crate::kafka::serve;

/// How long all records may take to be acknowledged at the end.
const FLUSH: Duration = Duration::from_secs(60);

/// Sends records and waits for the last of them in [`finish`](Self::finish).
pub struct Feeder {
    producer: BaseProducer<crate::kafka::Context>,
}

/// A record to send.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outgoing<'a> {
    pub key: Option<&'a [u8]>,
    pub value: Option<&'a [u8]>,
    /// ms; none takes the time of sending.
    pub timestamp: Option<i64>,
    pub headers: &'a [(String, Option<Vec<u8>>)],
    /// None lets the key choose, as Kafka's clients do.
    pub partition: Option<i32>,
}

impl Feeder {
    /// # Errors
    /// When librdkafka refuses a setting.
    pub fn new(settings: &KafkaSettings) -> Result<Self, SinkError> {
        let mut config = settings.client();
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("linger.ms", "20")
            .set("partitioner", "murmur2_random")
            .set("queue.buffering.max.kbytes", "65536")
            .set("message.max.bytes", "4000000");
        let producer = config
            .create_with_context(crate::kafka::Context::default())
            .map_err(|e| SinkError::Config(format!("kafka: {e}")))?;
        Ok(Self { producer })
    }

    /// Queues a record, waiting for room.
    ///
    /// # Errors
    /// When the record cannot be sent at all: too large, no such topic.
    pub fn send(&self, topic: &str, outgoing: Outgoing<'_>) -> Result<(), SinkError> {
        let mut record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(topic);
        record.key = outgoing.key;
        record.payload = outgoing.value;
        record.timestamp = outgoing.timestamp;
        record.partition = outgoing.partition;
        if !outgoing.headers.is_empty() {
            let headers =
                outgoing
                    .headers
                    .iter()
                    .fold(OwnedHeaders::new(), |headers, (key, value)| {
                        headers.insert(Header {
                            key,
                            value: value.as_deref(),
                        })
                    });
            record = record.headers(headers);
        }
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    serve(&self.producer);
                    record = back;
                }
                Err((error, _)) => {
                    return Err(SinkError::Config(format!(
                        "cannot write to `{topic}`: {error}"
                    )));
                }
            }
        }
    }

    /// Waits until all records are acknowledged.
    ///
    /// # Errors
    /// When one of them was not.
    pub fn finish(self) -> Result<(), SinkError> {
        let end = Instant::now() + FLUSH;
        while self.producer.in_flight_count() > 0 && Instant::now() < end {
            serve(&self.producer);
        }
        if let Some(error) = self.producer.context().take_failed() {
            return Err(SinkError::Temporary(format!(
                "a record was not written: {error}"
            )));
        }
        if self.producer.in_flight_count() > 0 {
            return Err(SinkError::Temporary(format!(
                "no acknowledgement within {} s",
                FLUSH.as_secs()
            )));
        }
        Ok(())
    }
}
