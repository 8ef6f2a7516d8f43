//! `holdfast rekey`: one customer, many ids. Every event of a file under the one id that its customer is known by.
//!
//! Kafka's keys decide which partition an event goes to, so two ids of one person may be in two partitions, and no process
//! that sees one of them can put them together. That is done upstream of the input: here for a file, by a stream job for
//! a topic (docs/identity.md).
//!
//! An `identify` event says that its `anonymous_id` is its customer, an `alias` event that its `previous_id` is. Whoever is
//! linked, by whatever chain, is one customer. The id is the least, by its bytes, of those that some link names as the
//! customer and none names as the other; of all of them where there is none. So the order of events changes nothing.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use holdfast_events::{Decoder, EventType, Outcome};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::config;
use crate::generate::Output;
use crate::records::each;
use crate::study::Source;

/// What to write where.
#[derive(Debug, Clone)]
pub struct Args {
    /// Events, one a line; may be `.gz`. Read twice, so not stdin.
    pub events: PathBuf,
    /// The same events, may be `.gz`, or `-` for stdout.
    pub out: PathBuf,
}

/// What became of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Lines, all of which are in the output, in their order.
    pub lines: u64,
    /// Lines that got another id.
    pub rewritten: u64,
    /// Events that say which ids are one customer.
    pub links: u64,
    /// Ids that became another one.
    pub merged: u64,
}

/// Which ids are one customer.
#[derive(Debug, Default)]
pub struct Links {
    places: BTreeMap<Box<str>, usize>,
    /// The id that an id was linked to; itself at the root.
    roots: Vec<usize>,
    /// Whether a link names it as the customer, and as the other.
    named: Vec<(bool, bool)>,
}

impl Links {
    fn place(&mut self, id: &str) -> usize {
        if let Some(place) = self.places.get(id) {
            return *place;
        }
        let place = self.roots.len();
        self.places.insert(id.into(), place);
        self.roots.push(place);
        self.named.push((false, false));
        place
    }

    fn root(&mut self, mut place: usize) -> usize {
        while self.roots[place] != place {
            self.roots[place] = self.roots[self.roots[place]];
            place = self.roots[place];
        }
        place
    }

    /// `other` is the customer `id`.
    pub fn link(&mut self, id: &str, other: &str) {
        let (id, other) = (self.place(id), self.place(other));
        if id == other {
            return;
        }
        self.named[id].0 = true;
        self.named[other].1 = true;
        let (id, other) = (self.root(id), self.root(other));
        self.roots[other] = id;
    }

    /// The id that each linked id's customer is known by.
    #[must_use]
    pub fn known(mut self) -> BTreeMap<Box<str>, Box<str>> {
        let places = std::mem::take(&mut self.places);
        let mut best: BTreeMap<usize, (bool, &str)> = BTreeMap::new();
        for (id, place) in &places {
            let (customer, other) = self.named[*place];
            // False comes before true: those that are a customer's only come first.
            let candidate = (!customer || other, &**id);
            let root = self.root(*place);
            let least = best.entry(root).or_insert(candidate);
            *least = (*least).min(candidate);
        }
        let ids = places.iter();
        ids.map(|(id, place)| (id.clone(), best[&self.root(*place)].1.into()))
            .collect()
    }
}

/// Where the customer's id may stand in a record: paths of keys.
fn paths(config: &config::Settings) -> Vec<Vec<String>> {
    let mapping = config.events.mapping.clone();
    let mapping =
        mapping.and_then(|table| table.try_into::<holdfast_events::mapping::Config>().ok());
    let fields = mapping.map(|mapping| mapping.fields).unwrap_or_default();
    let own = fields.iter().filter(|(_, name)| *name == "customer_id");
    let path = |path: &str| path.trim().split('.').map(str::to_owned).collect();
    let mut paths: Vec<Vec<String>> = own
        .flat_map(|(list, _)| list.split(',').map(path))
        .collect();
    // As it is without a mapping, in the data of a CloudEvent, and beside it.
    paths.push(vec!["customer_id".to_owned()]);
    paths.push(vec!["data".to_owned(), "customer_id".to_owned()]);
    paths.push(vec!["subject".to_owned()]);
    paths
}

/// The raw value at a path of keys and places in lists.
fn find<'a>(json: &'a RawValue, path: &[String]) -> Option<&'a RawValue> {
    let Some((first, rest)) = path.split_first() else {
        return Some(json);
    };
    let text = json.get();
    let next = match first.parse::<usize>() {
        Ok(at) if text.starts_with('[') => serde_json::from_str::<Vec<&RawValue>>(text)
            .ok()?
            .get(at)
            .copied()?,
        _ => {
            let mut fields: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
            fields.remove(first)?
        }
    };
    find(next, rest)
}

/// The record with another customer's id in the place of `id`; every other byte is as it was.
fn replaced(value: &[u8], paths: &[Vec<String>], id: &str, known: &str) -> Option<Vec<u8>> {
    let json: &RawValue = serde_json::from_slice(value).ok()?;
    let is_own = |raw: &&RawValue| {
        // A mapping takes whole numbers as ids.
        serde_json::from_str::<String>(raw.get()).map_or(raw.get() == id, |text| text == id)
    };
    let raw = paths
        .iter()
        .filter_map(|path| find(json, path))
        .find(is_own)?;
    let start = raw.get().as_ptr() as usize - value.as_ptr() as usize;
    let end = start + raw.get().len();
    let mut out = value[..start].to_vec();
    out.extend_from_slice(serde_json::to_string(known).ok()?.as_bytes());
    out.extend_from_slice(&value[end..]);
    Some(out)
}

fn links(path: &Path, decoder: &Decoder, summary: &mut Summary) -> anyhow::Result<Links> {
    let mut links = Links::default();
    each(path, |record| {
        let Outcome::Event(event) = decoder.decode(record) else {
            return Ok(());
        };
        if !matches!(event.kind, EventType::Identify | EventType::Alias) {
            return Ok(());
        }
        let details = decoder.details(record).unwrap_or_default();
        for other in [details.anonymous_id, details.previous_id]
            .into_iter()
            .flatten()
        {
            if !other.is_empty() && other != event.customer_id {
                links.link(&event.customer_id, &other);
                summary.links += 1;
            }
        }
        Ok(())
    })?;
    Ok(links)
}

/// Whether both are one file, by whatever name.
fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    one == other || real(one).is_some_and(|one| Some(one) == real(other))
}

/// Writes the events of a file under the ids that their customers are known by. A record that cannot be decoded stays as
/// it is: what is wrong with it is for the dead-letter topic to say.
///
/// # Errors
/// If a file cannot be read or written, or it is not known where a record has its customer's id.
pub fn rekey(args: &Args, config: &config::Settings) -> anyhow::Result<Summary> {
    if args.events == Path::new("-") {
        bail!("--events is read twice and cannot be stdin: write it to a file first");
    }
    if is_same(&args.events, &args.out) {
        bail!("--out is --events: it would be overwritten while it is read");
    }
    let source = Source::new(args.events.clone(), config, Some("ignore"))?;
    let decoder = Decoder::new(source.decoding);
    let mut summary = Summary::default();
    let known = links(&args.events, &decoder, &mut summary)?.known();
    summary.merged = known.iter().filter(|(id, known)| id != known).count() as u64;
    let paths = paths(config);
    let mut out = Output::create(&args.out)?;
    each(&args.events, |record| {
        summary.lines += 1;
        let id = match decoder.decode(record) {
            Outcome::Event(event) => Some(event.customer_id.into_owned()),
            Outcome::Erase { customer_id, .. } => Some(customer_id.into_owned()),
            Outcome::Rejected(_) => None,
        };
        let other = id.as_deref().and_then(|id| Some((id, known.get(id)?)));
        let other = other.filter(|(id, known)| *id != &***known);
        let mut value = record.value.map(<[u8]>::to_vec);
        let mut key = record.key.map(<[u8]>::to_vec);
        if let Some((id, known)) = other {
            summary.rewritten += 1;
            key = key.map(|_| known.as_bytes().to_vec());
            if let Some(text) = record.value {
                let line = record.line.unwrap_or(summary.lines);
                let text = replaced(text, &paths, id, known);
                value = Some(text.with_context(|| {
                    format!(
                        "line {line}: it is not known where the customer's id stands in this record"
                    )
                })?);
            }
        }
        if let Some(key) = &key {
            out.write_all(key)?;
            out.write_all(b"\t")?;
        }
        out.write_all(value.as_deref().unwrap_or_default())?;
        out.write_all(b"\n")?;
        Ok(())
    })?;
    let finished = out.finish();
    finished.with_context(|| format!("cannot write {}", args.out.display()))?;
    Ok(summary)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(links: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut all = Links::default();
        for (id, other) in links {
            all.link(id, other);
        }
        let known = all.known().into_iter();
        known.map(|(a, b)| (a.into(), b.into())).collect()
    }

    #[test]
    fn chain_of_links_is_one_customer_whatever_their_order() {
        let mut links = [
            ("c9", "anon-1"),
            ("c9", "anon-2"),
            ("c5", "c9"),
            ("z", "anon-3"),
        ];
        let first = known(&links);
        let of = |id: &str| {
            let found = first.iter().find(|(from, _)| from == id);
            found.map(|(_, to)| to.as_str())
        };
        for id in ["anon-1", "anon-2", "c9", "c5"] {
            assert_eq!(of(id), Some("c5"), "{id}");
        }
        assert_eq!(of("anon-3"), Some("z"));
        links.reverse();
        assert_eq!(known(&links), first);
    }

    #[test]
    fn two_ids_that_each_are_the_other_are_the_lesser_one() {
        let expected = [("a", "a"), ("b", "a")].map(|(x, y)| (x.to_owned(), y.to_owned()));
        assert_eq!(known(&[("b", "a"), ("a", "b")]), expected);
        assert_eq!(known(&[("a", "a")]), [("a".to_owned(), "a".to_owned())]);
    }

    #[test]
    fn only_the_id_changes_and_every_other_byte_stays() {
        let paths = paths(&config::Settings::defaults());
        let text = br#"{ "amount":19.90,"note":"anon", "customer_id" : "an\u006fn","x":[1, 2] }"#;
        let found = replaced(text, &paths, "anon", "c\"1").unwrap();
        let expected = r#"{ "amount":19.90,"note":"anon", "customer_id" : "c\"1","x":[1, 2] }"#;
        assert_eq!(String::from_utf8(found).unwrap(), expected);
        let cloud = br#"{"specversion":"1.0","data":{"customer_id":"a"}}"#;
        let found = replaced(cloud, &paths, "a", "b").unwrap();
        assert_eq!(
            found,
            br#"{"specversion":"1.0","data":{"customer_id":"b"}}"#
        );
        assert_eq!(replaced(b"{}", &paths, "a", "b"), None);
    }
}
