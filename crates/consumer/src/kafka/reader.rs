//! A whole topic, from its beginning to its end of this moment, committed records only.

use std::collections::{BTreeMap, BTreeSet};
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
    each: impl FnMut(OwnedRecord) -> bool,
) -> Result<(), SourceError> {
    let refused = |e: KafkaError| refusal(topic, &e);
    let consumer = reader(settings, topic)?;
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
    drain(
        &consumer,
        topic,
        partitions.into_iter().collect(),
        patience,
        each,
    )
}

/// The committed records of one partition from offset `from` on, up to everything that is in it at the time of the
/// call: transactions under way are waited for. Records before the partition's first are not missed.
///
/// # Errors
/// When the topic is missing, the broker does not answer, or a transaction stays open, for `patience`.
pub fn read_partition(
    settings: &KafkaSettings,
    place: (&str, i32),
    from: i64,
    patience: Duration,
) -> Result<Vec<OwnedRecord>, SourceError> {
    let mut records = Vec::new();
    each_of_partition(settings, place, from, patience, |record| {
        records.push(record);
        true
    })?;
    Ok(records)
}

/// As [`read_partition`], one by one; `each` ends the reading by returning false. The offset of the partition's first
/// record.
///
/// # Errors
/// As [`read_partition`].
pub fn each_of_partition(
    settings: &KafkaSettings,
    (topic, partition): (&str, i32),
    from: i64,
    patience: Duration,
    each: impl FnMut(OwnedRecord) -> bool,
) -> Result<i64, SourceError> {
    let refused = |e: KafkaError| refusal(topic, &e);
    let uncommitted: BaseConsumer<Context> = settings
        .probe()
        .create_with_context(Context::default())
        .map_err(refused)?;
    uncommitted.context().close();
    let ends = |consumer: &BaseConsumer<Context>| {
        consumer
            .fetch_watermarks(topic, partition, patience)
            .map_err(refused)
    };
    let (begin, end) = ends(&uncommitted)?;
    if begin.max(from) >= end {
        return Ok(begin);
    }
    let consumer = reader(settings, topic)?;
    let began = Instant::now();
    // A reader of committed records is told the end of what is decided.
    while ends(&consumer)?.1 < end {
        if began.elapsed() > patience {
            return Err(SourceError::Temporary(format!(
                "topic `{topic}`: a transaction stays open in partition {partition}; kafka-transactions.sh find-hanging tells whose it is"
            )));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, partition, Offset::Offset(from.max(begin)))
        .map_err(refused)?;
    consumer.assign(&list).map_err(refused)?;
    let open = BTreeSet::from([partition]);
    drain(&consumer, topic, open, patience, each)?;
    Ok(begin)
}

/// The timestamps (ms) of the first records at or behind the given places (partition, offset) of the input topic,
/// committed or not; a partition without such a record, or without a timestamp on it, is left out.
///
/// # Errors
/// When the broker refuses, or does not answer for `patience`.
pub fn first_timestamps(
    settings: &KafkaSettings,
    places: &[(i32, i64)],
    patience: Duration,
) -> Result<BTreeMap<i32, i64>, SourceError> {
    let topic = &settings.topic;
    let refused = |e: KafkaError| refusal(topic, &e);
    let mut found = BTreeMap::new();
    if places.is_empty() {
        return Ok(found);
    }
    let consumer: BaseConsumer<Context> = settings
        .glance()
        .create_with_context(Context::default())
        .map_err(refused)?;
    consumer.context().close();
    let mut list = TopicPartitionList::new();
    for (partition, offset) in places {
        list.add_partition_offset(topic, *partition, Offset::Offset(*offset))
            .map_err(refused)?;
    }
    consumer.assign(&list).map_err(refused)?;
    let mut open: BTreeSet<i32> = places.iter().map(|(partition, _)| *partition).collect();
    let end = Instant::now() + patience;
    while !open.is_empty() && Instant::now() < end {
        match consumer.poll(Duration::from_millis(100)) {
            Some(Ok(message)) => {
                if open.remove(&message.partition())
                    && let Some(ms) = message.timestamp().to_millis()
                {
                    found.insert(message.partition(), ms);
                }
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                open.remove(&partition);
            }
            _ => {}
        }
    }
    Ok(found)
}

/// The end of a partition as a reader of committed records sees it: the first record of the oldest transaction under
/// way, or the end of all.
///
/// # Errors
/// When the broker does not answer in time, or refuses.
pub fn committed_end(
    settings: &KafkaSettings,
    (topic, partition): (&str, i32),
    timeout: Duration,
) -> Result<i64, SourceError> {
    let consumer = reader(settings, topic)?;
    let ends = consumer.fetch_watermarks(topic, partition, timeout);
    ends.map(|(_, end)| end).map_err(|e| refusal(topic, &e))
}

pub(super) fn refusal(topic: &str, error: &KafkaError) -> SourceError {
    SourceError::Temporary(format!("cannot read topic `{topic}`: {error}"))
}

pub(super) fn reader(
    settings: &KafkaSettings,
    topic: &str,
) -> Result<BaseConsumer<Context>, SourceError> {
    let consumer: BaseConsumer<Context> = settings
        .reader()
        .create_with_context(Context::default())
        .map_err(|e| refusal(topic, &e))?;
    consumer.context().close();
    Ok(consumer)
}

/// Reads until every partition in `open` has told its end.
fn drain(
    consumer: &BaseConsumer<Context>,
    topic: &str,
    mut open: BTreeSet<i32>,
    patience: Duration,
    mut each: impl FnMut(OwnedRecord) -> bool,
) -> Result<(), SourceError> {
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
            Some(Err(error)) if heard_at.elapsed() > patience => {
                return Err(refusal(topic, &error));
            }
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
