//! Where the demo's events go in: the embedded log, or a topic.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use holdfast_consumer::{KafkaSettings, Probe, TopicState};
use holdfast_producer::{Feeder, Outgoing, SegmentWriter};

use super::place::Place;
use crate::config::Settings;
use crate::generate::Event;
use crate::run::{RunError, client};
use crate::topics::{self, Wanted};

/// Partitions of the log or the topics.
const PARTITIONS: u32 = 4;

/// Takes events in the order of their arrival.
pub(super) enum Feed {
    Log(SegmentWriter),
    Topic { feeder: Feeder, topic: String },
}

/// How long the broker may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// The made-up events of a demo do not belong among others.
fn refuse_used_topics(settings: &Settings) -> Result<(), RunError> {
    for name in [&settings.topics.input, &settings.topics.alerts] {
        let of_topic = KafkaSettings {
            topic: name.clone(),
            ..client(settings)
        };
        let probe = Probe::new(&of_topic)?;
        let TopicState::Partitions(count) = probe.topic(name, ANSWER) else {
            continue;
        };
        for partition in 0..i32::try_from(count).unwrap_or(i32::MAX) {
            let (begin, end) = probe.ends(partition, ANSWER).map_err(RunError::Temporary)?;
            if begin < end {
                return Err(RunError::Config(format!(
                    "the topic `{name}` holds records already; the demo wants an empty one"
                )));
            }
        }
    }
    Ok(())
}

impl Feed {
    /// Opens the log's directory, or makes the topics.
    pub(super) fn open(place: &Place, settings: &Settings) -> anyhow::Result<Self> {
        if place.kafka.is_none() {
            let writer = SegmentWriter::open(&place.log, PARTITIONS)
                .with_context(|| format!("cannot write to {}", place.log.display()))?;
            return Ok(Self::Log(writer));
        }
        let wanted = Wanted {
            partitions: PARTITIONS.cast_signed(),
            ..Wanted::default()
        };
        topics::apply(settings, &wanted, false, &mut std::io::sink())?;
        refuse_used_topics(settings)?;
        let feeder = Feeder::new(&client(settings))?;
        Ok(Self::Topic {
            feeder,
            topic: settings.topics.input.clone(),
        })
    }

    /// Appends event number `number`; `line` is scratch space.
    pub(super) fn append(
        &mut self,
        event: &Event,
        number: u64,
        line: &mut Vec<u8>,
    ) -> anyhow::Result<()> {
        line.clear();
        event.write_json(number, line);
        let customer = event.customer_id();
        match self {
            Self::Log(writer) => {
                writer
                    .append(customer.as_bytes(), Some(line))
                    .context("cannot write to the log")?;
            }
            Self::Topic { feeder, topic } => {
                // Not the event's own time alone: a topic forgets what is dated too long ago.
                let now = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default();
                let now_ms = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
                let outgoing = Outgoing {
                    key: Some(customer.as_bytes()),
                    value: Some(line),
                    timestamp: Some(event.arrival().max(now_ms)),
                    ..Outgoing::default()
                };
                feeder.send(topic, outgoing)?;
            }
        }
        Ok(())
    }

    /// Lets the reader see what was appended.
    pub(super) fn flush(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Log(writer) => writer.flush().context("cannot write to the log"),
            // Sent in the background, some milliseconds after it was queued.
            Self::Topic { .. } => Ok(()),
        }
    }

    /// Waits until everything is in.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        self.flush()?;
        match self {
            Self::Log(_) => Ok(()),
            Self::Topic { feeder, .. } => Ok(feeder.finish()?),
        }
    }
}
