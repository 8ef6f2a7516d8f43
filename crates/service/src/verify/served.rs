//! The alerts that are there, by their ids.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use holdfast_consumer::{OwnedRecord, each_of_partition};
use holdfast_producer::log::each_alert;
use serde::Deserialize;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::place::{Files, Place, Topics};
use crate::run::RunError;

/// How long the broker may be silent, and a transaction stay open.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where an alert is: partition and offset of the topic, or in a file partition 0 and the line, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct At {
    pub(super) partition: i32,
    pub(super) offset: i64,
}

/// An alert that is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct One {
    pub(super) at: At,
    /// Of key and value.
    pub(super) hash: u128,
    /// Place of the record that raised it, as its headers say.
    pub(super) input: Option<(i32, i64)>,
    /// False where it may belong to a later commit than those that are compared.
    pub(super) is_settled: bool,
    pub(super) is_met: bool,
}

/// All alerts of a topic or file.
#[derive(Debug, Default)]
pub(super) struct Served {
    pub(super) count: u64,
    pub(super) by_id: HashMap<u128, One>,
    /// Ids that were there before.
    pub(super) doubled: Vec<(u128, At)>,
    /// What has no id.
    pub(super) unreadable: Vec<At>,
    /// Oldest offset of each partition of the topic; a file has none.
    pub(super) begins: Vec<i64>,
}

/// What an alert is known by.
#[derive(Deserialize)]
struct Known<'a> {
    #[serde(borrow)]
    alert_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    customer_id: Option<Cow<'a, str>>,
    ts: Option<i64>,
}

/// The id in an alert's value. The workload's format has none, so it is made of customer and instant.
pub(super) fn id_of(value: &[u8]) -> Option<u128> {
    let known: Known<'_> = serde_json::from_slice(value).ok()?;
    match (known.alert_id, known.customer_id, known.ts) {
        (Some(id), _, _) => Some(number(&id)),
        (None, Some(customer), Some(ts)) => Some(number(&spec_id(&customer, ts))),
        _ => None,
    }
}

/// 32 hex digits as they are, anything else by its hash.
pub(super) fn number(alert_id: &str) -> u128 {
    let hex = Some(alert_id).filter(|id| id.len() == 32);
    hex.and_then(|id| u128::from_str_radix(id, 16).ok())
        .unwrap_or_else(|| xxh3_128(alert_id.as_bytes()))
}

/// Stands in for an id where alerts have none.
pub(super) fn spec_id(customer: &str, as_of: i64) -> String {
    format!(
        "{:032x}",
        xxh3_128(format!("{customer}@{as_of}").as_bytes())
    )
}

pub(super) fn hash_of(key: &[u8], value: &[u8]) -> u128 {
    let mut hash = Xxh3::new();
    hash.update(&(key.len() as u64).to_le_bytes());
    hash.update(key);
    hash.update(value);
    hash.digest128()
}

impl Served {
    /// Reads them all, up to what is there now; transactions under way are waited for.
    pub(super) fn read(place: &Place) -> Result<Self, RunError> {
        let mut served = Self::default();
        match place {
            Place::Kafka(topics) => served.read_topic(topics)?,
            Place::Log(files) => served.read_file(files)?,
        }
        Ok(served)
    }

    fn read_topic(&mut self, topics: &Topics) -> Result<(), RunError> {
        for (partition, settled) in (0..).zip(&topics.settled) {
            let place = (topics.alerts.as_str(), partition);
            let begin = each_of_partition(&topics.client, place, 0, PATIENCE, |record| {
                let at = At {
                    partition,
                    offset: record.offset,
                };
                let key = record.key.as_deref().unwrap_or_default();
                let value = record.value.as_deref().unwrap_or_default();
                let input = input_of(&record);
                self.add(at, (key, value), input, record.offset < *settled);
                true
            })?;
            self.begins.push(begin);
        }
        Ok(())
    }

    /// A file that is not as long as its manifest says is compared all the same: what is missing comes out.
    fn read_file(&mut self, files: &Files) -> Result<(), RunError> {
        let mut lines = Vec::new();
        each_alert(&files.dir, |number, end, line| {
            lines.push((number, end, id_of(line), hash_of(b"", line)));
        })?;
        let counts = files.kept.alert_bytes;
        // Where the manifest's length falls into a line, the file is not what was written.
        let is_whole = counts == 0 || lines.iter().any(|(_, end, ..)| *end == counts);
        for (offset, end, id, hash) in lines {
            let at = At {
                partition: 0,
                offset,
            };
            self.insert(at, id, (hash, None), !is_whole || end <= counts);
        }
        Ok(())
    }

    fn add(
        &mut self,
        at: At,
        (key, value): (&[u8], &[u8]),
        input: Option<(i32, i64)>,
        is_settled: bool,
    ) {
        self.insert(at, id_of(value), (hash_of(key, value), input), is_settled);
    }

    fn insert(
        &mut self,
        at: At,
        id: Option<u128>,
        (hash, input): (u128, Option<(i32, i64)>),
        is_settled: bool,
    ) {
        self.count += 1;
        let Some(id) = id else {
            self.unreadable.push(at);
            return;
        };
        if self.by_id.contains_key(&id) {
            self.doubled.push((id, at));
            return;
        }
        let one = One {
            at,
            hash,
            input,
            is_settled,
            is_met: false,
        };
        self.by_id.insert(id, one);
    }
}

pub(super) fn input_of(record: &OwnedRecord) -> Option<(i32, i64)> {
    let text = |name: &str| {
        let (_, value) = record.headers.iter().find(|(n, _)| n == name)?;
        std::str::from_utf8(value.as_deref()?).ok()
    };
    let partition = text("holdfast-input-partition")?.parse().ok()?;
    Some((partition, text("holdfast-input-offset")?.parse().ok()?))
}

/// Key, value and the headers' place of a few alerts.
pub(super) type Bytes = (Vec<u8>, Vec<u8>, Option<(i32, i64)>);

/// Reads a few alerts once more, whole.
pub(super) fn fetch(place: &Place, wanted: &[At]) -> Result<HashMap<At, Bytes>, RunError> {
    let mut found = HashMap::new();
    match place {
        Place::Log(files) => each_alert(&files.dir, |offset, _, line| {
            let at = At {
                partition: 0,
                offset,
            };
            if wanted.contains(&at) {
                found.insert(at, (Vec::new(), line.to_vec(), None));
            }
        })?,
        Place::Kafka(topics) => {
            for at in wanted {
                let place = (topics.alerts.as_str(), at.partition);
                each_of_partition(&topics.client, place, at.offset, PATIENCE, |record| {
                    let input = input_of(&record);
                    let key = record.key.unwrap_or_default();
                    found.insert(*at, (key, record.value.unwrap_or_default(), input));
                    false
                })?;
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_known_by_its_id_or_by_customer_and_instant() {
        let hex = "2a5f324da504843e91d72c95cabc64b5";
        let value = format!(r#"{{"alert_id":"{hex}","customer_id":"c1","as_of":5}}"#);
        assert_eq!(format!("{:032x}", id_of(value.as_bytes()).unwrap()), hex);
        let spec = id_of(br#"{"customer_id":"c1","ts":5,"p":0.8}"#).unwrap();
        assert_eq!(spec, number(&spec_id("c1", 5)));
        assert_ne!(spec, number(&spec_id("c1", 6)));
        assert_eq!(id_of(b"{\"customer_id\":\"c1\"}"), None);
        assert_eq!(id_of(b"not json"), None);
    }

    #[test]
    fn key_and_value_do_not_run_into_each_other() {
        assert_ne!(hash_of(b"a", b"bc"), hash_of(b"ab", b"c"));
    }

    #[test]
    fn the_same_id_a_second_time_is_doubled_and_none_is_unreadable() {
        let mut served = Served::default();
        let at = |offset| At {
            partition: 0,
            offset,
        };
        let value = br#"{"alert_id":"x"}"#;
        served.add(at(1), (b"k", value), None, true);
        served.add(at(2), (b"k", value), None, true);
        served.add(at(3), (b"k", b""), None, true);
        assert_eq!((served.count, served.by_id.len()), (3, 1));
        assert_eq!(served.doubled, [(number("x"), at(2))]);
        assert_eq!(served.unreadable, [at(3)]);
    }
}
