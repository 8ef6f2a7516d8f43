//! The consumer group as a transaction sees it.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerGroupMetadata};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::context::Context;
use super::settings::KafkaSettings;

/// A partition with its committed offset and metadata, when there was a commit.
pub type CommittedAt = (i32, Option<(i64, String)>);

/// Lets the producer commit offsets of the source's group, without keeping the consumer alive.
#[derive(Clone)]
pub struct GroupHandle {
    /// The consumer of the moment; the source replaces one that has failed.
    member: Arc<Mutex<Weak<BaseConsumer<Context>>>>,
    settings: KafkaSettings,
}

impl GroupHandle {
    pub(super) fn new(settings: &KafkaSettings) -> Self {
        Self {
            member: Arc::default(),
            settings: settings.clone(),
        }
    }

    pub(super) fn set_member(&self, member: &Arc<BaseConsumer<Context>>) {
        *self.member.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(member);
    }

    /// The input topic whose offsets are committed.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.settings.topic
    }

    /// Generation and member of this moment; never keep it, it changes with each rebalance.
    #[must_use]
    pub fn metadata(&self) -> Option<ConsumerGroupMetadata> {
        let member = self
            .member
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .upgrade();
        member?.group_metadata()
    }

    /// Committed offsets with their metadata, after any transaction under way has ended.
    ///
    /// A client of its own asks: the member may be in the middle of a rebalance or have failed.
    ///
    /// # Errors
    /// When the broker does not answer in time, or refuses.
    pub fn committed(
        &self,
        partitions: &[i32],
        timeout: Duration,
    ) -> Result<Vec<CommittedAt>, String> {
        let failed = |e: KafkaError| format!("committed offsets: {e}");
        let asker: BaseConsumer<Context> = self
            .settings
            .asker()
            .create_with_context(Context::default())
            .map_err(failed)?;
        asker.context().close();
        let mut list = TopicPartitionList::new();
        for partition in partitions {
            list.add_partition(&self.settings.topic, *partition);
        }
        let list = asker.committed_offsets(list, timeout).map_err(failed)?;
        let each = list.elements();
        let each = each.iter().map(|e| {
            e.error()?;
            let found = match e.offset() {
                Offset::Offset(offset) => Some((offset, e.metadata().to_owned())),
                _ => None,
            };
            Ok((e.partition(), found))
        });
        each.collect::<Result<_, KafkaError>>().map_err(failed)
    }
}
