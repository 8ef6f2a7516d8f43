//! One partition's customers.

use crate::Plan;
use holdfast_events::EventType;
use std::ops::RangeInclusive;

/// A customer's index inside one store. Dense; used again only after the customer is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ix(pub u32);

/// Where `cart_abandon` comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CartAbandon {
    /// `cart_abandon` events are taken as given; there are no timers.
    Given,
    /// Derived from idle carts; given ones are dropped.
    Derived {
        /// Idle time in ms after which a cart counts as abandoned.
        after_ms: i64,
    },
}

/// How a store treats events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Drop duplicates of money and subscription events.
    pub dedupe: bool,
    /// Source of cart abandons.
    pub cart_abandon: CartAbandon,
    /// Decimals of the currency's minor unit (2 for EUR, 0 for JPY).
    pub minor_exponent: u8,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// The state changed.
    Applied,
    /// Older than the customer's newest event minus [`crate::LATENESS_MS`]; nothing changed.
    Late,
    /// Seen before; nothing changed.
    Duplicate,
    /// A given `cart_abandon` while abandons are derived; nothing changed.
    CartAbandonGiven,
}

/// The part of an event that state depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Input {
    /// Type of the event.
    pub kind: EventType,
    /// Event time, ms UTC.
    pub ts: i64,
    /// Amount in minor units, where there is one.
    pub minor: Option<i64>,
    /// 64-bit hash of the event id.
    pub id_hash: u64,
}

/// A customer's own timer that fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timer {
    /// Its name, for the alert's trigger.
    pub name: &'static str,
    /// The instant for which it was set, ms UTC.
    pub at: i64,
}

/// Bytes held by a store, as allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memory {
    /// Customer ids and the table that finds them.
    pub keys: usize,
    /// Fixed heads.
    pub heads: usize,
    /// Window words.
    pub words: usize,
    /// Hashes for duplicate detection.
    pub recent: usize,
}

impl Memory {
    /// The sum of all parts.
    #[must_use]
    pub fn total(&self) -> usize {
        self.keys + self.heads + self.words + self.recent
    }
}

/// One partition's customers.
#[derive(Debug)]
pub struct Store {
    settings: Settings,
}

impl Store {
    /// An empty store.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }
    /// An empty store whose table hashes ids with `seed`; no output depends on it.
    #[must_use]
    pub fn with_seed(settings: Settings, _seed: u64) -> Self {
        Self { settings }
    }
    /// The settings it was made with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
    /// Hash of a customer id for the `_hashed` methods of this store.
    #[must_use]
    pub fn hash(&self, _id: &str) -> u64 {
        todo!()
    }
    /// Index of this customer, new if need be.
    pub fn intern(&mut self, _id: &str) -> Ix {
        todo!()
    }
    /// Like [`Self::intern`] with a hash from [`Self::hash`].
    pub fn intern_hashed(&mut self, _hash: u64, _id: &str) -> Ix {
        todo!()
    }
    /// Index of this customer.
    #[must_use]
    pub fn find(&self, _id: &str) -> Option<Ix> {
        todo!()
    }
    /// Like [`Self::find`] with a hash from [`Self::hash`].
    #[must_use]
    pub fn find_hashed(&self, _hash: u64, _id: &str) -> Option<Ix> {
        todo!()
    }
    /// Brings table slots, keys, heads and words of these hashes into the cache: call it for the
    /// next 16-64 customers, then intern and apply them.
    pub fn prefetch(&self, _hashes: &[u64]) {
        todo!()
    }
    /// The customer's id.
    #[must_use]
    pub fn id(&self, _ix: Ix) -> &str {
        todo!()
    }
    /// What [`Self::apply`] would return; changes nothing.
    #[must_use]
    pub fn verdict(&self, _ix: Ix, _input: &Input) -> Applied {
        todo!()
    }
    /// Applies one event to a customer.
    pub fn apply(&mut self, _ix: Ix, _input: &Input) -> Applied {
        todo!()
    }
    /// Instant of the customer's next own timer (an idle cart), ms UTC.
    #[must_use]
    pub fn next_timer(&self, _ix: Ix) -> Option<i64> {
        todo!()
    }
    /// Fires the customer's next own timer, whatever the time is.
    pub fn fire_timer(&mut self, _ix: Ix) -> Option<Timer> {
        todo!()
    }
    /// Forgets a customer: id, state and hashes are overwritten.
    pub fn erase(&mut self, _ix: Ix) {
        todo!()
    }
    /// Number of customers.
    #[must_use]
    pub fn len(&self) -> usize {
        todo!()
    }
    /// Whether there is no customer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// All customers, by index (which depends on arrival order: sort by id before publishing).
    pub fn iter(&self) -> impl Iterator<Item = Ix> + '_ {
        (0..0).map(Ix)
    }
    /// Greatest time of an event of any type, ms UTC: lateness counts from here.
    #[must_use]
    pub fn newest(&self, _ix: Ix) -> Option<i64> {
        todo!()
    }
    /// Greatest time of something the customer did (see [`crate::activity`]), ms UTC.
    #[must_use]
    pub fn last_event(&self, _ix: Ix) -> Option<i64> {
        todo!()
    }
    /// Least time of an event of any type, ms UTC.
    #[must_use]
    pub fn first_event(&self, _ix: Ix) -> Option<i64> {
        todo!()
    }
    /// Greatest time of a purchase, ms UTC.
    #[must_use]
    pub fn last_purchase(&self, _ix: Ix) -> Option<i64> {
        todo!()
    }
    /// Number of purchases ever.
    #[must_use]
    pub fn purchases(&self, _ix: Ix) -> u32 {
        todo!()
    }
    /// Spend of the 90 UTC days up to and with the day of `now`, minor units.
    #[must_use]
    pub fn spend_90d_minor(&self, _ix: Ix, _now: i64) -> i64 {
        todo!()
    }
    /// The plan's features at `now`, in plan order; `out` has the plan's length.
    pub fn features(&self, _ix: Ix, _now: i64, _plan: &Plan, _out: &mut [f64]) {
        todo!()
    }
    /// Bounds `(lo, hi)` of the plan's features over every instant of `span`, if no event comes and
    /// no timer fires: `lo <= feature <= hi`; equal where the span is one instant.
    pub fn bounds(
        &self,
        _ix: Ix,
        _span: RangeInclusive<i64>,
        _plan: &Plan,
        _out: &mut [(f64, f64)],
    ) {
        todo!()
    }
    /// Bytes held.
    #[must_use]
    pub fn memory(&self) -> Memory {
        Memory::default()
    }
}
