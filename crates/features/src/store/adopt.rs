//! Customers that move between stores: with another number of partitions they belong elsewhere.

use super::{Ix, Store};
use crate::head::Row;

impl Store {
    /// A copy of a customer in a store of its own by the same settings, to try events on.
    #[must_use]
    pub fn alone(&self, ix: Ix) -> Option<(Self, Ix)> {
        let mut copy = Self::new(self.settings);
        let own = copy.adopt(self, ix)?;
        Some((copy, own))
    }

    /// Takes over a customer of another store by the same settings, with all that is known of it. The other one keeps
    /// its own copy.
    ///
    /// `None`, and nothing changes, if the settings are others, or the customer is here already.
    pub fn adopt(&mut self, from: &Self, ix: Ix) -> Option<Ix> {
        let id = from.id(ix);
        if self.settings != from.settings || self.find(id).is_some() {
            return None;
        }
        let own = self.intern(id);
        self.before_change(own);
        let theirs = from.customer(ix);
        let (class, slot) = self.words.hold(theirs.words);
        let len = theirs.words.len() as u16;
        let mut head = *theirs.head;
        head.set_row(Row { slot, len, class });
        *self.heads.get_mut(own.0) = head;
        if let (Some(stats), Some(theirs)) = (&mut self.stats, &from.stats) {
            *stats.get_mut(own.0) = *theirs.get(ix.0);
        }
        if let (Some(recent), Some(newest)) = (&mut self.recent, theirs.head.newest()) {
            for [hash, ts] in theirs.recent {
                recent.remember(own.0, (*hash, *ts as i64), newest);
            }
        }
        Some(own)
    }
}
