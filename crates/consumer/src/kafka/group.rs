//! The consumer group as a transaction sees it.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerGroupMetadata};

use super::context::Context;
use super::offsets::committed_offsets;
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
        committed_offsets(&self.settings, partitions, timeout).map_err(|e| e.to_string())
    }
}
