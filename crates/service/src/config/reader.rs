//! Typed reading of a raw tree. A wrong value becomes a fault and a stand-in, so that reading goes on to the next one.

use std::path::PathBuf;

use toml::Value;

use super::duration::parse_duration;
use super::fault::Fault;
use super::tree::{Entry, Origin, Tree};

pub(super) struct Reader<'a> {
    tree: &'a Tree,
    pub(super) faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(tree: &'a Tree, faults: Vec<Fault>) -> Self {
        Self { tree, faults }
    }

    pub(super) fn entry(&self, key: &str) -> Option<&'a Entry> {
        self.tree.entries.get(key)
    }

    /// Whether the value was set by somebody rather than by default.
    pub(super) fn is_set(&self, key: &str) -> bool {
        self.entry(key).is_some_and(|e| e.origin != Origin::Default)
    }

    pub(super) fn fault(&mut self, key: &str, message: impl Into<String>) {
        let of_inner = || self.tree.inner.get(key).cloned();
        let of_entry = self.entry(key).map(|entry| entry.origin.clone());
        let origin = of_entry.or_else(of_inner).unwrap_or(Origin::Default);
        self.faults.push(Fault {
            origin,
            key: key.to_owned(),
            message: message.into(),
        });
    }

    /// Reads `key` by `convert`; an error is a fault of that key.
    fn read<T>(
        &mut self,
        key: &str,
        convert: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Option<T> {
        match convert(&self.entry(key)?.value) {
            Ok(value) => Some(value),
            Err(message) => {
                self.fault(key, message);
                None
            }
        }
    }

    /// A text that is not empty.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        self.read(key, |value| match value {
            Value::String(s) if s.trim().is_empty() => Err("is empty".to_owned()),
            Value::String(s) => Ok(s.trim().to_owned()),
            other => Err(wants("a text", other)),
        })
    }

    /// One of a closed set of words.
    pub(super) fn word<T: Copy>(&mut self, key: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        if let Some((_, value)) = words.iter().find(|(name, _)| *name == text) {
            return Some(*value);
        }
        let all = words
            .iter()
            .map(|(name, _)| format!("\"{name}\""))
            .collect::<Vec<_>>()
            .join(" or ");
        self.fault(key, format!("`{text}` is not {all}"));
        None
    }

    pub(super) fn duration(&mut self, key: &str) -> Option<i64> {
        self.read(key, |value| match value {
            Value::String(s) => parse_duration(s),
            other => Err(wants("a duration such as \"7d\" or \"30s\"", other)),
        })
    }

    pub(super) fn flag(&mut self, key: &str) -> Option<bool> {
        self.read(key, |value| match value {
            Value::Boolean(b) => Ok(*b),
            Value::String(s) if s == "true" => Ok(true),
            Value::String(s) if s == "false" => Ok(false),
            other => Err(wants("true or false", other)),
        })
    }

    pub(super) fn number(&mut self, key: &str) -> Option<f64> {
        self.read(key, as_number)
    }

    /// A whole number.
    pub(super) fn integer(&mut self, key: &str) -> Option<i64> {
        self.read(key, |value| match value {
            Value::Integer(i) => Ok(*i),
            Value::String(s) => s.trim().parse().map_err(|_| wants("a whole number", value)),
            other => Err(wants("a whole number", other)),
        })
    }

    pub(super) fn numbers(&mut self, key: &str) -> Option<Vec<f64>> {
        self.read(key, |value| match value {
            Value::Array(items) => items.iter().map(as_number).collect(),
            Value::String(s) => list(s)
                .map(|item| as_number(&Value::String(item.to_owned())))
                .collect(),
            other => Err(wants("a list of numbers", other)),
        })
    }

    pub(super) fn texts(&mut self, key: &str) -> Option<Vec<String>> {
        self.read(key, |value| match value {
            Value::Array(items) => items
                .iter()
                .map(|item| {
                    item.as_str()
                        .map(str::to_owned)
                        .ok_or_else(|| wants("a text", item))
                })
                .collect(),
            Value::String(s) => Ok(list(s).map(str::to_owned).collect()),
            other => Err(wants("a list of texts", other)),
        })
    }

    /// A path; relative ones start at the file's directory, those of flags at the working directory. `-` stays.
    pub(super) fn path(&mut self, key: &str) -> Option<PathBuf> {
        let text = self.text(key)?;
        Some(if text == "-" {
            PathBuf::from(text)
        } else {
            self.base(key).join(text)
        })
    }

    /// Where a relative path in `key` starts.
    pub(super) fn base(&self, key: &str) -> PathBuf {
        match self.entry(key).map(|entry| &entry.origin) {
            Some(Origin::Flag(_)) => PathBuf::new(),
            _ => self.tree.base.clone(),
        }
    }
}

/// Comma separated, with or without the brackets of TOML.
fn list(text: &str) -> impl Iterator<Item = &str> {
    let inner = text.trim().trim_start_matches('[').trim_end_matches(']');
    inner
        .split(',')
        .map(|item| item.trim().trim_matches('"'))
        .filter(|item| !item.is_empty())
}

fn as_number(value: &Value) -> Result<f64, String> {
    #[expect(clippy::cast_precision_loss, reason = "settings are small numbers")]
    let number = match value {
        Value::Float(x) => *x,
        Value::Integer(i) => *i as f64,
        Value::String(s) => s.trim().parse().map_err(|_| wants("a number", value))?,
        other => return Err(wants("a number", other)),
    };
    if number.is_finite() {
        Ok(number)
    } else {
        Err(format!("{number} is not a finite number"))
    }
}

pub(super) fn wants(what: &str, got: &Value) -> String {
    let shown = got.to_string();
    let shown = if shown.chars().count() > 60 {
        got.type_str().to_owned()
    } else {
        shown
    };
    format!("wants {what}, not {shown}")
}
