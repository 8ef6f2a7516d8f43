//! The input once more, for those who recompute: as `run` reads it, but without a group and without a commit.

use std::collections::BTreeMap;
use std::time::Duration;

use holdfast_consumer::{
    Batch, LogSettings, LogSource, Polled, Probe, Source as _, Span, TopicState, read_spans,
};

use crate::config::{Settings, SourceKind};
use crate::run::{RunError, client};

/// How long the broker may be silent.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long it may take to answer a question.
const ANSWER: Duration = Duration::from_secs(10);
/// Files answer at once.
const SOON: Duration = Duration::from_secs(1);

/// Gives the records of these spans to `each`, those of a partition in order; batches may begin before a span and go
/// beyond it.
///
/// # Errors
/// When the input cannot be read.
pub(crate) fn read(
    settings: &Settings,
    spans: &[Span],
    each: &mut dyn FnMut(&Batch),
) -> Result<(), RunError> {
    if settings.source == SourceKind::Kafka {
        return Ok(read_spans(&client(settings), spans, PATIENCE, each)?);
    }
    let mut open: BTreeMap<i32, i64> = spans
        .iter()
        .filter(|span| span.from < span.to)
        .map(|span| (span.partition, span.to))
        .collect();
    let mut source = log(settings)?;
    // Nobody is told of partitions here, so nobody else asks where they begin.
    source.begins()?;
    while !open.is_empty() {
        match source.poll(SOON)? {
            Polled::Batch(batch) => {
                let partition = batch.partition();
                if let Some(to) = open.get(&partition).copied() {
                    each(&batch);
                    if batch.next_offset() >= to {
                        open.remove(&partition);
                    }
                }
            }
            Polled::Closed => break,
            _ => {}
        }
    }
    Ok(())
}

/// How many partitions a topic has.
///
/// # Errors
/// When it is not there, or the broker does not answer.
pub(crate) fn partitions(probe: &Probe, topic: &str) -> Result<i32, RunError> {
    match probe.topic(topic, ANSWER) {
        TopicState::Partitions(count) => Ok(i32::try_from(count).unwrap_or(i32::MAX)),
        TopicState::Missing => Err(RunError::Config(format!("topic `{topic}` is not there"))),
        TopicState::Denied(reason) => Err(RunError::Config(format!("kafka: {reason}"))),
        TopicState::Unreachable(reason) => Err(RunError::Temporary(format!("no broker: {reason}"))),
    }
}

/// The embedded log's input, to what is there now.
///
/// # Errors
/// When it is not there or is no log.
pub(crate) fn log(settings: &Settings) -> Result<LogSource, RunError> {
    Ok(LogSource::open(LogSettings {
        input: settings.log.input.clone(),
        follow: false,
        committed: BTreeMap::new(),
    })?)
}
