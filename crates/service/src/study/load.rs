//! An event file as a history in memory.

use std::collections::BTreeMap;

use holdfast_consumer::{LineBatch, LineReader};
use holdfast_events::{Currency, CurrencyRule, Decoder, Event, Outcome, RejectReason};
use holdfast_features::Settings;
use holdfast_model::{History, LabelKind};
use serde::Serialize;

use super::{Error, Source};
use crate::pipeline::Erased;

/// What became of the lines of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Read {
    pub lines: u64,
    /// Sound events, those left out included.
    pub events: u64,
    /// Events left out because their amount is in another currency than the one asked for.
    pub other_currency: u64,
    /// Tombstones and `privacy_delete` events.
    pub erasures: u64,
    /// Events left out because their customer had been erased, and the erasure's block was not over.
    pub erased: u64,
    /// Lines that are no events, by reason.
    pub rejected: BTreeMap<&'static str, u64>,
}

/// A file, read.
#[derive(Debug)]
pub(super) struct Log {
    /// Not yet finished: the caller cuts it where it wants.
    pub(super) history: History,
    /// Currency of the amounts, "ignore", or none if no amount named one.
    pub(super) currency: Option<String>,
    pub(super) exponent: u8,
    pub(super) read: Read,
    /// Greatest time of an event, ms UTC.
    pub(super) last_ms: i64,
}

impl Log {
    /// How a store treats these events.
    pub(super) fn store(&self, source: &Source) -> Settings {
        Settings {
            dedupe: source.dedupe,
            cart_abandon: source.carts(),
            minor_exponent: self.exponent,
            stats: source.stats,
        }
    }
}

/// Reads a file. Only events of customer `only` are kept where one is named; all are counted.
///
/// # Errors
/// [`Error::Read`], [`Error::MixedCurrency`], and [`holdfast_model::Error::DataTooSmall`] without any event.
pub(super) fn load(source: &Source, label: LabelKind, only: Option<&str>) -> Result<Log, Error> {
    let fault = |e| Error::Read {
        path: source.events.clone(),
        source: e,
    };
    let mut reader = LineReader::open(&source.events).map_err(fault)?;
    let decoder = Decoder::new(source.decoding.clone());
    let mut loading = Loading::new(source, History::new(label), only);
    let mut batch = LineBatch::default();
    while reader.read_batch(&mut batch).map_err(fault)? {
        for record in batch.records() {
            loading.take(decoder.decode(&record));
        }
    }
    loading.finish(source)
}

struct Loading<'a> {
    rule: CurrencyRule,
    only: Option<&'a str>,
    history: History,
    erased: Erased,
    block_ms: i64,
    read: Read,
    last_ms: Option<i64>,
    seen: Vec<Currency>,
    /// Events whose amount names no currency, by number.
    unnamed: Vec<usize>,
}

impl<'a> Loading<'a> {
    fn new(source: &Source, history: History, only: Option<&'a str>) -> Self {
        Self {
            rule: source.currency,
            only,
            history,
            erased: Erased::new(0),
            block_ms: source.block_ms,
            read: Read::default(),
            last_ms: None,
            seen: Vec::new(),
            unnamed: Vec::new(),
        }
    }

    fn take(&mut self, outcome: Outcome<'_>) {
        self.read.lines += 1;
        match outcome {
            Outcome::Event(event) => self.event(&event),
            Outcome::Erase { customer_id, at } => {
                self.read.erasures += 1;
                self.history.erase(&customer_id);
                // What a run leaves out is in no row either.
                if let Some(at) = at.or(self.last_ms) {
                    let until = at.saturating_add(self.block_ms);
                    self.erased.block(&customer_id, until);
                }
            }
            Outcome::Rejected(rejection) => self.reject(rejection.reason),
        }
    }

    fn reject(&mut self, reason: RejectReason) {
        *self.read.rejected.entry(reason.name()).or_default() += 1;
    }

    fn event(&mut self, event: &Event<'_>) {
        self.read.events += 1;
        if self.erased.blocks(&event.customer_id, event.ts) {
            self.read.erased += 1;
            return;
        }
        let money = event.kind.carries_money() && event.minor.is_some();
        if let (true, Some(currency)) = (money, event.currency) {
            if let CurrencyRule::Only(wanted) = self.rule
                && currency != wanted
            {
                self.read.other_currency += 1;
                return;
            }
            if !self.seen.contains(&currency) {
                self.seen.push(currency);
            }
        }
        self.last_ms = self.last_ms.max(Some(event.ts));
        if self.only.is_some_and(|only| only != event.customer_id) {
            return;
        }
        if money && event.currency.is_none() {
            self.unnamed.push(self.history.len());
        }
        self.history.push(event);
    }

    fn finish(mut self, source: &Source) -> Result<Log, Error> {
        let mut names: Vec<String> = self.seen.iter().map(|c| c.as_str().to_owned()).collect();
        names.sort_unstable();
        if self.rule == CurrencyRule::Any && names.len() > 1 {
            return Err(Error::MixedCurrency {
                path: source.events.clone(),
                currencies: names,
            });
        }
        let only = match self.rule {
            CurrencyRule::Only(currency) => Some(currency),
            CurrencyRule::Any => self.seen.first().copied(),
            CurrencyRule::Ignore => None,
        };
        let exponent = only.map_or(self.rule.exponent(), Currency::exponent);
        // The decoder took them to have two decimals, before the file had named its currency.
        let from = CurrencyRule::Any.exponent();
        if exponent != from {
            self.history
                .rescale(&self.unnamed, |minor| rescaled(minor, from, exponent));
        }
        let Some(last_ms) = self.last_ms else {
            return Err(nothing(&self.read, source));
        };
        let currency = match self.rule {
            CurrencyRule::Ignore => Some("ignore".to_owned()),
            CurrencyRule::Any | CurrencyRule::Only(_) => only.map(|c| c.as_str().to_owned()),
        };
        Ok(Log {
            history: self.history,
            currency,
            exponent,
            read: self.read,
            last_ms,
        })
    }
}

fn nothing(read: &Read, source: &Source) -> Error {
    let rejected: Vec<String> = read
        .rejected
        .iter()
        .map(|(reason, n)| format!("{reason} {n}"))
        .collect();
    let why = if rejected.is_empty() {
        "none".to_owned()
    } else {
        rejected.join(", ")
    };
    let text = format!(
        "{} has no usable event in {} lines (rejected: {why})",
        source.events.display(),
        read.lines
    );
    holdfast_model::Error::DataTooSmall(text).into()
}

/// Minor units of `from` decimals in minor units of `to`, half away from zero (amounts are never negative).
pub(crate) fn rescaled(minor: i64, from: u8, to: u8) -> i64 {
    let power = |n: u8| 10_i64.pow(u32::from(n));
    if to >= from {
        return minor.saturating_mul(power(to - from));
    }
    let unit = power(from - to);
    (minor + unit / 2) / unit
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use holdfast_events::Record;

    use super::*;
    use crate::config;

    #[test]
    fn events_that_an_erasure_blocks_in_a_run_are_in_no_history_either() {
        const DAY_MS: i64 = 86_400_000;
        let source = Source::new("-".into(), &config::Settings::defaults(), None).unwrap();
        let decoder = Decoder::new(source.decoding.clone());
        let mut loading = Loading::new(&source, History::new(LabelKind::Purchase), None);
        let t0 = 1_767_225_600_000;
        for (kind, ts) in [
            ("page_view", t0),
            ("privacy_delete", t0 + DAY_MS),
            ("page_view", t0),
            ("page_view", t0 + 31 * DAY_MS - 1),
            ("page_view", t0 + 31 * DAY_MS),
        ] {
            let line =
                format!(r#"{{"event_id":"{ts}","customer_id":"a","type":"{kind}","ts":{ts}}}"#);
            loading.take(decoder.decode(&Record::line(0, line.as_bytes())));
        }
        loading.history.finish(i64::MAX);
        let (read, left) = (&loading.read, loading.history.len());
        assert_eq!(
            (read.events, read.erasures, read.erased, left),
            (4, 1, 2, 1)
        );
    }

    #[test]
    fn amounts_without_a_currency_take_the_decimals_of_the_log() {
        assert_eq!(rescaled(1_990, 2, 0), 20);
        assert_eq!(rescaled(1_949, 2, 0), 19);
        assert_eq!(rescaled(1_990, 2, 3), 19_900);
    }
}
