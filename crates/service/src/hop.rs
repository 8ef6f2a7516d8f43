//! Figures of all partitions and the day's list, from what each partition says.
//!
//! One process does it for all: `replay` and a run on the embedded log add up in place, a run on Kafka reads the topic of
//! partials, which has one partition and so one reader.

use holdfast_producer::{OutRecord, Stream};
use holdfast_reports::live::{Kpi, Ledger, Said, Told};

use crate::pipeline::Settings;

/// Adds up what partitions say.
#[derive(Debug)]
pub(crate) struct Hop {
    ledger: Ledger,
    next: i64,
}

impl Hop {
    /// None where no figures are kept. The next record is at offset `next`. Everything that ended by `done` (ms UTC) was told before.
    pub(crate) fn new(settings: &Settings, done: Option<i64>, next: i64) -> Option<Self> {
        let ledger = settings.ledger(done)?;
        Some(Self { ledger, next })
    }

    /// The next record of partials that nobody gave offsets.
    pub(crate) fn take_next(&mut self, value: &[u8]) {
        self.take(value, self.next);
    }

    /// A record of the topic of partials. One that is none says nothing: it is not ours.
    pub(crate) fn take(&mut self, value: &[u8], offset: i64) {
        if let Ok(said) = serde_json::from_slice::<Said>(value) {
            self.ledger.take(said, offset);
        }
        self.next = offset + 1;
    }

    /// What is to be told next, of one end of periods, and the figures among it; none when there is nothing more.
    pub(crate) fn due(&mut self) -> Option<(Vec<OutRecord>, Vec<Kpi>)> {
        let mut kpis = Vec::new();
        let told = self.ledger.due()?.into_iter();
        let records = told.map(|told| {
            let (stream, key, value) = match told {
                Told::Kpi { key, value, kpi } => {
                    kpis.push(*kpi);
                    (Stream::Kpis, key, value)
                }
                Told::Listed { key, value } => (Stream::Worklist, key, value),
                Told::Suppressed { key, value } => (Stream::Decisions, key, value),
            };
            OutRecord {
                stream,
                key: key.into_bytes(),
                value,
                input: None,
            }
        });
        let records = records.collect();
        Some((records, kpis))
    }

    /// Where a reader has to begin who is to know what this one knows.
    pub(crate) fn floor(&self) -> i64 {
        self.ledger.floor(self.next)
    }

    /// Everything that ended by then was told, ms UTC.
    pub(crate) fn done(&self) -> Option<i64> {
        self.ledger.done()
    }
}
