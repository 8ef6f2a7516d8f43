//! Record to event: canonical JSON, CloudEvents, or foreign JSON by a mapping.
//!
//! | record | how it is read |
//! | --- | --- |
//! | no value, key given | erasure of the customer named by the key, at the record's timestamp |
//! | a JSON object with `event_id`, `customer_id`, `type` and `ts`, no mapping configured | canonical, whatever headers or envelope say |
//! | headers `ce_id` or `ce_specversion` | CloudEvents, binary: attributes in headers, data in the value |
//! | header `content-type: application/cloudevents+json`, or members `specversion` and `data` | CloudEvents, structured |
//! | anything else | one JSON object: the mapped fields where a mapping is configured, else the canonical ones |
//!
//! Every form ends in the same parts and the same checks, made in one order: key present, size, depth,
//! JSON, fields present, ids, key, type, time, money. The first that fails gives the reason. A usual
//! record takes a shorter way to the same event.

mod checks;
mod cloudevents;
mod parts;
mod usual;

use crate::details::Details;
use crate::json::{self, Broken};
use crate::outcome::{Outcome, RejectReason, Rejection};
use crate::record::Record;
use crate::settings::Settings;

pub(crate) use checks::whole_number;
pub(crate) use parts::{Part, Parts};

/// The longest value that is read, in bytes: 1 MiB.
pub const MAX_VALUE_BYTES: usize = 1 << 20;

/// Decodes records under checked [`Settings`]. Holds no state: one may serve every partition.
#[derive(Clone, Debug)]
pub struct Decoder {
    settings: Settings,
}

impl Decoder {
    /// A decoder under these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// The settings it decodes under.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What the record is: an event, an erasure, or rejected with its reason.
    ///
    /// Allocates nothing for a canonical record whose texts hold no escapes.
    #[must_use]
    pub fn decode<'a>(&self, record: &Record<'a>) -> Outcome<'a> {
        if let Some(event) = usual::event(record, &self.settings) {
            return Outcome::Event(event);
        }
        match self.outcome(record) {
            Ok(outcome) => outcome,
            Err(rejection) => Outcome::Rejected(rejection),
        }
    }

    /// The optional typed fields of the record, read by the same form and mapping as the event.
    /// None where no object can be read.
    #[must_use]
    pub fn details<'a>(&self, record: &Record<'a>) -> Option<Details<'a>> {
        let body = match self.form(record).ok()? {
            Form::Erasure => return None,
            Form::CloudEvent(event) => event.data.text,
            Form::Plain(object) => object.text,
        };
        let mut details = Details::of(body)?;
        if let Some(mapping) = &self.settings.mapping {
            mapping.fill(body, &mut details);
        }
        Some(details)
    }

    fn outcome<'a>(&self, record: &Record<'a>) -> Result<Outcome<'a>, Rejection> {
        let parts = match self.form(record)? {
            Form::Erasure => return checks::tombstone(record),
            Form::CloudEvent(event) => {
                let data = self.parts(&event.data)?;
                event.over(data, self.settings.mapping.as_ref())?
            }
            Form::Plain(object) => self.parts(&object)?,
        };
        checks::event(parts, record, &self.settings)
    }

    /// Which form the record has; presence of the key, size, depth and JSON are checked.
    fn form<'a>(&self, record: &Record<'a>) -> Result<Form<'a>, Rejection> {
        if self.settings.key_required && record.key.is_none() {
            return Err(Rejection::new(
                RejectReason::MissingKey,
                "the record has no key",
            ));
        }
        if let Some(object) = record.value.and_then(|value| self.whole(value)) {
            return Ok(Form::Plain(object));
        }
        if !record.headers.list().is_empty() {
            if cloudevents::is_binary(record) {
                return cloudevents::binary(record).map(Form::CloudEvent);
            }
            if cloudevents::is_structured(record)? {
                let object = Object::read(record.value.unwrap_or_default())?;
                return self.envelope(&object);
            }
        }
        let Some(value) = record.value else {
            return Ok(Form::Erasure);
        };
        let object = Object::read(value)?;
        if object.is_envelope() {
            return self.envelope(&object);
        }
        Ok(Form::Plain(object))
    }

    /// An object that is a whole canonical event. Who sends one says all there is to say: the headers of its record
    /// are not looked at (which costs more than to read it), nor the attributes of an envelope around it.
    fn whole<'a>(&self, value: &'a [u8]) -> Option<Object<'a>> {
        if self.settings.mapping.is_some() {
            return None;
        }
        let object = Object::read(value).ok()?;
        (object.is_whole() && !object.is_envelope()).then_some(object)
    }

    fn envelope<'a>(&self, object: &Object<'a>) -> Result<Form<'a>, Rejection> {
        match object.found[7].and_then(|data| self.whole(data.as_bytes())) {
            Some(data) => Ok(Form::Plain(data)),
            None => cloudevents::structured(object.text).map(Form::CloudEvent),
        }
    }

    /// The parts of an event in an object, by the mapping or by the canonical names.
    fn parts<'a>(&self, object: &Object<'a>) -> Result<Parts<'a>, Rejection> {
        let canonical = object.parts();
        match &self.settings.mapping {
            Some(mapping) => mapping.over(canonical).map_err(|broken| malformed(&broken)),
            None => Ok(canonical),
        }
    }
}

/// A record by its form.
enum Form<'a> {
    Erasure,
    CloudEvent(cloudevents::CloudEvent<'a>),
    Plain(Object<'a>),
}

/// The members that make a canonical event, then those by which an envelope is known.
const NAMES: [&str; 8] = [
    "event_id",
    "customer_id",
    "type",
    "ts",
    "amount",
    "currency",
    "specversion",
    "data",
];

fn place(name: &[u8]) -> usize {
    match name {
        b"event_id" => 0,
        b"customer_id" => 1,
        b"type" => 2,
        b"ts" => 3,
        b"amount" => 4,
        b"currency" => 5,
        b"specversion" => 6,
        b"data" => 7,
        _ => NAMES.len(),
    }
}

/// A sound JSON object with the raw text of its canonical members.
pub(crate) struct Object<'a> {
    pub(crate) text: &'a str,
    found: [Option<&'a str>; NAMES.len()],
}

impl<'a> Object<'a> {
    /// An object without members, for CloudEvents without data.
    fn empty() -> Self {
        Self {
            text: "{}",
            found: [None; NAMES.len()],
        }
    }

    fn read(value: &'a [u8]) -> Result<Self, Rejection> {
        if value.len() > MAX_VALUE_BYTES {
            let detail = format!(
                "value of {} bytes, the limit is {MAX_VALUE_BYTES}",
                value.len()
            );
            return Err(Rejection::new(RejectReason::TooLarge, detail));
        }
        match Self::scan(value) {
            Some(object) => Ok(object),
            None => Self::read_slowly(value),
        }
    }

    fn scan(value: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(value).ok()?;
        let members = json::scan::members(value, place)?.members;
        // slices of sound UTF-8 at quotes and brackets, so none is lost here
        let found = members.map(|raw| raw.and_then(|raw| std::str::from_utf8(raw).ok()));
        Some(Self { text, found })
    }

    /// What the scanner does not answer: escaped names, and everything that is wrong.
    #[cold]
    fn read_slowly(value: &'a [u8]) -> Result<Self, Rejection> {
        let malformed_as = |detail: &str| Rejection::new(RejectReason::Malformed, detail);
        if value.iter().all(u8::is_ascii_whitespace) {
            return Err(malformed_as("the value is empty"));
        }
        if json::is_too_deep(value) {
            let detail = format!("more than {} levels of nesting", json::MAX_DEPTH);
            return Err(Rejection::new(RejectReason::TooDeep, detail));
        }
        if value.starts_with(b"\xef\xbb\xbf") {
            return Err(malformed_as("starts with a byte order mark"));
        }
        let text = std::str::from_utf8(value)
            .map_err(|e| malformed_as(&format!("not UTF-8 at byte {}", e.valid_up_to())))?;
        match json::members(text, &NAMES) {
            Ok(found) => Ok(Self { text, found }),
            Err(Broken::Syntax(_)) if checks::amount_is_no_json_number(text) => {
                let detail = "amount is NaN or Infinity, which JSON does not have";
                Err(Rejection::new(RejectReason::InvalidAmount, detail))
            }
            Err(broken) => Err(malformed(&broken)),
        }
    }

    /// Whether nothing is missing that an event needs.
    fn is_whole(&self) -> bool {
        self.found[..4].iter().all(Option::is_some)
    }

    /// Whether it is a structured CloudEvent.
    fn is_envelope(&self) -> bool {
        self.found[6].is_some() && self.found[7].is_some()
    }

    fn parts(&self) -> Parts<'a> {
        let part = |place: usize| self.found[place].map_or(Part::Missing, Part::Json);
        Parts {
            event_id: part(0),
            customer_id: part(1),
            kind: part(2),
            ts: part(3),
            amount: part(4),
            currency: part(5),
            channel: Part::Missing,
            body: self.text,
        }
    }
}

fn malformed(broken: &Broken<'_>) -> Rejection {
    Rejection::new(RejectReason::Malformed, broken.to_string())
}
