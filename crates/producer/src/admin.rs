//! Topics: which are there and how they are set, and making those that are missing.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use holdfast_consumer::KafkaSettings;
use rdkafka::admin::{
    AdminClient, AdminOptions, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::SinkError;

/// How long the broker may take for one request.
const TIMEOUT: Duration = Duration::from_secs(15);

/// A topic as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicSpec {
    pub name: String,
    pub partitions: i32,
    /// -1 is the broker's default.
    pub replication: i32,
    pub config: BTreeMap<String, String>,
}

/// Administers one cluster.
pub struct Admin {
    client: AdminClient<DefaultClientContext>,
}

impl Admin {
    /// # Errors
    /// When librdkafka refuses a setting.
    pub fn new(settings: &KafkaSettings) -> Result<Self, SinkError> {
        let client = settings
            .client()
            .create()
            .map_err(|e| SinkError::Config(format!("kafka: {e}")))?;
        Ok(Self { client })
    }

    /// The effective settings of a topic.
    ///
    /// # Errors
    /// When the broker does not answer, or refuses.
    pub fn config(&self, topic: &str) -> Result<BTreeMap<String, String>, SinkError> {
        let answers = block_on(
            self.client
                .describe_configs([&ResourceSpecifier::Topic(topic)], &options()),
        );
        let refused = |e: RDKafkaErrorCode| failure(&format!("describe topic `{topic}`"), e);
        let answers = answers.map_err(|e| unanswered(&format!("describe topic `{topic}`"), &e))?;
        let mut out = BTreeMap::new();
        for answer in answers {
            for entry in answer.map_err(refused)?.entries {
                out.insert(entry.name, entry.value.unwrap_or_default());
            }
        }
        Ok(out)
    }

    /// Makes a topic, or only asks whether it could be made.
    ///
    /// # Errors
    /// When the broker does not answer, or refuses; that the topic is there already is such a refusal.
    pub fn create(&self, spec: &TopicSpec, dry_run: bool) -> Result<(), SinkError> {
        let mut topic = NewTopic::new(
            &spec.name,
            spec.partitions,
            TopicReplication::Fixed(spec.replication),
        );
        for (name, value) in &spec.config {
            topic = topic.set(name, value);
        }
        let what = format!("create topic `{}`", spec.name);
        let answers = block_on(
            self.client
                .create_topics([&topic], &options().validate_only(dry_run)),
        );
        for answer in answers.map_err(|e| unanswered(&what, &e))? {
            answer.map_err(|(_, code)| failure(&what, code))?;
        }
        Ok(())
    }

    /// Adds partitions to a topic until it has `partitions`.
    ///
    /// # Errors
    /// When the broker does not answer, or refuses; that it has so many or more is such a refusal.
    pub fn grow(&self, topic: &str, partitions: usize) -> Result<(), SinkError> {
        let what = format!("give topic `{topic}` {partitions} partitions");
        let wanted = NewPartitions::new(topic, partitions);
        let answers = block_on(self.client.create_partitions([&wanted], &options()));
        for answer in answers.map_err(|e| unanswered(&what, &e))? {
            answer.map_err(|(_, code)| failure(&what, code))?;
        }
        Ok(())
    }

    /// Removes the records of a partition before `offset`, as the broker does with those that grow too old.
    ///
    /// # Errors
    /// When the broker does not answer, or refuses.
    pub fn delete_before(&self, topic: &str, partition: i32, offset: i64) -> Result<(), SinkError> {
        let what = format!("delete records of `{topic}`");
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(offset))
            .map_err(|e| unanswered(&what, &e))?;
        let answers = block_on(self.client.delete_records(&list, &options()));
        for answer in answers.map_err(|e| unanswered(&what, &e))?.elements() {
            answer.error().map_err(|e| unanswered(&what, &e))?;
        }
        Ok(())
    }

    /// Removes topics; those that are not there are no fault.
    ///
    /// # Errors
    /// When the broker does not answer, or refuses.
    pub fn delete(&self, topics: &[&str]) -> Result<(), SinkError> {
        let answers = block_on(self.client.delete_topics(topics, &options()));
        for answer in answers.map_err(|e| unanswered("delete topics", &e))? {
            match answer {
                Ok(_) | Err((_, RDKafkaErrorCode::UnknownTopicOrPartition)) => {}
                Err((name, code)) => return Err(failure(&format!("delete topic `{name}`"), code)),
            }
        }
        Ok(())
    }
}

fn options() -> AdminOptions {
    AdminOptions::new()
        .operation_timeout(Some(TIMEOUT))
        .request_timeout(Some(TIMEOUT))
}

fn unanswered(what: &str, error: &KafkaError) -> SinkError {
    SinkError::Temporary(format!("cannot {what}: {error}"))
}

fn failure(what: &str, code: RDKafkaErrorCode) -> SinkError {
    SinkError::Config(format!("cannot {what}: {code}"))
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// rdkafka's admin calls are futures; this crate has no runtime and needs none for one answer.
fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
