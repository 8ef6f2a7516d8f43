//! A made-up shop with known truth: customers with their own rhythms who leave for reasons, and the day they left.
//!
//! Real sets with carts, visits and support contacts are not to be had, so the demo and the tests of those
//! features run on this one. What drives people away is in [`customer`]: bad service, abandoned carts, and a
//! frequency that falls before it stops. Software by subscription has accounts instead ([`account`]), which leave
//! where the product is of little use, where service is bad, and where a payment fails for good. Equal parameters give
//! equal bytes on every machine: each customer has an own ChaCha stream and all mathematics is libm's.

mod account;
mod customer;
mod event;
mod nature;
mod orders;
mod random;
mod shop;
#[cfg(test)]
mod tests;
mod trail;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use flate2::{Compression, GzBuilder, write::GzEncoder};
use holdfast_playbook::Preset;

pub use event::Event;
pub use shop::Shop;

/// 2026-01-01T00:00:00Z.
pub const DEFAULT_START_MS: i64 = 1_767_225_600_000;
pub(crate) const DAY_MS: i64 = 86_400_000;

/// What to make up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Params {
    /// A shop, or accounts of software by subscription.
    pub preset: Preset,
    pub customers: u32,
    pub days: u32,
    pub seed: u64,
    pub start_ms: i64,
    /// Write `cart_abandon` events too, as a shop's own tracking would.
    pub abandons: bool,
}

impl Params {
    pub fn end_ms(&self) -> i64 {
        self.start_ms + i64::from(self.days) * DAY_MS
    }
}

/// Where to write to; `-` is stdout and a name in `.gz` is compressed.
#[derive(Debug, Clone)]
pub struct Targets {
    pub events: PathBuf,
    pub truth: Option<PathBuf>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    pub events: u64,
    pub customers: u32,
    pub churned: u32,
}

/// Writes the events in the order of their arrival, then the truth; `progress` hears the number of days done.
///
/// # Errors
/// When a file cannot be written.
pub fn write(
    params: &Params,
    to: &Targets,
    mut progress: impl FnMut(u32),
) -> anyhow::Result<Summary> {
    let mut shop = Shop::new(params);
    let mut out = LineFile::create(&to.events)?;
    while let Some(batch) = shop.next_day() {
        out.write(batch)?;
        progress(shop.days_done());
    }
    let events = out.finish()?;
    if let Some(path) = &to.truth {
        write_truth(&shop, path)?;
    }
    let churned = shop.truth().filter(|(_, churn)| churn.is_some()).count();
    Ok(Summary {
        events,
        customers: params.customers,
        churned: u32::try_from(churned)?,
    })
}

/// Writes who has left so far, and when.
///
/// # Errors
/// When the file cannot be written.
pub fn write_truth(shop: &Shop, path: &Path) -> anyhow::Result<()> {
    let mut text = String::from("customer_id,churn_ms\n");
    for (id, churn) in shop.truth() {
        let ms = churn.map(|ms| ms.to_string()).unwrap_or_default();
        text.push_str(&format!("{id},{ms}\n"));
    }
    let mut out = Output::create(path)?;
    let written = out.write_all(text.as_bytes()).and_then(|()| out.finish());
    written.with_context(|| format!("cannot write {}", path.display()))
}

/// A file of events, one a line, numbered in order.
pub struct LineFile {
    path: PathBuf,
    out: Output,
    line: Vec<u8>,
    events: u64,
}

impl LineFile {
    /// # Errors
    /// When the file cannot be made.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let out = Output::create(path)?;
        Ok(Self {
            path: path.to_owned(),
            out,
            line: Vec::with_capacity(256),
            events: 0,
        })
    }

    /// # Errors
    /// When the file cannot be written.
    pub fn write(&mut self, events: &[Event]) -> anyhow::Result<()> {
        for event in events {
            self.line.clear();
            event.write_json(self.events, &mut self.line);
            self.line.push(b'\n');
            let written = self.out.write_all(&self.line);
            written.with_context(|| format!("cannot write {}", self.path.display()))?;
            self.events += 1;
        }
        Ok(())
    }

    /// How many events there are.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(self) -> anyhow::Result<u64> {
        let finished = self.out.finish();
        finished.with_context(|| format!("cannot write {}", self.path.display()))?;
        Ok(self.events)
    }
}

/// A file, a compressed file or stdout.
pub(crate) enum Output {
    Plain(BufWriter<Box<dyn Write>>),
    Gzip(GzEncoder<BufWriter<File>>),
}

impl Output {
    pub(crate) fn create(path: &Path) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Plain(BufWriter::new(Box::new(io::stdout().lock()))));
        }
        let file =
            File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
        if path.extension().is_some_and(|e| e == "gz") {
            // No time and no name in the header: equal input, equal bytes.
            let encoder = GzBuilder::new().write(BufWriter::new(file), Compression::default());
            return Ok(Self::Gzip(encoder));
        }
        Ok(Self::Plain(BufWriter::with_capacity(
            1 << 18,
            Box::new(file),
        )))
    }

    pub(crate) fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(mut out) => out.flush(),
            Self::Gzip(out) => out.finish()?.flush(),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(bytes),
            Self::Gzip(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Gzip(out) => out.flush(),
        }
    }
}
