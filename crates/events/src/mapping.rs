//! Foreign JSON to the canonical form, by a table in the configuration.
//!
//! ```toml
//! [events.mapping]
//! time = "rfc3339"            # how ts is written: ms (default), s, us, ns, rfc3339
//! amounts = "major"           # or "minor": the amount counts cents
//!
//! [events.mapping.fields]     # where it stands in the foreign record = what it is here
//! messageId = "event_id"
//! "userId, anonymousId" = "customer_id"      # the first that is there
//! event = "type"
//! timestamp = "ts"
//! "properties.revenue" = "amount"
//! "properties.products.0.sku" = "product_id" # a number is a place in a list
//!
//! [events.mapping.values.type]               # what the record says = what it means
//! "Order Completed" = "purchase"
//! "Product Viewed" = "page_view"
//!
//! [events.mapping.defaults]   # what is taken where the record says nothing
//! currency = "EUR"
//! ```
//!
//! A field that the table does not name, or whose paths are all absent from a record, is taken under
//! its canonical name and in its canonical form, so canonical records pass through a mapping. What
//! is found by a path may be written more loosely: ids as integers, amounts and times as text. A
//! default comes last. Values that `values` does not name stay as they are.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

use crate::currency::Currency;
use crate::decoder::{Part, Parts};
use crate::details::{self, Details};
use crate::json::{self, Broken};
use crate::kind::EventType;
use crate::settings::Fault;

mod time;

pub use time::TimeFormat;
pub(crate) use time::rfc3339;

/// The canonical fields that every event has, or that carry its money.
const CORE: [&str; 6] = [
    "event_id",
    "customer_id",
    "type",
    "ts",
    "amount",
    "currency",
];
/// Core fields that a constant may stand in for.
const MAY_DEFAULT: [&str; 2] = ["type", "currency"];

/// The `[events.mapping]` table as written. Unknown keys are refused.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How `ts` is written where it is found by a path.
    pub time: TimeFormat,
    /// What an `amount` found by a path counts.
    pub amounts: AmountUnit,
    /// Dotted path in the foreign record, or several in order with commas: canonical field.
    pub fields: BTreeMap<String, String>,
    /// Canonical field: foreign value: value taken instead.
    pub values: BTreeMap<String, BTreeMap<String, String>>,
    /// Canonical field: value taken where the record has none.
    pub defaults: BTreeMap<String, String>,
}

/// What a foreign amount counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AmountUnit {
    /// Euros, dollars: 19.90.
    #[default]
    Major,
    /// Cents: 1990.
    Minor,
}

/// A checked mapping.
#[derive(Clone, Debug)]
pub struct Mapping {
    time: TimeFormat,
    amounts: AmountUnit,
    /// Canonical field and the paths that are tried for it.
    sources: Vec<(String, Vec<Vec<String>>)>,
    values: BTreeMap<String, BTreeMap<String, String>>,
    defaults: BTreeMap<String, String>,
}

impl Config {
    /// The checked mapping.
    ///
    /// # Errors
    /// Every fault: fields that do not exist, one field mapped twice, empty paths, type values that
    /// are not in the vocabulary, defaults for fields that must come from the record.
    pub fn check(&self) -> Result<Mapping, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut sources: Vec<(String, Vec<Vec<String>>)> = Vec::new();
        for (paths, field) in &self.fields {
            let key = format!("events.mapping.fields.{paths:?}");
            check_field(&key, field, &mut faults);
            if sources.iter().any(|(known, _)| known == field) {
                let hint = "write its paths in one key, with commas";
                faults.push(Fault::new(&key, format!("{field} is mapped twice: {hint}")));
            }
            let paths: Vec<Vec<String>> = paths.split(',').map(steps).collect();
            if paths.iter().flatten().any(String::is_empty) {
                faults.push(Fault::new(&key, "a path has an empty step"));
            }
            sources.push((field.clone(), paths));
        }
        for (field, values) in &self.values {
            let key = format!("events.mapping.values.{field}");
            check_field(&key, field, &mut faults);
            for value in values.values() {
                check_value(&key, field, value, &mut faults);
            }
        }
        for (field, value) in &self.defaults {
            let key = format!("events.mapping.defaults.{field}");
            check_field(&key, field, &mut faults);
            if CORE.contains(&field.as_str()) && !MAY_DEFAULT.contains(&field.as_str()) {
                faults.push(Fault::new(
                    &key,
                    format!("{field} has to come from the record"),
                ));
            }
            check_value(&key, field, value, &mut faults);
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let (values, defaults) = (self.values.clone(), self.defaults.clone());
        Ok(Mapping {
            time: self.time,
            amounts: self.amounts,
            sources,
            values,
            defaults,
        })
    }
}

fn steps(path: &str) -> Vec<String> {
    path.trim()
        .split('.')
        .map(|step| step.trim().to_owned())
        .collect()
}

fn check_field(key: &str, field: &str, faults: &mut Vec<Fault>) {
    let known = || CORE.iter().chain(details::NAMES).copied();
    if known().any(|name| name == field) {
        return;
    }
    let similarity = |name: &&str| strsim::jaro_winkler(field, name);
    let nearest = known().max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
    let hint = nearest
        .map(|name| format!(", nearest is {name}"))
        .unwrap_or_default();
    faults.push(Fault::new(
        key,
        format!("{field:?} is no field of an event{hint}"),
    ));
}

fn check_value(key: &str, field: &str, value: &str, faults: &mut Vec<Fault>) {
    let message = match field {
        "type" if EventType::from_name(value).is_none() => {
            let nearest = EventType::nearest(value);
            format!("{value:?} is not in the vocabulary, nearest is {nearest}")
        }
        "currency" if Currency::parse(value).is_none() => format!("{value:?} is no currency"),
        _ => return,
    };
    faults.push(Fault::new(key, message));
}

impl Mapping {
    /// What the value table says a foreign type means.
    pub(crate) fn type_value(&self, name: &str) -> Option<&str> {
        self.values.get("type")?.get(name).map(String::as_str)
    }

    /// The mapped parts of an object laid over its canonical ones.
    pub(crate) fn over<'a>(&self, canonical: Parts<'a>) -> Result<Parts<'a>, Broken<'_>> {
        let body = canonical.body;
        let part = |field: &str, canonical: Part<'a>| -> Result<Part<'a>, Broken<'_>> {
            Ok(self
                .found(body, field)?
                .or(canonical)
                .or(self.default(field)))
        };
        Ok(Parts {
            event_id: part("event_id", canonical.event_id)?,
            customer_id: part("customer_id", canonical.customer_id)?,
            kind: part("type", canonical.kind)?,
            ts: part("ts", canonical.ts)?,
            amount: part("amount", canonical.amount)?,
            currency: part("currency", canonical.currency)?,
            channel: part("channel", canonical.channel)?,
            body,
        })
    }

    /// The optional fields that the table names, laid over those of the object.
    pub(crate) fn fill<'a>(&self, body: &'a str, details: &mut Details<'a>) {
        for field in self.sources.iter().map(|(field, _)| field.as_str()) {
            match self.found(body, field) {
                Ok(Part::Json(raw)) => details.set(field, raw),
                Ok(Part::Text(text)) => details.set_text(field, text),
                _ => {}
            }
        }
        for (field, value) in &self.defaults {
            details.set_default(field, value);
        }
    }

    fn default<'a>(&self, field: &str) -> Part<'a> {
        let value = self.defaults.get(field);
        value.map_or(Part::Missing, |value| Part::Text(Cow::Owned(value.clone())))
    }

    /// The first present value behind the field's paths, its value map applied.
    fn found<'a>(&self, body: &'a str, field: &str) -> Result<Part<'a>, Broken<'_>> {
        let Some((_, paths)) = self.sources.iter().find(|(known, _)| known == field) else {
            return Ok(Part::Missing);
        };
        for path in paths {
            if let Some(raw) = json::at_path(body, path)? {
                return Ok(self.read(field, raw));
            }
        }
        Ok(Part::Missing)
    }

    fn read<'a>(&self, field: &str, raw: &'a str) -> Part<'a> {
        let text = match raw.as_bytes().first() {
            Some(b'"') => json::text(raw),
            Some(b'{' | b'[') => None,
            _ => Some(Cow::Borrowed(raw)),
        };
        let Some(text) = text else {
            return Part::Json(raw);
        };
        if let Some(value) = self.values.get(field).and_then(|values| values.get(&*text)) {
            return Part::Text(Cow::Owned(value.clone()));
        }
        match field {
            "ts" => self.time.read(text),
            "amount" if self.amounts == AmountUnit::Minor => Part::Units(text),
            "amount" => Part::Text(text),
            "event_id" | "customer_id" | "type" if is_integer(raw) => Part::Text(text),
            _ => Part::Json(raw),
        }
    }
}

fn is_integer(raw: &str) -> bool {
    crate::decoder::whole_number(raw).is_some()
}

#[cfg(test)]
mod tests;
