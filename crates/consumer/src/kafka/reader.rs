//! A whole topic, from its beginning to its end of this moment, committed records only.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{Headers, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::context::Context;
use super::settings::KafkaSettings;
use crate::SourceError;

/// A record that owns its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedRecord {
    pub partition: i32,
    pub offset: i64,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub timestamp: Option<i64>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

/// Gives every committed record of `topic` to `each`, partition by partition as they come; `each` ends the
/// reading by returning false.
///
/// # Errors
/// When the topic is missing, or the broker does not answer for `patience`.
pub fn read_topic(
    settings: &KafkaSettings,
    topic: &str,
    patience: Duration,
    mut each: impl FnMut(OwnedRecord) -> bool,
) -> Result<(), SourceError> {
    let refused =
        |e: KafkaError| SourceError::Temporary(format!("cannot read topic `{topic}`: {e}"));
    let consumer: BaseConsumer<Context> = settings
        .reader()
        .create_with_context(Context::default())
        .map_err(refused)?;
    consumer.context().close();
    let metadata = consumer
        .fetch_metadata(Some(topic), patience)
        .map_err(refused)?;
    let partitions: Vec<i32> = metadata
        .topics()
        .first()
        .map(|t| t.partitions().iter().map(|p| p.id()).collect())
        .unwrap_or_default();
    if partitions.is_empty() {
        return Err(SourceError::Config(format!("topic `{topic}` is not there")));
    }
    let mut list = TopicPartitionList::new();
    for partition in &partitions {
        list.add_partition_offset(topic, *partition, Offset::Beginning)
            .map_err(refused)?;
    }
    consumer.assign(&list).map_err(refused)?;
    let mut open: BTreeSet<i32> = partitions.into_iter().collect();
    let mut heard_at = Instant::now();
    while !open.is_empty() {
        match consumer.poll(Duration::from_millis(100)) {
            Some(Ok(message)) => {
                heard_at = Instant::now();
                if !each(owned(&message)) {
                    break;
                }
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                heard_at = Instant::now();
                open.remove(&partition);
            }
            Some(Err(error)) if heard_at.elapsed() > patience => return Err(refused(error)),
            None if heard_at.elapsed() > patience => {
                return Err(SourceError::Temporary(format!(
                    "topic `{topic}` does not answer"
                )));
            }
            _ => {}
        }
    }
    Ok(())
}

fn owned(message: &impl Message) -> OwnedRecord {
    let headers = message.headers().map(|headers| {
        headers
            .iter()
            .map(|h| (h.key.to_owned(), h.value.map(<[u8]>::to_vec)))
            .collect()
    });
    OwnedRecord {
        partition: message.partition(),
        offset: message.offset(),
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        timestamp: message.timestamp().to_millis(),
        headers: headers.unwrap_or_default(),
    }
}
