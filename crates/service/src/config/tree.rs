//! Raw values with their places: one TOML file laid flat into dotted keys, each with its line.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::fault::Fault;
use super::keys;

/// Where a value came from; also the order of faults.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    Default,
    File { path: PathBuf, line: usize },
    Env(String),
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Env(name) => write!(f, "environment {name}"),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// A value and its place.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) value: toml::Value,
    pub(super) origin: Origin,
}

/// Dotted key to entry. `kafka.properties.*` is flat too; `events.mapping` is one table.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    pub(super) entries: BTreeMap<String, Entry>,
    /// Where each key below `events.mapping` stands.
    pub(super) inner: BTreeMap<String, Origin>,
    /// Directory of the file; relative paths start here.
    pub(super) base: PathBuf,
}

impl Tree {
    pub(super) fn set(&mut self, key: &str, value: toml::Value, origin: Origin) {
        self.entries.insert(key.to_owned(), Entry { value, origin });
    }

    pub(super) fn set_default(&mut self, key: &str, value: toml::Value) {
        self.set(key, value, Origin::Default);
    }
}

/// Lays the TOML of `path` over `tree`; syntax faults and unknown keys are reported and skipped.
pub(super) fn read_file(path: &Path, text: &str, tree: &mut Tree, faults: &mut Vec<Fault>) {
    let (document, errors) = DeTable::parse_recoverable(text);
    let place = Place { path, text };
    for error in errors {
        let line = error.span().map_or(1, |span| place.line(span.start));
        faults.push(place.fault(line, "", error.message().to_owned()));
    }
    place.walk("", document.get_ref(), tree, faults);
}

struct Place<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Place<'_> {
    fn line(&self, offset: usize) -> usize {
        let end = offset.min(self.text.len());
        1 + self.text.as_bytes()[..end]
            .iter()
            .filter(|b| **b == b'\n')
            .count()
    }

    fn origin(&self, line: usize) -> Origin {
        Origin::File {
            path: self.path.to_owned(),
            line,
        }
    }

    fn fault(&self, line: usize, key: &str, message: String) -> Fault {
        Fault {
            origin: self.origin(line),
            key: key.to_owned(),
            message,
        }
    }

    fn walk(&self, prefix: &str, table: &DeTable<'_>, tree: &mut Tree, faults: &mut Vec<Fault>) {
        for (name, value) in table {
            let key = join(prefix, name.get_ref());
            let line = self.line(name.span().start);
            match value.get_ref() {
                DeValue::Table(inner) if key != "events.mapping" && self.is_open(&key) => {
                    self.walk(&key, inner, tree, faults);
                }
                DeValue::Table(_) if keys::find(&key).is_some() => {
                    faults.push(self.fault(line, &key, "is one value, not a table".to_owned()));
                }
                other if key == "events.mapping" || is_known(&key) => {
                    self.note_inner(&key, other, tree);
                    match plain(other) {
                        Ok(value) => tree.set(&key, value, self.origin(line)),
                        Err(message) => faults.push(self.fault(line, &key, message)),
                    }
                }
                _ if prefix.is_empty() && holdfast_playbook::TABLES.contains(&key.as_str()) => {
                    let message = "is of the rule table, see playbook.rules".to_owned();
                    faults.push(self.fault(line, &key, message));
                }
                DeValue::Table(inner) if keys::nearest(&key).is_none() && !inner.is_empty() => {
                    // An unknown table: name each of its keys, one of them may have a right home.
                    self.walk(&key, inner, tree, faults);
                }
                _ if keys::is_table(&key) => {
                    faults.push(self.fault(
                        line,
                        &key,
                        "is a table of settings, not one value".to_owned(),
                    ));
                }
                _ => faults.push(self.fault(line, &key, unknown(&key))),
            }
        }
    }

    /// Remembers the places inside a table that is kept whole; quoted where a name may have dots.
    fn note_inner(&self, prefix: &str, value: &DeValue<'_>, tree: &mut Tree) {
        let Some(table) = value.as_table() else {
            return;
        };
        for (name, value) in table {
            let origin = self.origin(self.line(name.span().start));
            let key = join(prefix, name.get_ref());
            tree.inner
                .insert(format!("{prefix}.{:?}", name.get_ref()), origin.clone());
            tree.inner.insert(key.clone(), origin);
            self.note_inner(&key, value.get_ref(), tree);
        }
    }

    fn is_open(&self, key: &str) -> bool {
        keys::is_table(key) || keys::free_table(key).is_some()
    }
}

fn is_known(key: &str) -> bool {
    keys::find(key).is_some() || keys::free_table(key).is_some()
}

pub(super) fn unknown(key: &str) -> String {
    keys::nearest(key).map_or_else(
        || "unknown key".to_owned(),
        |near| format!("unknown key; did you mean `{near}`?"),
    )
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() {
        name.to_owned()
    } else {
        format!("{prefix}.{name}")
    }
}

/// A parsed value without its spans.
fn plain(value: &DeValue<'_>) -> Result<toml::Value, String> {
    Ok(match value {
        DeValue::String(s) => toml::Value::String(s.to_string()),
        DeValue::Integer(i) => i64::from_str_radix(i.as_str(), i.radix())
            .map(toml::Value::Integer)
            .map_err(|_| format!("`{i}` does not fit 64 bits"))?,
        DeValue::Float(x) => x
            .as_str()
            .parse()
            .map(toml::Value::Float)
            .map_err(|_| format!("`{x}` is not a number"))?,
        DeValue::Boolean(b) => toml::Value::Boolean(*b),
        DeValue::Datetime(d) => toml::Value::Datetime(*d),
        DeValue::Array(items) => toml::Value::Array(
            items
                .iter()
                .map(|v| plain(v.get_ref()))
                .collect::<Result<_, _>>()?,
        ),
        DeValue::Table(inner) => {
            let mut table = toml::Table::new();
            for (name, value) in inner {
                table.insert(name.get_ref().to_string(), plain(value.get_ref())?);
            }
            toml::Value::Table(table)
        }
    })
}
