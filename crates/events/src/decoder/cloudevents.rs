//! CloudEvents 1.0 over Kafka, binary and structured.
//!
//! | canonical | attribute |
//! | --- | --- |
//! | `event_id` | `source` + "/" + `id`, the identity that the specification gives |
//! | `customer_id` | `customer_id` of the data, else `subject` (which may name something else) |
//! | `type` | `type` if the vocabulary (or the mapping) knows it, else its last segment: `com.example.shop.purchase` is a purchase |
//! | `ts` | `time`, RFC 3339, else `ts` of the data |
//!
//! Everything else is read from the data as from a canonical value, through the mapping if there is
//! one. A null value under `ce_` headers is an event without data, not a tombstone.

use std::borrow::Cow;

use super::parts::{Part, Parts};
use super::{Object, malformed};
use crate::json;
use crate::kind::EventType;
use crate::mapping::{self, Mapping};
use crate::outcome::{RejectReason, Rejection};
use crate::record::Record;

const STRUCTURED: &str = "application/cloudevents+json";
const FAMILY: &str = "application/cloudevents";

/// The attributes of one CloudEvent and its data.
pub(super) struct CloudEvent<'a> {
    id: Option<Cow<'a, str>>,
    source: Option<Cow<'a, str>>,
    kind: Option<Cow<'a, str>>,
    time: Option<Cow<'a, str>>,
    subject: Option<Cow<'a, str>>,
    pub(super) data: Object<'a>,
}

/// Whether the headers carry the attributes.
pub(super) fn is_binary(record: &Record<'_>) -> bool {
    record.header("ce_id").is_some() || record.header("ce_specversion").is_some()
}

/// Whether the headers say that the value is an envelope; other CloudEvents formats are refused.
pub(super) fn is_structured(record: &Record<'_>) -> Result<bool, Rejection> {
    let Some(Ok(content)) = record.header("content-type").map(std::str::from_utf8) else {
        return Ok(false);
    };
    let media = content
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if media.starts_with(FAMILY) && media != STRUCTURED {
        let detail = format!("content-type is a CloudEvents format other than {STRUCTURED}");
        return Err(Rejection::new(RejectReason::Malformed, detail));
    }
    Ok(media == STRUCTURED)
}

pub(super) fn binary<'a>(record: &Record<'a>) -> Result<CloudEvent<'a>, Rejection> {
    let attribute = |name: &str| match record.header(name).map(std::str::from_utf8) {
        None => Ok(None),
        Some(Ok(text)) => Ok(Some(Cow::Borrowed(text))),
        Some(Err(_)) => {
            let detail = format!("header {name} is not UTF-8");
            Err(Rejection::new(RejectReason::Malformed, detail))
        }
    };
    Ok(CloudEvent {
        id: attribute("ce_id")?,
        source: attribute("ce_source")?,
        kind: attribute("ce_type")?,
        time: attribute("ce_time")?,
        subject: attribute("ce_subject")?,
        data: match record.value {
            None | Some([]) => Object::empty(),
            Some(value) => Object::read(value)?,
        },
    })
}

pub(super) fn structured(text: &str) -> Result<CloudEvent<'_>, Rejection> {
    const NAMES: [&str; 7] = [
        "id",
        "source",
        "type",
        "time",
        "subject",
        "data",
        "data_base64",
    ];
    let [id, source, kind, time, subject, data, base64] =
        json::members(text, &NAMES).map_err(|broken| malformed(&broken))?;
    if base64.is_some() {
        let detail = "data_base64 is not read: send the data as JSON";
        return Err(Rejection::new(RejectReason::Malformed, detail));
    }
    let attribute = |name: &str, raw: Option<&'_ str>, reason| match raw.map(json::text) {
        Some(None) => Err(Rejection::new(
            reason,
            format!("{name} is not a sound string"),
        )),
        _ => Ok(()),
    };
    attribute("id", id, RejectReason::InvalidId)?;
    attribute("source", source, RejectReason::InvalidId)?;
    attribute("subject", subject, RejectReason::InvalidId)?;
    attribute("type", kind, RejectReason::Malformed)?;
    attribute("time", time, RejectReason::InvalidTimestamp)?;
    Ok(CloudEvent {
        id: id.and_then(json::text),
        source: source.and_then(json::text),
        kind: kind.and_then(json::text),
        time: time.and_then(json::text),
        subject: subject.and_then(json::text),
        data: match data {
            None => Object::empty(),
            Some(data) => Object::read(data.as_bytes())?,
        },
    })
}

impl<'a> CloudEvent<'a> {
    /// The event's parts: the attributes laid over those of the data.
    pub(super) fn over(
        self,
        data: Parts<'a>,
        mapping: Option<&Mapping>,
    ) -> Result<Parts<'a>, Rejection> {
        let missing = |name: &str| Rejection::missing(&format!("CloudEvents attribute {name}"));
        let id = self.id.ok_or_else(|| missing("id (event_id)"))?;
        let source = self.source.ok_or_else(|| missing("source (event_id)"))?;
        let kind = self.kind.ok_or_else(|| missing("type"))?;
        if id.is_empty() || source.is_empty() {
            let detail = "a CloudEvents id or source is empty";
            return Err(Rejection::new(RejectReason::InvalidId, detail));
        }
        let subject = self.subject.map_or(Part::Missing, Part::Text);
        let time = self
            .time
            .map_or(Part::Missing, |time| mapping::rfc3339(&time));
        Ok(Parts {
            event_id: Part::Text(Cow::Owned(format!("{source}/{id}"))),
            customer_id: data.customer_id.or(subject),
            kind: Part::Text(last_segment(kind, mapping)),
            ts: time.or(data.ts),
            ..data
        })
    }
}

/// The type as it stands if it means something, else what stands behind its last dot.
fn last_segment<'a>(kind: Cow<'a, str>, mapping: Option<&Mapping>) -> Cow<'a, str> {
    let known = mapping.and_then(|mapping| mapping.type_value(&kind));
    if let Some(known) = known {
        return Cow::Owned(known.to_owned());
    }
    if EventType::from_name(&kind).is_some() {
        return kind;
    }
    match kind.rfind('.') {
        None => kind,
        Some(dot) => {
            let segment = &kind[dot + 1..];
            let known = mapping.and_then(|mapping| mapping.type_value(segment));
            Cow::Owned(known.unwrap_or(segment).to_owned())
        }
    }
}
