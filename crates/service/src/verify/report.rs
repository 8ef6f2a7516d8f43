//! What a verification came to.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::place::Place;
use super::served::{At, Bytes, fetch};
use crate::run::RunError;

/// What came out, and what is there.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// Whether everything that was compared is equal.
    pub equal: bool,
    pub alerts: Alerts,
    pub facts: Facts,
    pub partitions: Vec<Stretch>,
    /// The first few of each kind.
    pub differences: Vec<Example>,
    /// What could not be compared whole, and why.
    pub not_checked: Vec<String>,
    pub seconds: f64,
    #[serde(skip)]
    pub(super) found: Vec<Difference>,
}

/// Alerts by what became of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Alerts {
    /// Records of the topic, or lines of the file.
    pub served: u64,
    /// Byte for byte: equal and different.
    pub compared: u64,
    pub equal: u64,
    pub different: u64,
    /// Found, but compared by their id only.
    pub by_id: u64,
    /// They come out and are not there.
    pub missing: u64,
    /// They are there and do not come out.
    pub unexpected: u64,
    /// They are there once more.
    pub doubled: u64,
    /// No alert at all.
    pub unreadable: u64,
    /// They come out, and the topic's retention has removed them.
    pub retired: u64,
    /// They belong to a later commit than the one that was compared, or to none yet.
    pub later: u64,
    /// They are there, and what may have raised them could not be recomputed.
    pub unknown: u64,
}

/// Decisions of the journal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Facts {
    pub compared: u64,
    pub different: u64,
}

/// A partition of the input.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Stretch {
    pub partition: i32,
    /// The first offset that was worked once more.
    pub from: i64,
    /// The committed offset.
    pub to: i64,
    /// The snapshot it began with; none for the log's start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<String>,
    pub records: u64,
    pub customers: u64,
    /// Alerts that should be there, those before `from` that the journal tells of included.
    pub alerts: u64,
    /// Decisions that were made once more.
    pub facts: u64,
    pub facts_different: u64,
    /// Offset at which decisions first came out otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_difference: Option<i64>,
    /// Decisions that were taken from the journal as they are.
    pub facts_only: u64,
    /// Times at which wall time fired deadlines.
    pub ticks: u64,
    /// The journal does not tell what was sent before `from`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub past_unknown: bool,
    /// Some keys belong to other partitions, as they do where records were written before `holdfast rescale`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub misplaced: bool,
    /// Why it could not be recomputed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_checked: Option<String>,
}

/// A difference, told without what it says of the customer unless that was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Example {
    pub what: String,
    pub alert_id: String,
    /// The alert topic or file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Of the alert topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<i64>,
    /// Of the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_partition: Option<i32>,
    /// Of the record that raised it; silence and timers have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_offset: Option<i64>,
    /// What differs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub computed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub served: Option<String>,
}

/// A difference as it was found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Difference {
    pub(super) what: &'static str,
    pub(super) id: u128,
    pub(super) at: Option<At>,
    pub(super) expected: Option<Bytes>,
    /// Input partition and offset; offset -1 is unknown.
    pub(super) input: Option<(i32, i64)>,
}

impl Difference {
    pub(super) fn new(what: &'static str, id: u128) -> Self {
        Self {
            what,
            id,
            at: None,
            expected: None,
            input: None,
        }
    }
}

impl Stretch {
    pub(super) fn unchecked(partition: i32, to: i64, why: String) -> Self {
        Self {
            partition,
            from: to,
            to,
            past_unknown: true,
            not_checked: Some(why),
            ..Self::default()
        }
    }
}

impl Report {
    pub(super) fn new(alerts: Alerts, found: Vec<Difference>, not_checked: Vec<String>) -> Self {
        Self {
            alerts,
            found,
            not_checked,
            ..Self::default()
        }
    }

    /// Alerts that are not as they should be, and facts.
    #[must_use]
    pub fn faults(&self) -> u64 {
        let Alerts {
            different,
            missing,
            unexpected,
            doubled,
            unreadable,
            ..
        } = self.alerts;
        different + missing + unexpected + doubled + unreadable + self.facts.different
    }
}

/// Sums up, and looks closer at the differences that are told of one by one.
pub(super) fn fill(report: &mut Report, place: &Place, show: bool) -> Result<(), RunError> {
    report.facts = Facts {
        compared: report.partitions.iter().map(|s| s.facts).sum(),
        different: report.partitions.iter().map(|s| s.facts_different).sum(),
    };
    report.equal = report.faults() == 0;
    let wanted: Vec<At> = report.found.iter().filter_map(|d| d.at).collect();
    let served = fetch(place, &wanted)?;
    let is_file = matches!(place, Place::Log(_));
    for difference in std::mem::take(&mut report.found) {
        let there = difference.at.and_then(|at| served.get(&at));
        let text = |bytes: &[u8]| show.then(|| String::from_utf8_lossy(bytes).into_owned());
        let (partition, offset) = match difference.input {
            Some((partition, offset)) => (Some(partition), Some(offset).filter(|o| *o >= 0)),
            None => (None, None),
        };
        report.differences.push(Example {
            what: difference.what.to_owned(),
            alert_id: if difference.what == "unreadable" {
                String::new()
            } else {
                format!("{:032x}", difference.id)
            },
            place: difference.at.map(|_| place.name()),
            partition: difference.at.filter(|_| !is_file).map(|at| at.partition),
            offset: difference.at.filter(|_| !is_file).map(|at| at.offset),
            line: difference.at.filter(|_| is_file).map(|at| at.offset),
            input_partition: partition,
            input_offset: offset,
            fields: match (&difference.expected, there) {
                (Some(expected), Some(there)) => fields(expected, there, is_file),
                _ => Vec::new(),
            },
            computed: difference.expected.as_ref().and_then(|e| text(&e.1)),
            served: there.and_then(|there| text(&there.1)),
        });
    }
    Ok(())
}

/// Names of what differs.
fn fields(expected: &Bytes, there: &Bytes, is_file: bool) -> Vec<String> {
    let mut names = BTreeSet::new();
    let read = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).ok();
    if let (Some(Value::Object(a)), Some(Value::Object(b))) = (read(&expected.1), read(&there.1)) {
        let all = a.keys().chain(b.keys());
        names.extend(all.filter(|name| a.get(*name) != b.get(*name)).cloned());
    }
    if !is_file && expected.0 != there.0 {
        names.insert("the record's key".to_owned());
    }
    if !is_file && expected.2 != there.2 {
        names.insert("the headers' input offset".to_owned());
    }
    if names.is_empty() {
        names.insert("only how it is written".to_owned());
    }
    names.into_iter().collect()
}
