//! A whole event log in memory, streamed through the feature store up to each cutoff.
//!
//! Training rows and batch scores come from the very store that serves live scores: events are applied
//! in the order of their time, a customer's own timers fire before the events that follow them, and at a
//! cutoff the features are read as a live score at that instant would read them.

use std::collections::{HashMap, HashSet};

use holdfast_events::Event;
use holdfast_features::activity::is_activity;
use holdfast_features::{Applied, Input, Ix, Settings, Store};

use crate::{Label, LabelKind};

/// Entries whose customers are fetched from memory together.
const TOGETHER: usize = 32;

/// Accepted events of all customers.
#[derive(Debug)]
pub struct History {
    label: LabelKind,
    ids: Vec<Box<str>>,
    index: HashMap<Box<str>, u32>,
    /// Events of a customer before this one (by number) were erased.
    erased: HashMap<u32, usize>,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    input: Input,
    customer: u32,
    /// Whether it is of the kind that decides the label.
    matches: bool,
}

/// Index of a customer in a [`History`], in the order of first appearance.
pub type Customer = u32;

/// The population at a cutoff, with the state of that instant.
#[derive(Debug)]
pub struct Snapshot<'a> {
    /// The instant, ms UTC.
    pub cutoff_ms: i64,
    /// State in which exactly the events and timers up to the cutoff are.
    pub store: &'a Store,
    /// Everyone in the label's population, in the order of their ids' bytes.
    pub members: &'a [(Customer, Ix)],
}

/// How many events were applied or dropped on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events in the state.
    pub applied: u64,
    /// Older than their customer's newest one by more than the lateness bound.
    pub late: u64,
    /// Seen before.
    pub duplicate: u64,
    /// Given cart abandons while they are derived.
    pub cart_abandon_given: u64,
}

/// What happened after the cutoffs, as far as labels need it.
#[derive(Debug, Default)]
pub struct Outcomes {
    /// Applied events of the label's kind in the order of time.
    matching: Vec<(i64, Customer)>,
    /// Events applied and dropped.
    pub counts: Counts,
}

impl Counts {
    fn add(&mut self, applied: Applied) {
        match applied {
            Applied::Applied => self.applied += 1,
            Applied::Late => self.late += 1,
            Applied::Duplicate => self.duplicate += 1,
            Applied::CartAbandonGiven => self.cart_abandon_given += 1,
        }
    }
}

impl History {
    /// An empty history for labels of this kind.
    #[must_use]
    pub fn new(label: LabelKind) -> Self {
        Self {
            label,
            ids: Vec::new(),
            index: HashMap::new(),
            erased: HashMap::new(),
            entries: Vec::new(),
        }
    }

    /// Adds an event.
    pub fn push(&mut self, event: &Event<'_>) {
        let customer = match self.index.get(event.customer_id.as_ref()) {
            Some(customer) => *customer,
            None => self.add(&event.customer_id),
        };
        self.entries.push(Entry {
            input: Input {
                kind: event.kind,
                ts: event.ts,
                minor: event.minor,
                id_hash: event.id_hash(),
                particulars: event.particulars,
            },
            customer,
            matches: self.label.matches(event.kind, &event.type_name),
        });
    }

    fn add(&mut self, id: &str) -> Customer {
        // More than 4 billion customers do not fit in memory anyway.
        let customer = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        self.ids.push(id.into());
        self.index.insert(id.into(), customer);
        customer
    }

    /// Forgets what a customer has done so far; a later event begins anew.
    pub fn erase(&mut self, id: &str) {
        if let Some(customer) = self.index.get(id) {
            self.erased.insert(*customer, self.entries.len());
        }
    }

    /// Removes erased events and everything after `until_ms`, and sorts by time, ties in the order in
    /// which they were added. To be called once, after the last event.
    pub fn finish(&mut self, until_ms: i64) {
        let erased = std::mem::take(&mut self.erased);
        let mut number = 0;
        self.entries.retain(|entry| {
            let keep = erased
                .get(&entry.customer)
                .is_none_or(|from| number >= *from);
            number += 1;
            keep && entry.input.ts <= until_ms
        });
        self.entries.sort_by_key(|entry| entry.input.ts);
    }

    /// Changes every amount of the listed events, given by their number in the order of adding. Only
    /// before [`Self::finish`].
    pub fn rescale(&mut self, events: &[usize], change: impl Fn(i64) -> i64) {
        for event in events {
            if let Some(entry) = self.entries.get_mut(*event) {
                entry.input.minor = entry.input.minor.map(&change);
            }
        }
    }

    /// Number of events held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no event is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Time of the first event, ms UTC, once finished.
    #[must_use]
    pub fn first_ms(&self) -> Option<i64> {
        self.entries.first().map(|entry| entry.input.ts)
    }

    /// Greatest time of an event, ms UTC.
    #[must_use]
    pub fn last_ms(&self) -> Option<i64> {
        self.entries.iter().map(|entry| entry.input.ts).max()
    }

    /// Customers with an event.
    #[must_use]
    pub fn customers(&self) -> usize {
        self.firsts().len()
    }

    /// How many ids it knows: every [`Customer`] is below.
    #[must_use]
    pub fn ids(&self) -> usize {
        self.ids.len()
    }

    /// A customer's id.
    #[must_use]
    pub fn id(&self, customer: Customer) -> &str {
        &self.ids[customer as usize]
    }

    /// The kind of label that its events are looked at for.
    #[must_use]
    pub fn label(&self) -> &LabelKind {
        &self.label
    }

    /// When each customer did what decides the label, ascending (ms UTC), once finished.
    pub(crate) fn occasions(&self) -> Vec<Vec<i64>> {
        let mut times = vec![Vec::new(); self.ids.len()];
        for entry in self.entries.iter().filter(|entry| entry.matches) {
            times[entry.customer as usize].push(entry.input.ts);
        }
        times
    }

    /// The first time of each customer who has one, once finished.
    pub(crate) fn firsts(&self) -> Vec<i64> {
        let mut found: Vec<Option<i64>> = vec![None; self.ids.len()];
        for entry in &self.entries {
            found[entry.customer as usize].get_or_insert(entry.input.ts);
        }
        found.into_iter().flatten().collect()
    }

    /// When customers did something, up to and with an instant, ms UTC.
    pub fn acts(&self, to_ms: i64) -> impl Iterator<Item = i64> {
        let acts = self.entries.iter().map(|e| (e.input.ts, e.input.kind));
        acts.filter_map(move |(ts, kind)| (ts <= to_ms && is_activity(kind)).then_some(ts))
    }

    /// Number of events of the kind that decides the label.
    #[must_use]
    pub fn matching(&self) -> usize {
        self.entries.iter().filter(|entry| entry.matches).count()
    }

    /// Streams the finished history once, stopping at each of the ascending `cutoffs` to show the
    /// population of `label` there, and after the last one as far as labels look.
    pub fn walk(
        &self,
        label: &Label,
        settings: Settings,
        cutoffs: &[i64],
        visit: &mut dyn FnMut(&Snapshot<'_>),
    ) -> Outcomes {
        let mut walk = Walk::new(self, label, settings);
        for cutoff_ms in cutoffs {
            walk.up_to(*cutoff_ms);
            walk.fire_timers(*cutoff_ms);
            let members = walk.members(*cutoff_ms);
            visit(&Snapshot {
                cutoff_ms: *cutoff_ms,
                store: &walk.store,
                members: &members,
            });
        }
        if let Some(last) = cutoffs.last() {
            walk.up_to(last.saturating_add(label.horizon_ms()));
        }
        walk.outcomes
    }
}

impl History {
    /// The state of all customers at an instant (ms UTC), their timers up to then fired, and whether any
    /// event of the label's kind came.
    #[must_use]
    pub fn state(&self, settings: Settings, at: i64) -> (Store, bool) {
        let label = Label {
            kind: self.label.clone(),
            horizon_days: 0,
            active_days: 0,
        };
        let mut walk = Walk::new(self, &label, settings);
        walk.up_to(at);
        walk.fire_timers(at);
        let had = walk.had.iter().any(|had| *had);
        (walk.store, had)
    }
}

struct Walk<'a> {
    history: &'a History,
    label: &'a Label,
    store: Store,
    /// Next entry to apply.
    next: usize,
    /// Store index of each customer that has one.
    places: Vec<Option<Ix>>,
    /// Customers in the order of their ids' bytes.
    by_id: Vec<Customer>,
    /// Customers with an event of the label's kind so far.
    had: Vec<bool>,
    outcomes: Outcomes,
}

impl<'a> Walk<'a> {
    fn new(history: &'a History, label: &'a Label, settings: Settings) -> Self {
        let customers = history.ids.len();
        let mut by_id: Vec<Customer> = (0..customers as Customer).collect();
        by_id.sort_unstable_by(|a, b| history.id(*a).as_bytes().cmp(history.id(*b).as_bytes()));
        Self {
            history,
            label,
            store: Store::new(settings),
            next: 0,
            places: vec![None; customers],
            by_id,
            had: vec![false; customers],
            outcomes: Outcomes::default(),
        }
    }

    /// Customers of some entries are fetched from memory together: at random ones its latency is the limit.
    fn up_to(&mut self, instant: i64) {
        let rest = &self.history.entries[self.next..];
        let due = rest.partition_point(|entry| entry.input.ts <= instant);
        for together in rest[..due].chunks(TOGETHER) {
            let known = together
                .iter()
                .filter_map(|entry| self.places[entry.customer as usize]);
            let known: Vec<Ix> = known.collect();
            self.store.touch(&known);
            for entry in together {
                self.apply(entry);
            }
        }
        self.next += due;
    }

    fn apply(&mut self, entry: &Entry) {
        let customer = entry.customer as usize;
        let ix = match self.places[customer] {
            Some(ix) => ix,
            None => {
                let ix = self.store.intern(self.history.id(entry.customer));
                self.places[customer] = Some(ix);
                ix
            }
        };
        fire(&mut self.store, ix, entry.input.ts);
        let applied = self.store.apply(ix, &entry.input);
        self.outcomes.counts.add(applied);
        if entry.matches && applied == Applied::Applied {
            self.had[customer] = true;
            self.outcomes
                .matching
                .push((entry.input.ts, entry.customer));
        }
    }

    fn fire_timers(&mut self, instant: i64) {
        for ix in self.places.iter().flatten() {
            fire(&mut self.store, *ix, instant);
        }
    }

    fn members(&self, cutoff_ms: i64) -> Vec<(Customer, Ix)> {
        let left = self.label.kind.event_means_left();
        let found = self.by_id.iter().filter_map(|customer| {
            let ix = self.places[*customer as usize]?;
            let gone = left && self.had[*customer as usize];
            (!gone && self.label.covers(&self.store, ix, cutoff_ms)).then_some((*customer, ix))
        });
        found.collect()
    }
}

/// Fires a customer's own timers up to an instant, in the order of their times.
fn fire(store: &mut Store, ix: Ix, instant: i64) {
    while store.next_timer(ix).is_some_and(|at| at <= instant) {
        if store.fire_timer(ix).is_none() {
            break;
        }
    }
}

impl Outcomes {
    /// Applied events of the label's kind, as (ms UTC, customer) in the order of time.
    #[must_use]
    pub fn matching(&self) -> &[(i64, Customer)] {
        &self.matching
    }

    /// Whether each of the customers had left `label.horizon_days` after the cutoff.
    #[must_use]
    pub fn left(&self, label: &Label, cutoff_ms: i64, customers: &[Customer]) -> Vec<bool> {
        let end = cutoff_ms.saturating_add(label.horizon_ms());
        let begin = self.matching.partition_point(|(ts, _)| *ts <= cutoff_ms);
        let watched = self.matching[begin..]
            .iter()
            .take_while(|(ts, _)| *ts <= end);
        let acted: HashSet<Customer> = watched.map(|(_, customer)| *customer).collect();
        let means_left = label.kind.event_means_left();
        customers
            .iter()
            .map(|c| acted.contains(c) == means_left)
            .collect()
    }
}

#[cfg(test)]
mod tests;
