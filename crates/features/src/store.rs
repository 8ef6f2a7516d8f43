//! One partition's customers.

use crate::cart;
use crate::column::Column;
use crate::head::Head;
use crate::image::Progress;
use crate::interner::Interner;
use crate::recent::Recent;
use crate::slab::Slab;
use crate::stats::{Occasion, Stats};
use crate::words::Field;
use crate::{END_OF_TIME_MS, LATENESS_MS, activity, day_of_ms};
use holdfast_events::{EventType, Particulars};

mod adopt;
mod image;
mod read;
mod rows;
mod settle;

pub use read::Bought;
pub(crate) use rows::KEEP_DAYS;
pub use settle::Rhythm;

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
    /// Statistics over the whole life, for features that need them: what an occasion is.
    pub stats: Option<Occasion>,
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
    /// What its type says beside; matters only where statistics are kept.
    pub particulars: Particulars,
}

/// Name of the timer of an idle cart.
const CART_ABANDON: &str = "cart_abandon";

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
    /// Statistics over the whole life.
    pub stats: usize,
}

impl Memory {
    /// The sum of all parts.
    #[must_use]
    pub fn total(&self) -> usize {
        self.keys + self.heads + self.words + self.recent + self.stats
    }
}

/// One partition's customers.
///
/// All methods that take an [`Ix`] want one that this store gave and that hasn't been erased since;
/// an index beyond the store's end panics.
#[derive(Debug)]
pub struct Store {
    settings: Settings,
    names: Interner,
    heads: Column<Head>,
    words: Slab,
    recent: Option<Recent>,
    stats: Option<Column<Stats>>,
    minor_per_major: f64,
    image: Option<Box<Progress>>,
}

impl Store {
    /// An empty store.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self::with_seed(settings, 0)
    }

    /// An empty store whose table hashes ids with `seed`. No output depends on the seed; one that
    /// others can't guess keeps them from choosing ids that fall into the same place.
    #[must_use]
    pub fn with_seed(settings: Settings, seed: u64) -> Self {
        Self {
            settings,
            names: Interner::new(seed),
            heads: Column::new(),
            words: Slab::new(),
            recent: settings.dedupe.then(Recent::new),
            stats: settings.stats.map(|_| Column::new()),
            minor_per_major: 10u64.pow(u32::from(settings.minor_exponent.min(18))) as f64,
            image: None,
        }
    }

    /// The settings it was made with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Hash of a customer id for the `_hashed` methods of this store.
    #[must_use]
    pub fn hash(&self, id: &str) -> u64 {
        self.names.hash(id)
    }

    /// Index of this customer, new if need be.
    pub fn intern(&mut self, id: &str) -> Ix {
        self.intern_hashed(self.hash(id), id)
    }

    /// Like [`Self::intern`], with a hash from [`Self::hash`].
    pub fn intern_hashed(&mut self, hash: u64, id: &str) -> Ix {
        if self.image.is_some() {
            self.before_intern(hash, id);
        }
        let (ix, is_new) = self.names.intern(hash, id);
        if is_new && ix as usize == self.heads.len() {
            self.heads.push(Head::new());
            if let Some(recent) = &mut self.recent {
                recent.extend_to(ix + 1);
            }
            if let Some(stats) = &mut self.stats {
                stats.push(Stats::default());
            }
        }
        Ix(ix)
    }

    /// Index of this customer.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<Ix> {
        self.find_hashed(self.hash(id), id)
    }

    /// Like [`Self::find`], with a hash from [`Self::hash`].
    #[must_use]
    pub fn find_hashed(&self, hash: u64, id: &str) -> Option<Ix> {
        self.names.find(hash, id).map(Ix)
    }

    /// What [`Self::apply`] would return; changes nothing.
    #[must_use]
    pub fn verdict(&self, ix: Ix, input: &Input) -> Applied {
        let derived = self.settings.cart_abandon != CartAbandon::Given;
        if derived && input.kind == EventType::CartAbandon {
            return Applied::CartAbandonGiven;
        }
        let newest = self.heads.get(ix.0).newest();
        let is_late = newest.is_some_and(|newest| input.ts < newest - LATENESS_MS);
        if is_late || input.ts <= 0 || input.ts >= END_OF_TIME_MS {
            return Applied::Late;
        }
        match &self.recent {
            Some(recent)
                if input.kind.is_deduplicated()
                    && recent.contains(ix.0, input.id_hash, input.ts) =>
            {
                Applied::Duplicate
            }
            _ => Applied::Applied,
        }
    }

    /// Applies one event to a customer. Fire the customer's timers up to `input.ts` first.
    ///
    /// | outcome | when |
    /// | --- | --- |
    /// | `CartAbandonGiven` | a given `cart_abandon`, and abandons are derived |
    /// | `Late` | more than seven days before the customer's newest event, or not a time at all |
    /// | `Duplicate` | a money or subscription event with the same id within 24 hours |
    /// | `Applied` | otherwise; only now the state changes |
    ///
    /// Negative amounts count as 0: decoding rejects them.
    pub fn apply(&mut self, ix: Ix, input: &Input) -> Applied {
        let verdict = self.verdict(ix, input);
        if verdict != Applied::Applied {
            return verdict;
        }
        self.before_change(ix);
        let head = self.heads.get_mut(ix.0);
        head.see(input.ts, activity::is_activity(input.kind));
        let newest = head.newest().unwrap_or(input.ts);
        match (input.kind, self.settings.cart_abandon) {
            (EventType::Refund, _) => head.refund(input.minor.unwrap_or(0)),
            (kind, CartAbandon::Derived { after_ms }) if cart::is_touch(kind) => {
                cart::touch(head, input.ts, after_ms);
            }
            _ => {}
        }
        // Before the words are changed: room for new ones is made by dropping old ones.
        self.settle(ix, newest);
        if input.kind == EventType::Purchase {
            self.add_purchase(ix, input.ts, input.minor.unwrap_or(0));
        } else if let Some(field) = activity::count_of(input.kind) {
            self.add(ix, day_of_ms(input.ts), field.place(), 1);
        }
        if self.stats.is_some() {
            for (detail, amount) in activity::details_of(input) {
                self.add_detail(ix, day_of_ms(input.ts), detail, amount);
            }
        }
        if let Some(recent) = self
            .recent
            .as_mut()
            .filter(|_| input.kind.is_deduplicated())
        {
            recent.remember(ix.0, (input.id_hash, input.ts), newest);
        }
        Applied::Applied
    }

    /// Instant of the customer's next own timer (an idle cart), ms UTC.
    #[must_use]
    pub fn next_timer(&self, ix: Ix) -> Option<i64> {
        match self.settings.cart_abandon {
            CartAbandon::Given => None,
            CartAbandon::Derived { after_ms } => cart::timer(self.heads.get(ix.0), after_ms),
        }
    }

    /// Fires the customer's next own timer, whatever the time is: closes the cart and counts one
    /// abandon on the timer's day. It is no event: recency, tenure and lateness don't move.
    pub fn fire_timer(&mut self, ix: Ix) -> Option<Timer> {
        let CartAbandon::Derived { after_ms } = self.settings.cart_abandon else {
            return None;
        };
        self.before_change(ix);
        let at = cart::fire(self.heads.get_mut(ix.0), after_ms)?;
        self.add(ix, day_of_ms(at), Field::CartAbandons.place(), 1);
        Some(Timer {
            name: CART_ABANDON,
            at,
        })
    }

    /// Forgets a customer: id, state and remembered hashes are overwritten with zeros, and the index
    /// may be given to another. Erasing twice does nothing.
    pub fn erase(&mut self, ix: Ix) {
        if !self.names.is_live(ix.0) {
            return;
        }
        self.before_change(ix);
        let row = self.heads.get(ix.0).row();
        self.words.release(row.class, row.slot);
        *self.heads.get_mut(ix.0) = Head::new();
        if let Some(recent) = &mut self.recent {
            recent.erase(ix.0);
        }
        if let Some(stats) = &mut self.stats {
            *stats.get_mut(ix.0) = Stats::default();
        }
        self.names.erase(ix.0);
    }
}

#[cfg(test)]
mod tests;
