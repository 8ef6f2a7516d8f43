//! The consumer group as a transaction sees it.

use std::sync::{Arc, Weak};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerGroupMetadata};
use rdkafka::topic_partition_list::TopicPartitionList;

use super::changes::committed_of;
use super::context::Context;

/// A partition with its committed offset and metadata, when there was a commit.
pub type CommittedAt = (i32, Option<(i64, String)>);

/// Lets the producer commit offsets of the source's group, without keeping the consumer alive.
#[derive(Clone)]
pub struct GroupHandle {
    consumer: Weak<BaseConsumer<Context>>,
    topic: String,
}

impl GroupHandle {
    pub(super) fn new(consumer: &Arc<BaseConsumer<Context>>, topic: &str) -> Self {
        Self {
            consumer: Arc::downgrade(consumer),
            topic: topic.to_owned(),
        }
    }

    /// The input topic whose offsets are committed.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Generation and member of this moment; never keep it, it changes with each rebalance.
    #[must_use]
    pub fn metadata(&self) -> Option<ConsumerGroupMetadata> {
        self.consumer.upgrade()?.group_metadata()
    }

    /// Committed offsets with their metadata, after any transaction under way has ended.
    ///
    /// # Errors
    /// When the broker does not answer in time, or refuses.
    pub fn committed(
        &self,
        partitions: &[i32],
        timeout: Duration,
    ) -> Result<Vec<CommittedAt>, String> {
        let consumer = self.consumer.upgrade().ok_or("the consumer is closed")?;
        let mut list = TopicPartitionList::new();
        for partition in partitions {
            list.add_partition(&self.topic, *partition);
        }
        let list = consumer
            .committed_offsets(list, timeout)
            .map_err(|e| format!("committed offsets: {e}"))?;
        committed_of(&list).map_err(|e| format!("committed offsets: {e}"))
    }
}
