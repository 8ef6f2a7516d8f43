//! Reading a TOML text piece by piece, with the line of everything that is wrong in it.

use toml::de::{DeTable, DeValue};

use crate::fault::{Fault, Faults};

/// A text's faults as they are found.
pub(crate) struct Notes<'t> {
    text: &'t str,
    list: Vec<Fault>,
}

impl<'t> Notes<'t> {
    /// Parses `text`; what does not parse is noted, and the rest goes on.
    pub(crate) fn parse(text: &'t str) -> (DeTable<'t>, Self) {
        let (document, errors) = DeTable::parse_recoverable(text);
        let mut notes = Self {
            text,
            list: Vec::new(),
        };
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            notes.add(at, String::new(), error.message().to_owned());
        }
        (document.into_inner(), notes)
    }

    pub(crate) fn add(&mut self, at: usize, place: String, message: String) {
        let end = at.min(self.text.len());
        let breaks = self.text.as_bytes()[..end].iter();
        let line = 1 + breaks.filter(|byte| **byte == b'\n').count();
        self.list.push(Fault {
            line,
            place,
            message,
        });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Every fault in the order of the lines.
    pub(crate) fn into_faults(mut self, of: &'static str) -> Faults {
        self.list.sort_by_key(|fault| fault.line);
        Faults {
            of,
            list: self.list,
        }
    }
}

/// One table of the text.
pub(crate) struct Part<'d> {
    pub(crate) table: &'d DeTable<'d>,
    /// How faults name it; empty for the top.
    pub(crate) place: String,
    /// Where it begins in the text.
    pub(crate) at: usize,
}

impl<'d> Part<'d> {
    pub(crate) fn place_of(&self, key: &str) -> String {
        if self.place.is_empty() {
            key.to_owned()
        } else {
            format!("{}: {key}", self.place)
        }
    }

    /// Notes a fault of one key, or of the part where the key is missing.
    pub(crate) fn fault(&self, key: &str, message: impl Into<String>, notes: &mut Notes<'_>) {
        let at = self.value(key).map_or(self.at, |(at, _)| at);
        notes.add(at, self.place_of(key), message.into());
    }

    pub(crate) fn value(&self, key: &str) -> Option<(usize, &'d DeValue<'d>)> {
        let (name, value) = self.table.iter().find(|(name, _)| name.get_ref() == key)?;
        Some((name.span().start, value.get_ref()))
    }

    /// Notes every key that is not one of `known`.
    pub(crate) fn only(&self, known: &[&str], notes: &mut Notes<'_>) {
        for (name, _) in self.table {
            let key = name.get_ref();
            if !known.contains(&key.as_ref()) {
                let message = unknown("key", key, known.iter().copied());
                notes.add(name.span().start, self.place_of(key), message);
            }
        }
    }

    /// A text that is not empty.
    pub(crate) fn text(&self, key: &str, notes: &mut Notes<'_>) -> Option<String> {
        match self.value(key)?.1 {
            DeValue::String(text) if text.trim().is_empty() => {
                self.fault(key, "is empty", notes);
                None
            }
            DeValue::String(text) => Some(text.trim().to_owned()),
            other => {
                self.fault(key, wants("a text", other), notes);
                None
            }
        }
    }

    /// A text that has to be there.
    pub(crate) fn needed(&self, key: &str, notes: &mut Notes<'_>) -> Option<String> {
        if self.value(key).is_none() {
            self.fault(key, "is missing", notes);
            return None;
        }
        self.text(key, notes)
    }

    /// A number between two bounds, both included.
    pub(crate) fn number(
        &self,
        key: &str,
        (least, most): (f64, f64),
        notes: &mut Notes<'_>,
    ) -> Option<f64> {
        let (_, value) = self.value(key)?;
        let message = match number(value) {
            Some(x) if (least..=most).contains(&x) => return Some(x),
            Some(x) if most.is_finite() => format!("{x} is not between {least} and {most}"),
            Some(x) => format!("{x} is below {least}"),
            None => wants("a number", value),
        };
        self.fault(key, message, notes);
        None
    }

    /// Milliseconds of a span of time such as "7d".
    pub(crate) fn span_ms(&self, key: &str, notes: &mut Notes<'_>) -> Option<i64> {
        let text = self.text(key, notes)?;
        let ms = span_ms(&text);
        if ms.is_none() {
            let message =
                format!("`{text}` is not a span of time; write it like \"36h\", \"7d\" or \"2w\"");
            self.fault(key, message, notes);
        }
        ms
    }

    /// A table within this one.
    pub(crate) fn part(&self, key: &str, notes: &mut Notes<'_>) -> Option<Self> {
        match self.value(key)? {
            (at, DeValue::Table(table)) => Some(Part {
                table,
                place: self.place_of(key),
                at,
            }),
            (_, other) => {
                self.fault(key, wants("a table", other), notes);
                None
            }
        }
    }

    /// The tables of `[[key]]`, each called by its number until it has a name.
    pub(crate) fn parts(&self, key: &str, notes: &mut Notes<'_>) -> Vec<Self> {
        let Some((_, value)) = self.value(key) else {
            return Vec::new();
        };
        let DeValue::Array(items) = value else {
            self.fault(key, format!("is written as [[{key}]]"), notes);
            return Vec::new();
        };
        let mut parts = Vec::new();
        for (number, item) in (1..).zip(items.iter()) {
            match item.get_ref() {
                DeValue::Table(table) => parts.push(Part {
                    table,
                    place: format!("{key} {number}"),
                    at: item.span().start,
                }),
                _ => self.fault(key, format!("is written as [[{key}]]"), notes),
            }
        }
        parts
    }
}

/// A number, whole or not.
pub(crate) fn number(value: &DeValue<'_>) -> Option<f64> {
    let number = match value {
        #[expect(clippy::cast_precision_loss, reason = "settings are small numbers")]
        DeValue::Integer(i) => i64::from_str_radix(i.as_str(), i.radix()).ok()? as f64,
        DeValue::Float(x) => x.as_str().parse().ok()?,
        _ => return None,
    };
    Some(number).filter(|x: &f64| x.is_finite())
}

/// One text or a list of them; none where it is neither, or empty.
pub(crate) fn words<'v>(value: &'v DeValue<'_>) -> Option<Vec<&'v str>> {
    let words: Vec<&str> = match value {
        DeValue::String(text) => vec![text.as_ref()],
        DeValue::Array(items) => items
            .iter()
            .map(|item| item.get_ref().as_str())
            .collect::<Option<_>>()?,
        _ => return None,
    };
    (!words.is_empty()).then_some(words)
}

pub(crate) fn wants(what: &str, got: &DeValue<'_>) -> String {
    format!("wants {what}, not {} {}", article(got), got.type_str())
}

fn article(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::Integer(_) | DeValue::Array(_) => "an",
        _ => "a",
    }
}

/// That `name` is not known, and what it was probably meant to be.
pub(crate) fn unknown<'n>(
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'n str>,
) -> String {
    let scored = known
        .into_iter()
        .map(|near| (strsim::normalized_damerau_levenshtein(name, near), near));
    let best = scored
        .filter(|(score, _)| *score >= 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or_else(
        || format!("unknown {what} `{name}`"),
        |(_, near)| format!("unknown {what} `{name}`; did you mean `{near}`?"),
    )
}

fn span_ms(text: &str) -> Option<i64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let unit = match &text[digits..] {
        "w" => 7 * 86_400_000,
        "d" => 86_400_000,
        "h" => 3_600_000,
        "m" => 60_000,
        _ => return None,
    };
    let count: i64 = text[..digits].parse().ok()?;
    count.checked_mul(unit).filter(|ms| *ms > 0)
}

#[cfg(test)]
mod tests {
    use super::span_ms;

    #[test]
    fn spans_are_one_number_and_one_unit() {
        assert_eq!(span_ms("7d"), Some(604_800_000));
        assert_eq!(span_ms("36h"), Some(129_600_000));
        assert_eq!(span_ms("2w"), Some(1_209_600_000));
        for text in [
            "",
            "7",
            "d",
            "0d",
            "-1d",
            "7 d",
            "7days",
            "9223372036854775807w",
        ] {
            assert_eq!(span_ms(text), None, "{text:?}");
        }
    }
}
