//! Figures where one process adds them up in place, and the newest of them for those who ask.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use holdfast_producer::{Outputs, Position, Sink, SinkError, Stream};
use holdfast_reports::Period;
use holdfast_reports::live::Kpi;

use super::{Shared, Status};
use crate::hop::Hop;

/// What a sink of one process adds up in place: partials among outputs, and what comes of them in the same commit.
pub(super) struct Adding<S> {
    pub(super) sink: S,
    pub(super) hop: Hop,
    pub(super) shared: Arc<Shared>,
}

impl<S: Sink> Sink for Adding<S> {
    fn commit(&mut self, outputs: &Outputs, positions: &[Position]) -> Result<(), SinkError> {
        let partials = outputs
            .records
            .iter()
            .filter(|r| r.stream == Stream::Partials);
        for record in partials {
            self.hop.take_next(&record.value);
        }
        let (mut told, mut kpis) = (Vec::new(), Vec::new());
        while let Some((records, more)) = self.hop.due() {
            told.extend(records);
            kpis.extend(more);
        }
        if told.is_empty() {
            return self.sink.commit(outputs, positions);
        }
        let mut outputs = outputs.clone();
        outputs.records.extend(told);
        self.sink.commit(&outputs, positions)?;
        self.shared.status.tell_kpis(kpis);
        Ok(())
    }
}

/// The newest figures of each kind of period.
pub type Newest = BTreeMap<Period, Kpi>;

impl Status {
    /// The newest figures of each kind of period; nothing where another instance adds them up.
    #[must_use]
    pub fn kpis(&self) -> Newest {
        let kpis = self.kpis.lock().unwrap_or_else(PoisonError::into_inner);
        kpis.clone()
    }

    pub(super) fn tell_kpis(&self, told: Vec<Kpi>) {
        let mut kpis = self.kpis.lock().unwrap_or_else(PoisonError::into_inner);
        kpis.extend(told.into_iter().map(|kpi| (kpi.period, kpi)));
    }

    pub(super) fn clear_kpis(&self) {
        self.kpis
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}
