//! The fold of one partition: (state, record) to (state, alerts and dead letters).

use std::sync::Arc;

use holdfast_events::{DropReason, Event, EventType, Outcome, Record};
use holdfast_features::{Applied, CartAbandon, Input, LATENESS_MS, Memory, Store};
use holdfast_lifecycle::Tracker;
use holdfast_lifecycle::tracker::FieldsByType;
use holdfast_policy::journal::{Entry, What};
use holdfast_policy::{Decider, Seen};
use holdfast_producer::Outputs;
use holdfast_reports::live::Daybook;

use desk::{Desk, listing};

use super::counts::Counts;
use super::erased::Erased;
use super::letters::{letter, skipped};
use super::settings::Settings;
use super::watch::Watch;

mod booked;
mod desk;
mod rescaled;
mod state;
mod tracked;
mod watched;

pub use state::{BOOK, DECISIONS, ERASED, Image, STATE, TRACKER, WATCH};

/// Records that are decoded and whose customers are fetched from memory together: at random customers the latency
/// of memory is the limit, not the work.
const TOGETHER: usize = 32;
/// Customers looked at for the watch beside each record, while there are any: half a millisecond for 32 records.
const WATCHED: u32 = 8;

/// One partition: state, decisions and clock.
#[derive(Debug)]
pub struct Partition {
    settings: Settings,
    store: Store,
    decider: Decider,
    erased: Erased,
    /// None for a model that nobody trained.
    watch: Option<Watch>,
    /// None where nothing is told beside alerts.
    tracker: Option<Tracker>,
    /// None where no figures are kept.
    book: Option<Daybook>,
    booked: FieldsByType,
    /// The greatest event time applied; `i64::MIN` before the first.
    clock: i64,
    /// The clock of the whole input, where the driver knows it.
    input_clock: i64,
    emitting: bool,
    counts: Counts,
    hashes: Vec<u64>,
    /// Offset behind the last record worked.
    at: i64,
    /// Offset of the record in hand.
    at_work: i64,
    /// For the journal, if it is kept.
    journal: Vec<Entry>,
    gathering: bool,
}

impl Partition {
    /// A partition without any customer.
    ///
    /// # Errors
    /// If the model cannot be scored.
    pub fn new(settings: &Settings) -> anyhow::Result<Self> {
        let store = Store::new(settings.store);
        let terms = settings.watch.as_ref();
        Ok(Self {
            watch: terms.map(|terms| Watch::new(terms, &store, i64::MIN)),
            tracker: tracked::tracker(settings),
            book: booked::book(settings),
            booked: FieldsByType::new(booked::wants),
            store,
            decider: Decider::new(Arc::clone(&settings.policy), &settings.model)?,
            erased: Erased::new(settings.erased_key),
            settings: settings.clone(),
            clock: i64::MIN,
            input_clock: i64::MIN,
            emitting: true,
            counts: Counts::default(),
            hashes: Vec::with_capacity(TOGETHER),
            at: 0,
            at_work: 0,
            journal: Vec::new(),
            gathering: false,
        })
    }

    /// Works one record.
    pub fn record(&mut self, record: &Record<'_>, out: &mut Outputs) {
        self.batch(std::slice::from_ref(record), out);
    }

    /// Works records in their order. The result is that of working them one by one.
    pub fn batch(&mut self, records: &[Record<'_>], out: &mut Outputs) {
        let decoder = Arc::clone(&self.settings.decoder);
        for together in records.chunks(TOGETHER) {
            let mut outcomes = [const { None }; TOGETHER];
            let mut hashes = std::mem::take(&mut self.hashes);
            hashes.clear();
            for (record, slot) in together.iter().zip(&mut outcomes) {
                self.at_work = record.offset;
                let outcome = if self.settings.skips(record) {
                    Outcome::Rejected(skipped())
                } else {
                    decoder.decode(record)
                };
                hashes.push(match &outcome {
                    Outcome::Event(event) => self.store.hash(&event.customer_id),
                    Outcome::Erase { customer_id, .. } => self.store.hash(customer_id),
                    Outcome::Rejected(_) => 0,
                });
                *slot = Some(outcome);
            }
            self.store.look_ahead(&hashes, |customers| {
                for ix in customers {
                    self.decider.touch(*ix);
                    if let Some(watch) = &self.watch {
                        watch.touch(*ix);
                    }
                }
                if let Some(tracker) = &self.tracker {
                    tracker.touch(customers);
                }
            });
            for ((record, outcome), hash) in together.iter().zip(outcomes).zip(&hashes) {
                if let Some(outcome) = outcome {
                    self.outcome(record, outcome, *hash, out);
                }
            }
            self.hashes = hashes;
            self.watch_on(WATCHED * TOGETHER as u32);
        }
    }

    /// Works one record that is decoded already, by the decoder of the same settings.
    pub fn decoded(&mut self, record: &Record<'_>, outcome: Outcome<'_>, out: &mut Outputs) {
        let hash = match &outcome {
            Outcome::Event(event) => self.store.hash(&event.customer_id),
            Outcome::Erase { customer_id, .. } => self.store.hash(customer_id),
            Outcome::Rejected(_) => 0,
        };
        self.outcome(record, outcome, hash, out);
        self.watch_on(WATCHED);
    }

    fn outcome(&mut self, record: &Record<'_>, outcome: Outcome<'_>, hash: u64, out: &mut Outputs) {
        self.at = record.offset + 1;
        self.at_work = record.offset;
        let counted = u64::from(self.emitting);
        self.counts.consumed += counted;
        match outcome {
            Outcome::Event(event) => self.event(record, &event, hash, out),
            Outcome::Erase { customer_id, at } => {
                self.erase(&customer_id, hash, at, out);
                self.counts.applied += counted;
                self.counts.erased += counted;
            }
            Outcome::Rejected(rejection) => {
                self.counts.rejected[rejection.reason.index()] += counted;
                if self.emitting {
                    out.dead_letters.push(letter(record, rejection));
                }
            }
        }
        self.stamp();
    }

    fn event(&mut self, record: &Record<'_>, event: &Event<'_>, hash: u64, out: &mut Outputs) {
        if event.kind == EventType::CartAbandon
            && self.settings.store.cart_abandon != CartAbandon::Given
        {
            return self.drop(DropReason::CartAbandonGiven);
        }
        if self.erased.blocks(&event.customer_id, event.ts) {
            return self.drop(DropReason::Erased);
        }
        if self.is_full_for(hash, &event.customer_id) {
            return self.drop(DropReason::MaxCustomers);
        }
        let ix = self.store.intern_hashed(hash, &event.customer_id);
        let identified = self.settings.store.dedupe && event.kind.is_deduplicated();
        let input = Input {
            kind: event.kind,
            ts: event.ts,
            minor: event.minor,
            id_hash: if identified { event.id_hash() } else { 0 },
            particulars: event.particulars,
        };
        // An event that will be dropped must not fire what an applied one would.
        if self.decider.is_due(ix, event.ts) && self.store.verdict(ix, &input) == Applied::Applied {
            let desk = &mut Desk::new(
                self.tracker.as_ref(),
                listing(&self.book, &self.settings),
                out,
            )
            .at(record);
            self.decider
                .before_event(&mut self.store, ix, event.ts, desk);
        }
        self.track_before(ix, &input, &mut out.records);
        self.watch_before(ix, &input);
        match self.store.apply(ix, &input) {
            Applied::Applied => {}
            Applied::Late => return self.drop(DropReason::Late),
            Applied::Duplicate => return self.drop(DropReason::Duplicate),
            Applied::CartAbandonGiven => return self.drop(DropReason::CartAbandonGiven),
        }
        if let Some(watch) = &mut self.watch {
            watch.after(ix, event.kind, &event.type_name, event.ts);
        }
        let details = self.details(record, event.kind);
        let details = details.as_ref();
        self.track_after(record, event, (ix, details), &mut out.records);
        self.book_event(event, ix, details);
        self.list_anew(event, ix, &mut out.records);
        let desk = &mut Desk::new(
            self.tracker.as_ref(),
            listing(&self.book, &self.settings),
            out,
        )
        .at(record);
        let seen = Seen {
            kind: event.kind,
            type_name: &event.type_name,
            ts: event.ts,
            event_id: &event.event_id,
        };
        self.decider.after_event(&mut self.store, ix, &seen, desk);
        self.clock = self.clock.max(event.ts);
        let due = self.clock.saturating_sub(self.settings.grace_ms);
        self.decider.advance(&mut self.store, due, desk);
        self.track_up_to(due, &mut out.records);
        self.book_up_to(due, &mut out.records);
        self.erased.expire(due.saturating_sub(LATENESS_MS));
        let counted = u64::from(self.emitting);
        self.counts.applied += counted;
        self.counts.unknown_types += counted * u64::from(event.kind == EventType::Other);
        self.counts.rounded_amounts += counted * u64::from(event.rounded);
    }

    /// Whether it holds as many customers as it may, and not this one. Whom it holds depends on the log and the
    /// settings only, so a rebuild drops the same events; another number of partitions drops others.
    fn is_full_for(&self, hash: u64, customer_id: &str) -> bool {
        self.store.len() >= self.settings.max_customers
            && self.store.find_hashed(hash, customer_id).is_none()
    }

    fn drop(&mut self, reason: DropReason) {
        self.counts.dropped[reason.index()] += u64::from(self.emitting);
    }

    /// Forgets a customer as of `at`, and blocks late events. What was due by then fires first, as before an event of
    /// that time: otherwise it would depend on the clock of the partition, and so on the number of partitions. Without
    /// an instant, as for a line of a file, it is the clock of the whole input. It moves no clock: nobody checks the
    /// timestamp of a tombstone.
    fn erase(&mut self, customer_id: &str, hash: u64, at: Option<i64>, out: &mut Outputs) {
        let at = at.unwrap_or(self.clock.max(self.input_clock));
        if let Some(ix) = self.store.find_hashed(hash, customer_id) {
            let desk = &mut Desk::new(
                self.tracker.as_ref(),
                listing(&self.book, &self.settings),
                out,
            );
            self.decider.before_event(&mut self.store, ix, at, desk);
            self.decider.erase(ix);
            self.track_erasure(ix, at, &mut out.records);
            self.book_erasure(ix, (customer_id, at), &mut out.records);
            if let Some(watch) = &mut self.watch {
                watch.erase(&self.store, ix);
            }
            self.store.erase(ix);
        }
        // Also where there is no such customer: the first event may still be under way.
        let until = at.saturating_add(self.settings.block_ms);
        self.erased.block(customer_id, until);
    }

    /// Fires deadlines up to and with `to` without moving the clock: wall time on an idle partition. Says whether
    /// anything came of it.
    pub fn tick(&mut self, to: i64, out: &mut Outputs) -> bool {
        self.stamp();
        // A cutoff that is closed is closed for late events, so whoever repeats this has to do it too.
        let fired = self.advance(to, out) | self.watch_up_to(to);
        if fired {
            self.cause(What::Tick { to });
        }
        self.stamp();
        fired
    }

    fn advance(&mut self, to: i64, out: &mut Outputs) -> bool {
        let before = self.decider.counts().fired;
        let desk = &mut Desk::new(
            self.tracker.as_ref(),
            listing(&self.book, &self.settings),
            out,
        );
        self.decider.advance(&mut self.store, to, desk);
        let tracked = self.track_up_to(to, &mut out.records);
        let booked = self.book_up_to(to, &mut out.records);
        self.decider.counts().fired != before || tracked || booked
    }

    /// The input has ended at `until`: the clock moves there and all deadlines up to it fire, without grace. Says
    /// whether anything fired.
    pub fn end_of_input(&mut self, until: i64, out: &mut Outputs) -> bool {
        self.clock = self.clock.max(until);
        let until = self.clock;
        self.stamp();
        // Also when nothing fires: the clock has moved.
        self.cause(What::EndOfInput { until });
        let fired = self.advance(until, out);
        self.watch_up_to(until);
        self.watch_on(u32::MAX);
        self.stamp();
        fired
    }

    /// Tells the greatest event time applied in the whole input so far, for drivers of several partitions.
    pub fn observe_input_clock(&mut self, clock: i64) {
        self.input_clock = self.input_clock.max(clock);
    }

    /// The greatest event time applied, ms UTC; `i64::MIN` before the first.
    pub fn clock(&self) -> i64 {
        self.clock
    }

    /// Offset of the record in hand, or of the last one there was.
    pub fn at_work(&self) -> i64 {
        self.at_work
    }

    /// What became of the records.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// What was decided.
    pub fn decisions(&self) -> &holdfast_policy::Counts {
        self.decider.counts()
    }

    /// Open episodes; a walk over all records of decisions.
    pub fn open_episodes(&self) -> usize {
        self.decider.open_episodes()
    }

    /// Customers in the state.
    pub fn customers(&self) -> usize {
        self.store.len()
    }

    /// The erasures that still block events.
    pub fn erased(&self) -> &Erased {
        &self.erased
    }

    /// Bytes of the customers' state.
    pub fn memory(&self) -> Memory {
        self.store.memory()
    }

    /// Bytes of marks and records of decisions.
    pub fn decision_memory(&self) -> usize {
        self.decider.memory()
    }

    /// Off while the state is rebuilt: records and deadlines enter the state, nothing is sent or counted.
    pub fn set_emitting(&mut self, emitting: bool) {
        self.emitting = emitting;
        self.decider.set_emitting(emitting);
        if let Some(tracker) = &mut self.tracker {
            tracker.set_emitting(emitting);
        }
    }
}
