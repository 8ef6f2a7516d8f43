//! An event file as compact rows.

use std::collections::BTreeMap;

use holdfast_consumer::{LineBatch, LineReader};
use holdfast_events::{Currency, CurrencyRule, Decoder, Event, Outcome, Record};
use serde::Serialize;

use super::history::{Extra, History, New};
use super::said::{Stored, needs_details};
use crate::pipeline::Erased;
use crate::study::load::rescaled;
use crate::study::{Error, Source};

/// What became of the lines of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Read {
    pub lines: u64,
    /// Sound events, those left out included.
    pub events: u64,
    /// Money and subscription events that came twice.
    pub duplicates: u64,
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
pub(super) struct Log {
    pub(super) history: History,
    pub(super) read: Read,
    /// The first and the last event, ms UTC.
    pub(super) span_ms: (i64, i64),
    pub(super) currency: Option<String>,
    pub(super) exponent: u8,
}

/// Reads a file; `at` is told how many bytes (unpacked) have been read.
pub(super) fn load(source: &Source, mut at: impl FnMut(u64)) -> Result<Log, Error> {
    let fault = |e| Error::Read {
        path: source.events.clone(),
        source: e,
    };
    let mut reader = LineReader::open(&source.events).map_err(fault)?;
    let mut loading = Loading {
        source,
        decoder: Decoder::new(source.decoding.clone()),
        history: History::default(),
        erased: Erased::new(0),
        read: Read::default(),
        span_ms: None,
        seen: Vec::new(),
        unnamed: Vec::new(),
    };
    let mut batch = LineBatch::default();
    while reader.read_batch(&mut batch).map_err(fault)? {
        for record in batch.records() {
            loading.take(&record);
        }
        at(reader.position_bytes());
    }
    loading.finish()
}

struct Loading<'a> {
    source: &'a Source,
    decoder: Decoder,
    history: History,
    erased: Erased,
    read: Read,
    span_ms: Option<(i64, i64)>,
    seen: Vec<Currency>,
    /// Events whose amounts name no currency, by place.
    unnamed: Vec<usize>,
}

impl Loading<'_> {
    fn take(&mut self, record: &Record<'_>) {
        self.read.lines += 1;
        match self.decoder.decode(record) {
            Outcome::Event(event) => self.event(&event, record),
            Outcome::Erase { customer_id, at } => {
                self.read.erasures += 1;
                self.history.erase(&customer_id);
                if let Some(at) = at.or(self.span_ms.map(|(_, last)| last)) {
                    let until = at.saturating_add(self.source.block_ms);
                    self.erased.block(&customer_id, until);
                }
            }
            Outcome::Rejected(rejection) => {
                *self
                    .read
                    .rejected
                    .entry(rejection.reason.name())
                    .or_default() += 1;
            }
        }
    }

    fn event(&mut self, event: &Event<'_>, record: &Record<'_>) {
        self.read.events += 1;
        if self.erased.blocks(&event.customer_id, event.ts) {
            self.read.erased += 1;
            return;
        }
        let is_money = event.kind.carries_money() && event.minor.is_some();
        if let (true, Some(currency)) = (is_money, event.currency) {
            if self.source.currency.is_other(currency) {
                self.read.other_currency += 1;
                return;
            }
            if !self.seen.contains(&currency) {
                self.seen.push(currency);
            }
        }
        let (first, last) = self.span_ms.unwrap_or((event.ts, event.ts));
        self.span_ms = Some((first.min(event.ts), last.max(event.ts)));
        let customer = self.history.number(&event.customer_id);
        let is_first = self.history.is_first(customer, event.ts);
        let mut said = self.said(event, record, is_first.then_some(customer));
        let costs =
            matches!(said, Stored::Origin { cost, .. } | Stored::Campaign { cost, .. } if cost > 0);
        match event.currency {
            None if is_money || costs => self.unnamed.push(self.history.len()),
            Some(currency) if costs => {
                if self.source.currency.is_other(currency) {
                    self.read.other_currency += 1;
                    said.rescale(|_| 0);
                } else if !self.seen.contains(&currency) {
                    self.seen.push(currency);
                }
            }
            _ => {}
        }
        let has_id = event.kind.is_deduplicated();
        let extra = (has_id || !matches!(said, Stored::Nothing)).then(|| Extra {
            id: if has_id { event.id_hash() } else { 0 },
            said,
        });
        let new = New {
            ts: event.ts,
            kind: event.kind,
            minor: event.minor.filter(|_| is_money),
            extra,
        };
        self.history.push(customer, new);
    }

    /// What the event says beside; of a customer's first one the source is noted too.
    fn said(&mut self, event: &Event<'_>, record: &Record<'_>, first: Option<u32>) -> Stored {
        let needed = needs_details(event.kind) || first.is_some();
        let details = needed.then(|| self.decoder.details(record)).flatten();
        let details = details.unwrap_or_default();
        if let Some(customer) = first {
            let source = self.history.names.number(details.source.as_deref());
            self.history.first(customer, event.ts, source);
        }
        if !needs_details(event.kind) {
            return Stored::Nothing;
        }
        let rule = self.source.decoding.currency();
        let exponent = event.currency.map_or(rule.exponent(), Currency::exponent);
        Stored::of(event, &details, exponent, &mut self.history.names)
    }

    fn finish(mut self) -> Result<Log, Error> {
        let mut names: Vec<String> = self.seen.iter().map(|c| c.as_str().to_owned()).collect();
        names.sort_unstable();
        let rule = self.source.currency;
        if rule == CurrencyRule::Any && names.len() > 1 {
            return Err(Error::MixedCurrency {
                path: self.source.events.clone(),
                currencies: names,
            });
        }
        let only = match rule {
            CurrencyRule::Only(currency) => Some(currency),
            CurrencyRule::Any => self.seen.first().copied(),
            CurrencyRule::Ignore => None,
        };
        let exponent = only.map_or(rule.exponent(), Currency::exponent);
        // The decoder took them to have two decimals, before the file had named its currency.
        let from = CurrencyRule::Any.exponent();
        if exponent != from {
            for at in &self.unnamed {
                self.history
                    .rescale(*at, |minor| rescaled(minor, from, exponent));
            }
        }
        let span_ms = self.span_ms.ok_or_else(|| {
            let text = format!(
                "{} has no usable event in {} lines",
                self.source.events.display(),
                self.read.lines
            );
            holdfast_model::Error::DataTooSmall(text)
        })?;
        let currency = match rule {
            CurrencyRule::Ignore => Some("ignore".to_owned()),
            CurrencyRule::Any | CurrencyRule::Only(_) => only.map(|c| c.as_str().to_owned()),
        };
        Ok(Log {
            history: self.history,
            read: self.read,
            span_ms,
            currency,
            exponent,
        })
    }
}
