//! Questions to the broker that need no group: which topics are there, where a partition begins and ends.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::types::RDKafkaRespErr;

use super::context::Context;
use super::settings::KafkaSettings;
use crate::SourceError;

/// A client that only asks. It reads uncommitted, so that the end it tells is the true one.
pub struct Probe {
    consumer: BaseConsumer<Context>,
    topic: String,
}

/// What the broker says of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TopicState {
    Partitions(usize),
    Missing,
    /// The rights are not there, or the broker refuses for another reason that needs somebody.
    Denied(String),
    /// No broker answered.
    Unreachable(String),
}

impl Probe {
    /// # Errors
    /// When librdkafka refuses a setting.
    pub fn new(settings: &KafkaSettings) -> Result<Self, SourceError> {
        Self::with(settings, &settings.probe())
    }

    /// One to whom a partition ends where the oldest open transaction begins.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of_committed(settings: &KafkaSettings) -> Result<Self, SourceError> {
        let mut config = settings.probe();
        config.set("isolation.level", "read_committed");
        Self::with(settings, &config)
    }

    fn with(settings: &KafkaSettings, config: &ClientConfig) -> Result<Self, SourceError> {
        let consumer = config
            .create_with_context(Context::default())
            .map_err(|e| SourceError::Config(format!("kafka: {e}")))?;
        Ok(Self {
            consumer,
            topic: settings.topic.clone(),
        })
    }

    /// Begin and end of a partition of the input topic.
    ///
    /// # Errors
    /// When the broker does not answer in time, or refuses.
    pub fn ends(&self, partition: i32, timeout: Duration) -> Result<(i64, i64), String> {
        self.serve();
        self.consumer
            .fetch_watermarks(&self.topic, partition, timeout)
            .map_err(|e| format!("ends of partition {partition}: {e}"))
    }

    /// The broker's own id of the cluster; none when it does not tell.
    #[must_use]
    pub fn cluster_id(&self, timeout: Duration) -> Option<String> {
        self.serve();
        self.consumer.client().fetch_cluster_id(timeout)
    }

    /// Asks for one topic.
    #[must_use]
    pub fn topic(&self, name: &str, timeout: Duration) -> TopicState {
        self.serve();
        let answer = self.consumer.fetch_metadata(Some(name), timeout);
        self.serve();
        if let Some(reason) = self.consumer.context().denied() {
            return TopicState::Denied(reason);
        }
        let metadata = match answer {
            Ok(metadata) => metadata,
            Err(error) => {
                let reason = self.consumer.context().take_reason();
                return TopicState::Unreachable(reason.unwrap_or_else(|| error.to_string()));
            }
        };
        let Some(topic) = metadata.topics().first() else {
            return TopicState::Missing;
        };
        match topic.error() {
            None => TopicState::Partitions(topic.partitions().len()),
            Some(RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) => TopicState::Missing,
            Some(RDKafkaRespErr::RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) => {
                TopicState::Unreachable(format!("topic `{name}` has no leader yet"))
            }
            Some(err) => {
                TopicState::Denied(format!("topic `{name}`: {}", RDKafkaErrorCode::from(err)))
            }
        }
    }

    /// Error and log callbacks run here.
    fn serve(&self) {
        for _ in 0..16 {
            if self.consumer.poll(Duration::ZERO).is_none() {
                return;
            }
        }
    }
}
