//! Dead letters of a topic.

use std::time::Duration;

use holdfast_consumer::{OwnedRecord, read_topic};
use holdfast_events::RejectReason;
use holdfast_producer::letters::{ATTEMPT, ERROR_PREFIXES};
use holdfast_producer::{DeadLetter, Feeder, Outgoing};

use super::Found;
use crate::config::Settings;
use crate::run::{RunError, client};

/// How long the broker may be silent.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn read(
    settings: &Settings,
    take: &mut dyn FnMut(Found) -> bool,
) -> Result<(), RunError> {
    let topic = &settings.topics.dead_letters;
    read_topic(&client(settings), topic, PATIENCE, |record| {
        found(record).is_none_or(&mut *take)
    })?;
    Ok(())
}

/// Records that carry none of our headers are somebody else's.
pub(super) fn found(record: OwnedRecord) -> Option<Found> {
    let text = |name: &str| {
        let header = record.headers.iter().rev().find(|(n, _)| n == name)?;
        header
            .1
            .as_deref()
            .map(|value| String::from_utf8_lossy(value).into_owned())
    };
    let reason = RejectReason::from_name(&text("holdfast.error.reason")?)?;
    let letter = DeadLetter {
        partition: text("__streams.errors.partition")?.parse().ok()?,
        offset: text("__streams.errors.offset")?.parse().ok()?,
        line: None,
        value_sha256: text("holdfast.error.value_sha256"),
        timestamp: record.timestamp,
        reason,
        detail: text("__streams.errors.message").unwrap_or_default(),
        headers: Vec::new(),
        key: None,
        value: None,
    };
    let attempts = text(ATTEMPT).and_then(|n| n.parse().ok()).unwrap_or(0);
    let own = |name: &str| {
        name == ATTEMPT || ERROR_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    };
    let headers = record
        .headers
        .into_iter()
        .filter(|(name, _)| !own(name))
        .collect();
    Some(Found {
        letter: DeadLetter {
            headers,
            key: record.key,
            value: record.value,
            ..letter
        },
        attempts,
    })
}

pub(super) fn send(settings: &Settings, chosen: &[Found]) -> Result<(), RunError> {
    let feeder = Feeder::new(&client(settings))?;
    for Found { letter, attempts } in chosen {
        let mut headers = letter.headers.clone();
        headers.push((
            ATTEMPT.to_owned(),
            Some((attempts + 1).to_string().into_bytes()),
        ));
        let outgoing = Outgoing {
            key: letter.key.as_deref(),
            value: letter.value.as_deref(),
            timestamp: letter.timestamp,
            headers: &headers,
            // Its customer lives where its key belongs, wherever it came from.
            partition: None,
        };
        feeder.send(&settings.topics.input, outgoing)?;
    }
    feeder.finish()?;
    Ok(())
}
