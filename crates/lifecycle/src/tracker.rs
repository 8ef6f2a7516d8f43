//! One partition's customers: events and time in, notices out.
//!
//! | step | when |
//! | --- | --- |
//! | [`Tracker::before_event`] | an event at `t` is about to be applied: the customer's own instants up to `t` fire |
//! | [`Tracker::after_event`] | it was applied: the parts that want it hear of it |
//! | [`Tracker::advance`] | time has moved on: everybody's instants up to it fire, by instant, then id |
//!
//! Marks are lower bounds, as those of alerts: an event moves one only where something may now happen sooner.

use std::hint::black_box;
use std::sync::Arc;

use holdfast_events::EventType;
use holdfast_features::agenda::{Agenda, Next};
use holdfast_features::{Ix, Store};

use crate::notice::{Move, Notes, Notice};
use crate::part::contract::ChurnKind;
use crate::part::service::ServiceTotals;
use crate::part::{Out, Whom};
use crate::profile::Profile;
use crate::settings::Settings;
use crate::table::{AnyTable, Dense};

mod fields;
mod image;
mod parts;
mod seen;

pub use fields::{Fields, FieldsByType};
pub use image::{ImageFault, TrackerImage};
use parts::Parts;
pub use seen::Seen;

/// Number of event types.
const KINDS: usize = EventType::ALL.len();

/// One partition's customers beyond the churn score.
#[derive(Debug)]
pub struct Tracker {
    settings: Arc<Settings>,
    parts: Parts,
    /// Which parts wait for an instant of the customer.
    waiting: Dense<u16>,
    agenda: Agenda,
    /// By event type, a bit for each part that wants it; and the fields that they want.
    wanted: [(u16, Fields); KINDS],
    emitting: bool,
    not_before: i64,
    /// Nothing falls due before this instant, at which other settings took hold.
    floor: i64,
    sent: [u64; 3],
    /// What happened since notes were last taken, where anybody takes them.
    notes: Option<Notes>,
    /// Records of the step in hand.
    held: Vec<Notice>,
}

/// Takes a record, and may ask for the customer's profile as of an instant that no event of the customer is later than.
pub type Sender<'a> = dyn FnMut(Notice, &dyn Fn(i64) -> Profile) + 'a;

impl Tracker {
    /// A tracker that knows nobody yet. Records dated before `not_before` (ms UTC) enter the state unsent.
    #[must_use]
    pub fn new(settings: Arc<Settings>, not_before: Option<i64>) -> Self {
        let mut parts = Parts::default();
        let wanted = parts.wanted(&settings);
        Self {
            settings,
            parts,
            waiting: Dense::new("waiting"),
            agenda: Agenda::default(),
            wanted,
            emitting: true,
            not_before: not_before.unwrap_or(i64::MIN),
            floor: i64::MIN,
            sent: [0; 3],
            notes: None,
            held: Vec::new(),
        }
    }

    /// Whether [`after_event`](Self::after_event) has to be called for events of this type.
    #[inline]
    #[must_use]
    pub fn wants(&self, kind: EventType) -> bool {
        self.wanted[kind as usize].0 != 0
    }

    /// The optional fields that [`after_event`](Self::after_event) wants of events of this type.
    #[inline]
    #[must_use]
    pub fn fields(&self, kind: EventType) -> &Fields {
        &self.wanted[kind as usize].1
    }

    /// Whether records are sent, or enter the state only, as in a rebuild.
    pub fn set_emitting(&mut self, emitting: bool) {
        self.emitting = emitting;
    }

    /// From here on notes are kept for [`notes`](Self::notes).
    pub fn keep_notes(&mut self) {
        self.notes.get_or_insert_default();
    }

    /// What happened since whoever asks has last emptied it; none where notes are not kept.
    #[inline]
    pub fn notes(&mut self) -> Option<&mut Notes> {
        self.notes.as_mut()
    }

    /// Records sent, by [`Topic`](crate::Topic); a rebuild is not counted.
    #[must_use]
    pub fn sent(&self) -> [u64; 3] {
        self.sent
    }

    /// Whether [`before_event`](Self::before_event) at `t` may fire anything: if not, it need not be called.
    #[inline]
    #[must_use]
    pub fn is_due(&self, ix: Ix, t: i64) -> bool {
        self.agenda.not_before(ix) <= t
    }

    /// Brings what is kept of customers into the cache, some events before it is needed.
    pub fn touch(&self, customers: &[Ix]) {
        for ix in customers {
            black_box((self.agenda.not_before(*ix), self.waiting.get(*ix)));
        }
        self.parts.touch(customers);
    }

    /// Fires the customer's own instants up to and with `t`, in the order of time.
    pub fn before_event(&mut self, store: &Store, ix: Ix, t: i64, to: &mut Sender<'_>) {
        if !self.is_due(ix, t) {
            return;
        }
        while let Some((at, part)) = self.next_of(store, ix).filter(|(at, _)| *at <= t) {
            self.fire(store, ix, (at, part), to);
        }
        self.mark(store, ix);
    }

    /// An event was applied to the store: the parts that want it hear of it.
    pub fn after_event(&mut self, store: &Store, ix: Ix, seen: &Seen<'_>, to: &mut Sender<'_>) {
        let wanting = self.wanted[seen.kind as usize].0;
        if wanting == 0 {
            return;
        }
        let Self {
            settings,
            parts,
            held,
            ..
        } = self;
        let whom = Whom {
            settings,
            store,
            ix,
            floor: self.floor,
        };
        let mut out = Out {
            to: held,
            emitting: self.emitting,
            not_before: self.not_before,
            by_event: true,
            sent: &mut self.sent,
            notes: self.notes.as_mut(),
        };
        let mut waiting = self.waiting.get(ix);
        let mut soonest = i64::MAX;
        let (parts, mut rest) = (parts.all_mut(), wanting);
        while rest != 0 {
            let bit = rest.trailing_zeros();
            rest &= rest - 1;
            let part = &mut *parts[bit as usize];
            part.seen(&whom, seen, &mut out);
            match part.next(&whom) {
                Some(at) => {
                    waiting |= 1 << bit;
                    soonest = soonest.min(at);
                }
                None => waiting &= !(1 << bit),
            }
        }
        self.waiting.set(ix, waiting);
        if soonest < self.agenda.not_before(ix) {
            self.agenda.look_at(ix, soonest);
        }
        self.give(store, to);
    }

    /// Gives out the records of a step, once all parts have taken it.
    #[inline]
    fn give(&mut self, store: &Store, to: &mut Sender<'_>) {
        if self.held.is_empty() {
            return;
        }
        let mut held = std::mem::take(&mut self.held);
        for mut notice in held.drain(..) {
            let ix = notice.customer;
            notice.account_closed = self.parts.contracts.account_closed(ix);
            to(notice, &|as_of| self.profile(store, ix, as_of));
        }
        self.held = held;
    }

    /// Fires everybody's instants up to and with `to_ms`, by instant, then customer id. Says whether anything fired.
    pub fn advance(&mut self, store: &Store, to_ms: i64, to: &mut Sender<'_>) -> bool {
        let mut fired = false;
        while self.agenda.is_due(to_ms) {
            let Some(next) = self.agenda.next(to_ms) else {
                break;
            };
            match next {
                Next::Hour { customers, end } => {
                    for ix in customers {
                        match self.next_of(store, ix) {
                            Some((at, _)) if at <= end => {
                                self.agenda.falls_due(ix, store.id(ix), at);
                            }
                            Some((at, _)) => self.agenda.look_at(ix, at),
                            None => self.agenda.idle(ix),
                        }
                    }
                }
                Next::Due { customer, at } => {
                    if let Some(due) = self
                        .next_of(store, customer)
                        .filter(|(when, _)| *when <= at)
                    {
                        self.fire(store, customer, due, to);
                        fired = true;
                    }
                    self.mark(store, customer);
                }
            }
        }
        fired
    }

    fn whom<'a>(&'a self, store: &'a Store, ix: Ix) -> Whom<'a> {
        Whom {
            settings: &self.settings,
            store,
            ix,
            floor: self.floor,
        }
    }

    /// The customer's next instant and whose it is; of several at once the first part's.
    fn next_of(&self, store: &Store, ix: Ix) -> Option<(i64, usize)> {
        let waiting = self.waiting.get(ix);
        let whom = self.whom(store, ix);
        let all = self.parts.all();
        let instants = all.iter().enumerate().filter_map(|(bit, part)| {
            let at = (waiting & 1 << bit != 0).then(|| part.next(&whom))??;
            Some((at.max(self.floor), bit))
        });
        instants.min()
    }

    fn fire(&mut self, store: &Store, ix: Ix, (at, bit): (i64, usize), to: &mut Sender<'_>) {
        let Self {
            settings,
            parts,
            held,
            ..
        } = self;
        let whom = Whom {
            settings,
            store,
            ix,
            floor: self.floor,
        };
        let mut out = Out {
            to: held,
            emitting: self.emitting,
            not_before: self.not_before,
            by_event: false,
            sent: &mut self.sent,
            notes: self.notes.as_mut(),
        };
        let parts = parts.all_mut();
        parts[bit].fire(&whom, at, &mut out);
        if parts[bit].next(&whom).is_none() {
            let waiting = self.waiting.get(ix) & !(1 << bit);
            self.waiting.set(ix, waiting);
        }
        self.give(store, to);
    }

    /// Marks the customer's next instant.
    fn mark(&mut self, store: &Store, ix: Ix) {
        match self.next_of(store, ix) {
            Some((at, _)) => self.agenda.look_at(ix, at),
            None => self.agenda.idle(ix),
        }
    }

    /// The settings that hold now.
    #[must_use]
    pub fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    /// Other cut points and spans hold from `clock` (ms UTC) on; everybody's next instant is looked for anew, and what
    /// is overdue by that falls due then.
    pub fn activate(&mut self, settings: Arc<Settings>, clock: i64, store: &Store) {
        if self.settings == settings {
            return;
        }
        self.wanted = self.parts.wanted(&settings);
        self.settings = settings;
        self.floor = self.floor.max(clock);
        for ix in store.iter() {
            self.rearm(store, ix);
        }
    }

    fn rearm(&mut self, store: &Store, ix: Ix) {
        let whom = self.whom(store, ix);
        let parts = self.parts.all();
        let waiting = parts.iter().enumerate().fold(0, |bits, (bit, part)| {
            bits | u16::from(part.next(&whom).is_some()) << bit
        });
        self.waiting.set(ix, waiting);
        self.mark(store, ix);
    }

    /// What an alert has to know of a customer as of an instant that no event of the customer is later than.
    #[must_use]
    pub fn profile(&self, store: &Store, ix: Ix, as_of: i64) -> Profile {
        let whom = self.whom(store, ix);
        let mut profile = Profile::default();
        for part in self.parts.all() {
            part.describe(&whom, as_of, &mut profile);
        }
        profile
    }

    /// When the customer's last contract is over if nothing comes, ms UTC, and how; none where that is not known.
    #[must_use]
    pub fn leaves_at(&self, store: &Store, ix: Ix) -> Option<(i64, ChurnKind)> {
        self.parts.contracts.leaves_at(&self.whom(store, ix))
    }

    /// Sums over the tickets of all customers; goes through them.
    #[must_use]
    pub fn service_totals(&self) -> ServiceTotals {
        self.parts.service.totals()
    }

    /// Forgets a customer, as of `at` (ms UTC). Comes before the store does.
    pub fn erase(&mut self, ix: Ix, at: i64) {
        if let (Some(notes), Some(from)) = (&mut self.notes, self.parts.segments.told(ix)) {
            notes.moves.push(Move {
                at,
                from: Some(from),
                to: None,
            });
        }
        for table in self.parts.tables_mut() {
            table.erase(ix);
        }
        self.waiting.erase(ix);
        self.agenda.idle(ix);
    }

    /// Bytes held, as allocated, about.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.memory_by_table()
            .into_iter()
            .map(|(_, bytes)| bytes)
            .sum()
    }

    /// The same by the name of the table.
    #[must_use]
    pub fn memory_by_table(&self) -> Vec<(&'static str, usize)> {
        let tables = self.parts.tables().into_iter();
        let mut all: Vec<_> = tables.map(|table| (table.name(), table.memory())).collect();
        all.push((self.waiting.name(), self.waiting.memory()));
        all.push(("agenda", self.agenda.memory()));
        all
    }
}
