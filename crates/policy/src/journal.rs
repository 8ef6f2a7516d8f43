//! The journal: what state depends on and the input does not say.
//!
//! State is a function of the input and of this. Decisions are facts here: whoever rebuilds state takes them from the
//! journal, and so comes to what subscribers were told, whatever model it has. Beside them stand the instants to which
//! wall time or an end of input moved silence, and which model and policy decided from where on.
//!
//! A [`Pack`] is one record of the journal: everything of one partition and one transaction, as compact JSON:
//!
//! ```json
//! {"v":1,"partition":2,"offset":1042,"first":17,"entries":[{"at":1040,"tick":{"to":1767225600000}}]}
//! ```

use serde::{Deserialize, Serialize};

use crate::alert::{Kind, alert_id};
use crate::episode::{Open, Record};

/// Version of the layout.
const VERSION: u32 = 1;

/// All entries of one partition in one transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Pack {
    /// Of the input, and of the journal.
    pub partition: i32,
    /// Offset of the first input record that is not part of the transaction.
    pub offset: i64,
    /// Number of the first entry, counted from 0 over the partition's whole life: a hole is seen by it.
    pub first: u64,
    /// In the order in which they happened.
    pub entries: Vec<Entry>,
}

/// Something that happened after the input record before offset `at`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Offset behind the last record that had been worked on.
    pub at: i64,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What happened. Instants are ms UTC, hashes lower-case hex.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A customer was decided on.
    Decision(Fact),
    /// Wall time fired deadlines up to and with this instant.
    Tick {
        /// The instant.
        to: i64,
    },
    /// The input ended: the clock moved there, and deadlines up to and with it fired.
    EndOfInput {
        /// The instant.
        until: i64,
    },
    /// A model and a policy decide from here on.
    Activated {
        /// Name of the model.
        model_id: String,
        /// Its hash.
        model_sha256: String,
        /// Hash of the settings that decide beside the model.
        config_hash: String,
        /// The partition's clock; `i64::MIN` before the first event.
        clock: i64,
        /// What is told beside alerts follows these terms; none where nothing is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lifecycle: Option<Box<holdfast_lifecycle::Settings>>,
    },
    /// A snapshot of the state at `offset` was published.
    Snapshot {
        /// Name in the snapshot store.
        name: String,
        /// Input offset of its state.
        offset: i64,
        /// Of the file.
        sha256: String,
    },
}

/// A decision, and all that is remembered of the customer after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// Whom it is about.
    pub customer: String,
    /// The kind of the alert; `left` for a hard churn without an open episode, which sends none.
    pub kind: FactKind,
    /// The instant decided on, ms UTC.
    pub as_of: i64,
    #[serde(flatten)]
    pub(crate) after: Remembered,
}

impl Fact {
    /// Id of the alert that tells it; none where none does.
    #[must_use]
    pub fn alert_id(&self, tenant: &str) -> Option<String> {
        let kind = match self.kind {
            FactKind::Opened => Kind::Opened,
            FactKind::Escalated => Kind::Escalated,
            FactKind::Recovered => Kind::Recovered,
            FactKind::Lapsed => Kind::Lapsed,
            FactKind::Churned => Kind::Churned,
            FactKind::Left => return None,
        };
        let number = self.after.number;
        Some(alert_id(tenant, &self.customer, number, kind, self.as_of))
    }

    /// Whether the episode that is open after it is a silent one, of which nothing is sent; none if none is open.
    #[must_use]
    pub fn is_silent(&self) -> Option<bool> {
        self.after.open.as_ref().map(|open| open.silent)
    }
}

/// What a fact is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// As the alert.
    Opened,
    /// As the alert.
    Escalated,
    /// As the alert.
    Recovered,
    /// As the alert.
    Lapsed,
    /// As the alert.
    Churned,
    /// The customer has left, and no episode was open.
    Left,
}

/// A decision record as JSON; what was never is left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Remembered {
    number: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    open: Option<RememberedOpen>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closed_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quiet_since: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen_at: Option<i64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    gone: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct RememberedOpen {
    at: i64,
    level: u8,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    silent: bool,
}

fn ever(at: i64) -> Option<i64> {
    (at != i64::MIN).then_some(at)
}

impl From<&Record> for Remembered {
    fn from(record: &Record) -> Self {
        Self {
            number: record.number,
            open: record.open.map(|open| RememberedOpen {
                at: open.at,
                level: open.level,
                silent: open.silent,
            }),
            closed_at: ever(record.closed_at),
            quiet_since: ever(record.quiet_since),
            seen_at: ever(record.seen_at),
            gone: record.gone,
            probability: (!record.probability.is_nan()).then_some(record.probability),
        }
    }
}

impl From<&Remembered> for Record {
    fn from(of: &Remembered) -> Self {
        Self {
            number: of.number,
            open: of.open.as_ref().map(|open| Open {
                at: open.at,
                level: open.level,
                silent: open.silent,
            }),
            closed_at: of.closed_at.unwrap_or(i64::MIN),
            quiet_since: of.quiet_since.unwrap_or(i64::MIN),
            seen_at: of.seen_at.unwrap_or(i64::MIN),
            gone: of.gone,
            probability: of.probability.unwrap_or(f64::NAN),
        }
    }
}

/// Bytes that are no pack of this version.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// Not the JSON of a pack, or an entry of a kind that this version does not know.
    #[error("{0}")]
    Malformed(#[from] serde_json::Error),
    /// Written by a later version.
    #[error("the pack has version {0}, this program reads {VERSION}")]
    Version(u32),
}

#[derive(Serialize)]
struct Written<'a> {
    v: u32,
    partition: i32,
    offset: i64,
    first: u64,
    entries: &'a [&'a serde_json::value::RawValue],
}

#[derive(Deserialize)]
struct Read {
    partition: i32,
    offset: i64,
    first: u64,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Versioned {
    v: u32,
}

impl Pack {
    /// The pack as one record, or as several that follow each other if it is longer than `max_bytes`. A single entry
    /// is never cut.
    #[must_use]
    pub fn to_records(&self, max_bytes: usize) -> Vec<Vec<u8>> {
        // Plain text fields, integers and finite floats: this cannot fail.
        let texts: Vec<Box<serde_json::value::RawValue>> = self
            .entries
            .iter()
            .filter_map(|entry| serde_json::value::to_raw_value(entry).ok())
            .collect();
        let mut records = Vec::new();
        let mut from = 0;
        while from < texts.len() {
            let mut bytes = 0;
            let fits = texts[from..].iter().take_while(|text| {
                bytes += text.get().len() + 1;
                bytes <= max_bytes
            });
            let to = from + fits.count().max(1);
            let entries: Vec<&serde_json::value::RawValue> =
                texts[from..to].iter().map(|text| &**text).collect();
            let written = Written {
                v: VERSION,
                partition: self.partition,
                offset: self.offset,
                first: self.first + from as u64,
                entries: &entries,
            };
            records.push(serde_json::to_vec(&written).unwrap_or_default());
            from = to;
        }
        records
    }

    /// Reads one record.
    ///
    /// # Errors
    /// [`PackError`] for bytes that are no pack of this version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PackError> {
        let Versioned { v } = serde_json::from_slice(bytes)?;
        if v != VERSION {
            return Err(PackError::Version(v));
        }
        let Read {
            partition,
            offset,
            first,
            entries,
        } = serde_json::from_slice(bytes)?;
        Ok(Self {
            partition,
            offset,
            first,
            entries,
        })
    }
}
