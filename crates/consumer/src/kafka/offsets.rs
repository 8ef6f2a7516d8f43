//! A group's offsets, read and set from outside, while nobody is a member of the group.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::CommittedAt;
use super::context::Context;
use super::settings::KafkaSettings;
use crate::SourceError;

/// Committed offsets of the input topic with their metadata, after any transaction under way has ended.
///
/// # Errors
/// When the broker does not answer in time, or refuses.
pub fn committed_offsets(
    settings: &KafkaSettings,
    partitions: &[i32],
    timeout: Duration,
) -> Result<Vec<CommittedAt>, SourceError> {
    let failed = |e: KafkaError| SourceError::Temporary(format!("committed offsets: {e}"));
    let asker = asker(settings).map_err(failed)?;
    let mut list = TopicPartitionList::new();
    for partition in partitions {
        list.add_partition(&settings.topic, *partition);
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

/// Sets committed offsets (partition, offset, metadata) of the input topic, all or none of them.
///
/// # Errors
/// When the group has members (a static one counts for its session time-out after it went), or the broker refuses.
pub fn set_committed_offsets(
    settings: &KafkaSettings,
    offsets: &[(i32, i64, String)],
) -> Result<(), SourceError> {
    let failed = |e: KafkaError| SourceError::Temporary(format!("setting offsets: {e}"));
    let asker = asker(settings).map_err(failed)?;
    let mut list = TopicPartitionList::new();
    for (partition, offset, metadata) in offsets {
        let mut element = list.add_partition(&settings.topic, *partition);
        element
            .set_offset(Offset::Offset(*offset))
            .map_err(failed)?;
        element.set_metadata(metadata);
    }
    asker.commit(&list, CommitMode::Sync).map_err(failed)
}

fn asker(settings: &KafkaSettings) -> Result<BaseConsumer<Context>, KafkaError> {
    let asker: BaseConsumer<Context> = settings.asker().create_with_context(Context::default())?;
    asker.context().close();
    Ok(asker)
}
