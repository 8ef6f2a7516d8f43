//! Reading members of a JSON object as borrowed raw text, by serde_json.
//!
//! Two readers give the same answer: [`scan::members`], a flat scanner for the usual record, and
//! [`members`], which goes through serde_json and decides whenever the scanner does not answer. The
//! scanner exists because half of the time per event would otherwise be spent here; a differential
//! test holds it to serde_json's judgement.

pub(crate) mod scan;

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Levels of nesting that are accepted; the record's own object is the first.
pub(crate) const MAX_DEPTH: usize = 64;

/// Why a text is not the object that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Broken<'n> {
    /// Not JSON; serde_json's message, which quotes nothing of the text.
    Syntax(String),
    /// JSON, but no object.
    NotAnObject,
    /// One of the members that were asked for stands there twice.
    Twice(&'n str),
}

impl fmt::Display for Broken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(message) => f.write_str(message),
            Self::NotAnObject => f.write_str("not a JSON object"),
            Self::Twice(name) => write!(f, "{name} stands there twice"),
        }
    }
}

/// The raw values of the named members of an object; null counts as absent.
///
/// The whole text is checked, trailing data included; members of other names are skipped.
pub(crate) fn members<'a, 'n, const N: usize>(
    object: &'a str,
    names: &[&'n str; N],
) -> Result<[Option<&'a str>; N], Broken<'n>> {
    let mut json = serde_json::Deserializer::from_str(object);
    let mut twice = None;
    let visitor = Members {
        names,
        twice: &mut twice,
    };
    let found = json
        .deserialize_map(visitor)
        .and_then(|found| json.end().map(|()| found));
    match (found, twice) {
        (Ok(_), Some(name)) => Err(Broken::Twice(name)),
        (Ok(found), None) => Ok(found.map(|raw| raw.filter(|raw| *raw != "null"))),
        (Err(error), _) if error.is_data() => Err(Broken::NotAnObject),
        (Err(error), _) => Err(Broken::Syntax(error.to_string())),
    }
}

/// The member behind a path of names and array places; none where a step is absent.
pub(crate) fn at_path<'a, 'n>(
    object: &'a str,
    path: &'n [String],
) -> Result<Option<&'a str>, Broken<'n>> {
    let mut here = object;
    for step in path {
        let next = match (here.as_bytes().first(), step.parse::<usize>()) {
            (Some(b'{'), _) => members(here, &[step.as_str()])?[0],
            (Some(b'['), Ok(place)) => {
                let list: Vec<&RawValue> = serde_json::from_str(here).unwrap_or_default();
                list.get(place)
                    .map(|raw| raw.get())
                    .filter(|raw| *raw != "null")
            }
            _ => None,
        };
        let Some(next) = next else { return Ok(None) };
        here = next;
    }
    Ok(Some(here))
}

/// The text of a raw JSON string, borrowed unless it holds escapes.
/// None if it is no string or holds a lone surrogate.
pub(crate) fn text(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        return serde_json::from_str(raw).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inner))
}

/// Whether brackets outside strings nest deeper than [`MAX_DEPTH`], sound JSON or not.
///
/// Few records hold that many brackets at all, so the count alone settles most.
pub(crate) fn is_too_deep(value: &[u8]) -> bool {
    let opening = |b: &&u8| matches!(**b, b'{' | b'[');
    if value.len() <= MAX_DEPTH || value.iter().filter(opening).count() <= MAX_DEPTH {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in value {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

struct Members<'t, 'n, const N: usize> {
    names: &'t [&'n str; N],
    twice: &'t mut Option<&'n str>,
}

impl<'de, const N: usize> Visitor<'de> for Members<'_, '_, N> {
    type Value = [Option<&'de str>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = [None; N];
        while let Some(key) = map.next_key_seed(Name)? {
            match self.names.iter().position(|name| *name == key) {
                Some(at) => {
                    let raw: &'de RawValue = map.next_value()?;
                    if found[at].replace(raw.get()).is_some() {
                        *self.twice = Some(self.names[at]);
                    }
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

/// A member's name, borrowed unless it holds escapes.
pub(crate) struct Name;

impl<'de> serde::de::DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

#[cfg(test)]
mod tests;
