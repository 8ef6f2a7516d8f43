//! Alerts, dead letters and journal as Kafka records.

use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::BaseRecord;
use sha2::{Digest, Sha256};

use super::KafkaSinkSettings;
use crate::letters::{Origin, error_headers};
use crate::{DeadLetter, JournalRecord, OutAlert, OutRecord};

type Outgoing<'a> = BaseRecord<'a, [u8], [u8]>;

/// Where the alert came from stands in headers only: its value is the same for every number of partitions.
pub(super) fn of_alert<'a>(alert: &'a OutAlert, topic: &'a str) -> Outgoing<'a> {
    let mut headers = place(alert.input);
    if let Some(traceparent) = &alert.traceparent {
        headers = add(headers, "traceparent", Some(traceparent));
    }
    BaseRecord::to(topic)
        .key(&alert.key[..])
        .payload(&alert.value[..])
        .headers(headers)
}

/// As an alert's.
fn place(input: Option<(i32, i64)>) -> OwnedHeaders {
    let Some((partition, offset)) = input else {
        return OwnedHeaders::new();
    };
    let (partition, offset) = (partition.to_string(), offset.to_string());
    let headers = add(
        OwnedHeaders::new(),
        "holdfast-input-partition",
        Some(partition.as_bytes()),
    );
    add(headers, "holdfast-input-offset", Some(offset.as_bytes()))
}

/// A record of a stream, keyed by the customer as alerts are.
pub(super) fn of_record<'a>(record: &'a OutRecord, topic: &'a str) -> Outgoing<'a> {
    BaseRecord::to(topic)
        .key(&record.key[..])
        .payload(&record.value[..])
        .headers(place(record.input))
}

/// To the partition of the input, whatever the partitioner says.
pub(super) fn of_journal<'a>(record: &'a JournalRecord, topic: &'a str) -> Outgoing<'a> {
    BaseRecord::to(topic)
        .partition(record.partition)
        .payload(&record.value[..])
}

/// Kept of a value that is too large.
const KEPT_BYTES: usize = 64 << 10;

/// What is left of a dead letter whose topic does not take it whole.
pub(super) struct Cut(DeadLetter);

impl Cut {
    /// The first 64 KiB and the hash of a long value; headers that are longer in sum go, since we cannot know which
    /// of them matter.
    pub(super) fn of(letter: &DeadLetter) -> Self {
        let mut letter = letter.clone();
        if let Some(value) = letter
            .value
            .as_mut()
            .filter(|value| value.len() > KEPT_BYTES)
        {
            if letter.value_sha256.is_none() {
                let hash = Sha256::digest(&*value);
                letter.value_sha256 = Some(hash.iter().map(|b| format!("{b:02x}")).collect());
            }
            value.truncate(KEPT_BYTES);
        }
        let sizes = letter
            .headers
            .iter()
            .map(|(name, value)| name.len() + value.as_ref().map_or(0, Vec::len));
        if sizes.sum::<usize>() > KEPT_BYTES {
            letter.headers.clear();
        }
        Self(letter)
    }

    pub(super) fn letter(&self) -> &DeadLetter {
        &self.0
    }
}

/// Key, value, headers and timestamp as they came; the reason in more headers.
pub(super) fn of_letter<'a>(
    letter: &'a DeadLetter,
    settings: &'a KafkaSinkSettings,
) -> Outgoing<'a> {
    let origin = Origin {
        topic: &settings.client.topic,
        app: &settings.app,
        version: &settings.version,
    };
    let mut headers = OwnedHeaders::new();
    for (name, value) in &letter.headers {
        headers = add(headers, name, value.as_deref());
    }
    for (name, value) in error_headers(letter, origin) {
        headers = add(headers, name, Some(value.as_bytes()));
    }
    let mut record = BaseRecord::to(&settings.dead_letters).headers(headers);
    record.key = letter.key.as_deref();
    record.payload = letter.value.as_deref();
    record.timestamp = letter.timestamp;
    record
}

fn add(headers: OwnedHeaders, key: &str, value: Option<&[u8]>) -> OwnedHeaders {
    headers.insert(Header { key, value })
}
