//! One partition, recomputed along its journal.
//!
//! What decided and is at hand decides once more: its alerts are compared whole, its decisions with the journal's
//! facts. A stretch that something else decided is followed by its facts alone, whose alerts are looked for by id.

use std::collections::{BTreeSet, VecDeque};

use holdfast_consumer::{Batch, Span, murmur2_partition};
use holdfast_events::Record;
use holdfast_policy::Following;
use holdfast_policy::journal::{Entry, Fact, FactKind, What};
use holdfast_producer::Outputs;

use super::comparison::{Comparison, Expected};
use super::engines::Engines;
use super::report::Stretch;
use super::served::spec_id;
use super::start::Start;
use crate::config::AlertFormat;
use crate::pipeline::Partition;
use crate::run::{Regime, RunError};

pub(super) struct Rerun<'a> {
    engines: &'a Engines,
    pipeline: Partition,
    entries: VecDeque<Entry>,
    partitions: u32,
    /// Everything before it is worked.
    next: i64,
    to: i64,
    /// Whether what decided is at hand.
    is_exact: bool,
    /// Customers in an episode of which nothing is sent.
    silent: BTreeSet<String>,
    out: Outputs,
    stretch: Stretch,
}

impl<'a> Rerun<'a> {
    pub(super) fn new(
        engines: &'a Engines,
        start: Start,
        comparison: &mut Comparison<'_>,
    ) -> Result<Self, RunError> {
        let pipeline = match start.state {
            Some(state) => state,
            None => Partition::new(engines.any()).map_err(|e| fault(&e))?,
        };
        let mut rerun = Self {
            engines,
            pipeline,
            entries: start.entries,
            partitions: start.partitions.max(1),
            next: start.from,
            to: start.to,
            is_exact: false,
            silent: BTreeSet::new(),
            out: Outputs::default(),
            stretch: Stretch {
                partition: start.partition,
                from: start.from,
                to: start.to,
                snapshot: start.snapshot,
                past_unknown: start.past.is_none(),
                ..Stretch::default()
            },
        };
        for entry in start.past.into_iter().flatten() {
            if let What::Decision(fact) = entry.what {
                rerun.stretch.facts_only += 1;
                rerun.tell(&fact, comparison);
            }
        }
        match start.regime {
            Some(regime) => rerun.decide_by(&regime, "", comparison)?,
            // Nobody decides before the first activation.
            None => rerun.follow(Following::Blind),
        }
        Ok(rerun)
    }

    pub(super) fn span(&self) -> Span {
        Span {
            partition: self.stretch.partition,
            from: self.next,
            to: self.to,
        }
    }

    pub(super) fn batch(&mut self, batch: &Batch, comparison: &mut Comparison<'_>) {
        batch.for_each_chunk(|records| self.records(records, comparison));
    }

    fn records(&mut self, records: &[Record<'_>], comparison: &mut Comparison<'_>) {
        let start = records.partition_point(|record| record.offset < self.next);
        let stop = records.partition_point(|record| record.offset < self.to);
        let mut rest = &records[start..stop.max(start)];
        while let Some(first) = rest.first() {
            self.go_on(first.offset, comparison);
            let limit = self.entries.front().map_or(i64::MAX, |entry| entry.at);
            self.stretch.misplaced |= self.is_misplaced(first);
            let (now, later) = rest.split_at(rest.partition_point(|r| r.offset < limit));
            self.pipeline.batch(now, &mut self.out);
            self.meet(comparison);
            if let Some(last) = now.last() {
                self.next = last.offset + 1;
            }
            self.stretch.records += now.len() as u64;
            rest = later;
        }
    }

    fn is_misplaced(&self, record: &Record<'_>) -> bool {
        let place = record
            .key
            .map(|key| murmur2_partition(key, self.partitions));
        place.is_some_and(|place| i64::from(place) != i64::from(self.stretch.partition))
    }

    /// Everything before `place` has been worked: what the journal has up to there is done.
    fn go_on(&mut self, place: i64, comparison: &mut Comparison<'_>) {
        loop {
            let facts = self.facts(place);
            self.settle(&facts, place);
            for fact in &facts {
                self.tell(fact, comparison);
            }
            match self.entries.pop_front_if(|entry| entry.at <= place) {
                Some(entry) => self.repeat(entry.what, comparison),
                None => return,
            }
        }
    }

    /// The facts that come next, all of one place at or before `place`.
    fn facts(&mut self, place: i64) -> Vec<Fact> {
        let is_next =
            |entry: &mut Entry| entry.at <= place && matches!(entry.what, What::Decision(_));
        let mut facts = Vec::new();
        while let Some(entry) = self.entries.pop_front_if(is_next) {
            if let What::Decision(fact) = entry.what {
                facts.push(fact);
            }
        }
        facts
    }

    fn settle(&mut self, facts: &[Fact], place: i64) {
        let differences = self.pipeline.settle(facts);
        let count = facts.len() as u64;
        if self.is_exact {
            self.stretch.facts += count;
        } else {
            self.stretch.facts_only += count;
        }
        self.stretch.facts_different += differences;
        if differences > 0 {
            self.stretch.first_difference.get_or_insert(place);
        }
    }

    /// An alert that is told by its fact alone.
    fn tell(&mut self, fact: &Fact, comparison: &mut Comparison<'_>) {
        let customer = &fact.customer;
        let silent = match fact.is_silent() {
            Some(true) => {
                self.silent.insert(customer.clone());
                true
            }
            Some(false) => {
                self.silent.remove(customer);
                false
            }
            None => {
                let alone = fact.kind == FactKind::Opened && fact.as_of < self.engines.not_before;
                self.silent.remove(customer) || alone
            }
        };
        if silent || self.is_exact || self.engines.leaves_alone(customer) {
            return;
        }
        if let Some(alert_id) = fact.alert_id(&self.engines.tenant) {
            let alert_id = match self.engines.format {
                AlertFormat::Json => alert_id,
                AlertFormat::Spec => spec_id(customer, fact.as_of),
            };
            comparison.meet(
                &mut self.stretch,
                &Expected::Told {
                    alert_id: &alert_id,
                    key: customer.as_bytes(),
                },
            );
        }
    }

    fn repeat(&mut self, what: What, comparison: &mut Comparison<'_>) {
        match what {
            What::Tick { to } => {
                self.stretch.ticks += 1;
                self.pipeline.tick(to, &mut self.out);
            }
            What::EndOfInput { until } => {
                self.pipeline.end_of_input(until, &mut self.out);
            }
            What::Activated {
                model_id,
                model_sha256,
                config_hash,
                lifecycle,
                ..
            } => {
                let regime = Regime {
                    model_sha256,
                    config_hash,
                };
                if let Err(fault) = self.decide_by(&regime, &model_id, comparison) {
                    comparison.cannot(format!("partition {}: {fault}", self.stretch.partition));
                    self.follow(Following::Blind);
                }
                self.pipeline.retrack(lifecycle.map(|terms| *terms));
                self.pipeline.rearm();
            }
            What::Snapshot { .. } | What::Decision(_) => {}
        }
        self.meet(comparison);
    }

    fn decide_by(
        &mut self,
        regime: &Regime,
        model_id: &str,
        comparison: &mut Comparison<'_>,
    ) -> Result<(), RunError> {
        match self.engines.of(regime) {
            Ok(settings) => {
                if self.pipeline.model_sha256() != settings.model().sha256() {
                    self.pipeline.activate(settings).map_err(|e| fault(&e))?;
                }
                self.follow(Following::Checked);
            }
            Err(why) => {
                let (partition, from) = (self.stretch.partition, self.next);
                let name = if model_id.is_empty() {
                    String::new()
                } else {
                    format!(" (model {model_id})")
                };
                comparison.cannot(format!(
                    "partition {partition}: from offset {from} on it was decided {why}{name}; alerts were looked for \
                     by their ids only"
                ));
                self.follow(Following::Blind);
            }
        }
        Ok(())
    }

    fn follow(&mut self, how: Following) {
        self.is_exact = how == Following::Checked;
        self.pipeline.follow(how);
        self.pipeline.set_emitting(self.is_exact);
    }

    /// Compares what has come out.
    fn meet(&mut self, comparison: &mut Comparison<'_>) {
        for alert in self.out.alerts.drain(..) {
            comparison.meet(&mut self.stretch, &Expected::Whole(&alert));
        }
        self.out.clear();
    }

    /// The last of the journal, and what came of it all.
    pub(super) fn finish(mut self, comparison: &mut Comparison<'_>) -> Result<Stretch, RunError> {
        self.go_on(self.to, comparison);
        let (partition, to) = (self.stretch.partition, self.to);
        if let Some(entry) = self.entries.front() {
            let at = entry.at;
            return Err(RunError::Config(format!(
                "partition {partition}: the journal has an entry at offset {at}, and {to} is committed"
            )));
        }
        self.stretch.customers = self.pipeline.customers() as u64;
        Ok(self.stretch)
    }
}

fn fault(error: &anyhow::Error) -> RunError {
    RunError::Internal(format!("{error:#}"))
}
