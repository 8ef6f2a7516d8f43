//! Questions to the broker that need no group: which topics are there, where a partition begins and ends.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::types::RDKafkaRespErr;

use super::context::Context;
use super::rights::{self, Right};
use super::settings::KafkaSettings;
use crate::SourceError;

/// A client that only asks. It reads uncommitted, so that the end it tells is the true one.
pub struct Probe {
    pub(super) consumer: BaseConsumer<Context>,
    pub(super) topic: String,
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

    /// Which of the rights that are needed on topics and on the group are not there, as far as the broker tells.
    #[must_use]
    pub fn missing_rights(
        &self,
        topics: &[(&str, &[Right])],
        group: &str,
        timeout: Duration,
    ) -> Vec<String> {
        self.serve();
        if self.consumer.context().denied().is_some() {
            return Vec::new(); // it does not even let us in
        }
        let client = self.consumer.client().native_ptr();
        let lacks = |allowed: &rights::Allowed, right: Right| {
            let allowed = allowed.as_ref();
            allowed.is_some_and(|allowed| !allowed.contains(&right))
        };
        let names: Vec<&str> = topics.iter().map(|(name, _)| *name).collect();
        let mut missing = Vec::new();
        let found = rights::of_topics(client, &names, timeout).unwrap_or_default();
        for ((name, needed), allowed) in topics.iter().zip(&found) {
            let lacked = needed.iter().filter(|right| lacks(allowed, **right));
            missing.extend(lacked.map(|right| format!("{right} on topic `{name}`")));
        }
        let of_group = rights::of_group(client, group, timeout);
        if of_group.is_some_and(|allowed| lacks(&allowed, Right::Read)) {
            missing.push(format!("{} on group `{group}`", Right::Read));
        }
        missing
    }

    /// Error and log callbacks run here. A poll does not tell whether it served one or found nothing, so they do.
    fn serve(&self) {
        let mut idle = 0;
        while idle < 8 {
            let before = self.consumer.context().calls();
            self.consumer.poll(Duration::ZERO);
            let served = self.consumer.context().calls() != before;
            idle = if served { 0 } else { idle + 1 };
        }
    }
}
