//! Stretches of a topic in batches, without a group: what others have worked on is read once more.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::reader::{reader, refusal};
use super::settings::KafkaSettings;
use crate::batch::{Queue, Read, topic_name};
use crate::{Batch, SourceError};

/// Records of one partition at offsets from `from` on and below `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub partition: i32,
    pub from: i64,
    /// The last batch may go beyond it.
    pub to: i64,
}

/// Gives the committed records of these spans of the input topic to `each`; those of a partition come in order.
///
/// # Errors
/// When records have been removed meanwhile, or the broker does not answer for `patience`.
pub fn read_spans(
    settings: &KafkaSettings,
    spans: &[Span],
    patience: Duration,
    mut each: impl FnMut(&Batch),
) -> Result<(), SourceError> {
    let topic = &settings.topic;
    let refused = |e: KafkaError| refusal(topic, &e);
    let name = topic_name(topic)
        .ok_or_else(|| SourceError::Config(format!("`{topic}` is no name of a topic")))?;
    let consumer = Arc::new(reader(settings, topic)?);
    let mut queue = Queue::new(&consumer);
    let mut list = TopicPartitionList::new();
    let mut open = BTreeMap::new();
    for span in spans.iter().filter(|span| span.from < span.to) {
        queue.forward(&name, span.partition);
        list.add_partition_offset(topic, span.partition, Offset::Offset(span.from))
            .map_err(refused)?;
        open.insert(span.partition, span.to);
    }
    consumer.assign(&list).map_err(refused)?;
    let mut heard_at = Instant::now();
    let mut last = String::new();
    while !open.is_empty() {
        if let Some(Err(error)) = consumer.poll(Duration::ZERO) {
            last = error.to_string();
        }
        for read in queue.read(Duration::from_millis(100)) {
            match read {
                Read::Messages {
                    partition,
                    messages,
                } => {
                    heard_at = Instant::now();
                    let next = messages.next_offset();
                    let Some(to) = open.get(&partition).copied() else {
                        continue;
                    };
                    each(&Batch::of_messages(partition, messages, None));
                    if next >= to {
                        open.remove(&partition);
                    }
                }
                Read::End { partition, .. } => {
                    heard_at = Instant::now();
                    open.remove(&partition);
                }
                Read::Error {
                    partition,
                    code: RDKafkaErrorCode::AutoOffsetReset,
                    ..
                } => {
                    return Err(SourceError::Gap(format!(
                        "topic `{topic}`: records of partition {partition} were removed while they were read"
                    )));
                }
                Read::Error { text, .. } => last = text,
            }
        }
        if heard_at.elapsed() > patience {
            return Err(SourceError::Temporary(format!(
                "topic `{topic}` does not answer: {last}"
            )));
        }
    }
    Ok(())
}
