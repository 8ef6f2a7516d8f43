//! The effective configuration for people: every key, its value, and who said so. Secrets are not shown.

use std::fmt::Write as _;

use holdfast_model::Model;

use super::keys;
use super::{Loaded, Origin, properties};

impl Loaded {
    /// Who said what `key` is.
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.tree.entries.get(key).map(|entry| &entry.origin)
    }

    /// One line per key: `key = value  # origin`; of the model, where it sets what nobody else did.
    pub fn show(&self, model: Option<&Model>) -> String {
        let of_model = model.map(|model| (self.settings.from_model(model), model.id()));
        let taken = |name: &str| {
            let (values, id) = of_model.as_ref()?;
            let (_, value) = values.iter().find(|(key, _)| *key == name)?;
            Some((value.to_string(), format!("model {id}")))
        };
        let mut rows: Vec<(&str, String, String)> = Vec::new();
        let unset = |name| !self.tree.entries.contains_key(name);
        for key in keys::all().filter(|k| unset(k.name)) {
            rows.push((key.name, "(not set)".to_owned(), key.about.to_owned()));
        }
        for (name, entry) in &self.tree.entries {
            let value = if properties::is_secret(name) {
                "(secret)".to_owned()
            } else {
                entry.value.to_string()
            };
            let (value, origin) = taken(name).unwrap_or((value, entry.origin.to_string()));
            rows.push((name, value, origin));
        }
        rows.sort_by_key(|(name, ..)| {
            keys::all()
                .position(|k| k.name == *name)
                .unwrap_or(usize::MAX)
        });
        let width =
            |of: fn(&(&str, String, String)) -> usize| rows.iter().map(of).max().unwrap_or(0);
        let (left, middle) = (width(|r| r.0.len()), width(|r| r.1.chars().count()).min(48));
        let mut out = String::new();
        for (name, value, origin) in rows {
            // Writing to a String cannot fail.
            writeln!(out, "{name:<left$} = {value:<middle$}  # {origin}").ok();
        }
        out
    }
}
