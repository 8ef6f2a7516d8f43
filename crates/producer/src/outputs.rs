//! What one commit carries: alerts, dead letters, records of streams, journal records and the input positions they stand for.

use std::fmt;

use holdfast_events::RejectReason;
use serde::{Deserialize, Serialize};

/// What the pipeline made of some records. Filled by the pipeline, emptied by a sink.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Outputs {
    pub alerts: Vec<OutAlert>,
    pub dead_letters: Vec<DeadLetter>,
    pub records: Vec<OutRecord>,
    pub journal: Vec<JournalRecord>,
}

/// What there is beside alerts and dead letters; each goes to a topic of its own, or to a file of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stream {
    /// Customers that changed their segment.
    Segments,
    /// Customers that lapsed, came back, left, or are due something.
    Lifecycle,
    /// Carts that were left.
    Carts,
    /// Every decision, those of the control group and the unsent ones included.
    Decisions,
    /// Figures of all customers by period.
    Kpis,
    /// Whom to write to, by day.
    Worklist,
    /// What each partition says of a period; nobody's but the one's who adds them up.
    Partials,
}

impl Stream {
    /// Every one, in the order of declaration.
    pub const ALL: [Self; 7] = [
        Self::Segments,
        Self::Lifecycle,
        Self::Carts,
        Self::Decisions,
        Self::Kpis,
        Self::Worklist,
        Self::Partials,
    ];

    /// Its word in files, metric labels and keys of the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Segments => "segments",
            Self::Lifecycle => "lifecycle",
            Self::Carts => "carts",
            Self::Decisions => "decisions",
            Self::Kpis => "kpis",
            Self::Worklist => "worklist",
            Self::Partials => "partials",
        }
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One record of a [`Stream`].
#[derive(Debug, Clone, PartialEq)]
pub struct OutRecord {
    pub stream: Stream,
    /// The customer id; of a period's figures the period's name.
    pub key: Vec<u8>,
    /// JSON.
    pub value: Vec<u8>,
    /// Partition and offset of the record that raised it; none when time did.
    pub input: Option<(i32, i64)>,
}

/// One alert as it goes out.
#[derive(Debug, Clone, PartialEq)]
pub struct OutAlert {
    /// The customer id.
    pub key: Vec<u8>,
    /// JSON.
    pub value: Vec<u8>,
    pub alert_id: String,
    /// Partition and offset of the record that raised it; none when silence or a timer did.
    pub input: Option<(i32, i64)>,
    /// W3C trace context of that record.
    pub traceparent: Option<Vec<u8>>,
}

/// A record that could not be used, as it came, with the reason.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetter {
    pub partition: i32,
    pub offset: i64,
    /// Line in the file, from 1; none for Kafka.
    pub line: Option<u64>,
    pub key: Option<Vec<u8>>,
    /// As it came; the first 64 KiB when it was too large.
    pub value: Option<Vec<u8>>,
    /// Hex SHA-256 of the whole value when `value` is cut.
    pub value_sha256: Option<String>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// Of the record, ms; none for a file's line.
    pub timestamp: Option<i64>,
    pub reason: RejectReason,
    pub detail: String,
}

/// How far one input partition has been worked through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    pub partition: i32,
    /// Offset of the first record that is not part of the commit.
    pub next_offset: i64,
    pub metadata: Metadata,
}

/// What a restart has to know beside the offset; travels in the offset commit, at most [`Metadata::MAX_BYTES`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Metadata {
    /// SHA-256 of the model the decisions were made with.
    #[serde(rename = "model")]
    pub model_sha256: String,
    /// Hash of the settings the decisions were made with.
    #[serde(rename = "config")]
    pub config_hash: String,
    /// Hash of the settings that turn records into state.
    #[serde(rename = "state")]
    pub state_hash: String,
    /// Entries of the partition's journal so far, this commit's included: a hole in the journal is seen by it.
    pub journal: u64,
    /// Partitions of the input: with another number, customers are in other partitions than their state. 0 is unknown.
    #[serde(default)]
    pub partitions: u32,
    /// Hash of the input up to the offset, see the snapshot's field of the same name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<u64>,
    /// Periods that ended by then, ms UTC, were told; of the topic of partials only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<i64>,
    /// Position in bytes of the input file; the embedded log only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub byte: Option<u64>,
}

/// What a restart has to know of one input partition and cannot learn from the input; see `holdfast_policy::journal`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRecord {
    /// The input partition, and that of the journal.
    pub partition: i32,
    pub value: Vec<u8>,
}

impl Outputs {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Records of all kinds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.alerts.len() + self.dead_letters.len() + self.records.len() + self.journal.len()
    }

    /// Takes over everything of `other`, in order.
    pub fn append(&mut self, other: &mut Self) {
        self.alerts.append(&mut other.alerts);
        self.dead_letters.append(&mut other.dead_letters);
        self.records.append(&mut other.records);
        self.journal.append(&mut other.journal);
    }

    pub fn clear(&mut self) {
        self.alerts.clear();
        self.dead_letters.clear();
        self.records.clear();
        self.journal.clear();
    }
}

impl Metadata {
    /// The broker refuses more (`offset.metadata.max.bytes`).
    pub const MAX_BYTES: usize = 4095;

    /// Compact JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Plain text fields and integers: this cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`to_json`](Self::to_json) wrote; none when it is something else.
    #[must_use]
    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_comes_back_as_it_went_and_fits_the_broker() {
        let hash = "f".repeat(64);
        let full = Metadata {
            model_sha256: hash.clone(),
            config_hash: hash.clone(),
            state_hash: hash,
            journal: u64::MAX,
            partitions: u32::MAX,
            input: Some(u64::MAX),
            byte: Some(u64::MAX),
            done: Some(i64::MAX),
        };
        for metadata in [full, Metadata::default()] {
            let text = metadata.to_json();
            assert!(text.len() <= Metadata::MAX_BYTES);
            assert_eq!(Metadata::from_json(&text), Some(metadata));
        }
        assert_eq!(Metadata::from_json(""), None);
    }
}
