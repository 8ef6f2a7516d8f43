//! Writing into a customer's row of words.

use super::{Ix, Store};
use crate::day_of_ms;
use crate::head::{Between, Row};
use crate::slab::{capacity, class_for};
use crate::words::{self, Detail, MINOR, Missing, PURCHASES, Place};

/// Words of days this far before the newest event's day are dropped when room is needed: the
/// longest window, moved back by the greatest lateness, and a day of slack.
pub(crate) const KEEP_DAYS: u16 = 90 + 7;

impl Store {
    /// Adds to a count of a day, carrying into its high words.
    pub(super) fn add(&mut self, ix: Ix, day: u16, place: Place, amount: u64) {
        let words = self.words_mut(ix);
        let carry = match words::add_low(words, day, place, amount) {
            Ok(carry) => carry,
            Err(missing) => self.insert(ix, missing),
        };
        if carry > 0
            && let Err(missing) = words::add_high(self.words_mut(ix), day, place, carry)
        {
            self.insert(ix, missing);
        }
    }

    pub(super) fn add_detail(&mut self, ix: Ix, day: u16, detail: Detail, amount: u64) {
        if amount == 0 {
            return;
        }
        if let Err(missing) = words::add_detail(self.words_mut(ix), day, detail, amount) {
            self.insert(ix, missing);
        }
    }

    pub(super) fn add_purchase(&mut self, ix: Ix, ts: i64, minor: i64) {
        let day = day_of_ms(ts);
        let known = words::purchase_neighbours(self.words_mut(ix), day);
        let head = self.heads.get_mut(ix.0);
        // What has no word any more is older than all that has one.
        let before = known.before.or(head.forgotten_purchase_day());
        let new_day = (!known.here).then_some(Between {
            before,
            after: known.after,
        });
        head.buy(ts, minor, new_day);
        if minor > 0 {
            self.add(ix, day, MINOR, minor as u64);
        }
        self.add(ix, day, PURCHASES, 1);
    }

    fn words_mut(&mut self, ix: Ix) -> &mut [u64] {
        let row = self.heads.get(ix.0).row();
        &mut self.words.row_mut(row.class, row.slot)[..usize::from(row.len)]
    }

    /// Inserts a missing word; returns what is left to be added.
    #[inline(never)]
    fn insert(&mut self, ix: Ix, missing: Missing) -> u64 {
        let mut row = self.heads.get(ix.0).row();
        let mut at = missing.at;
        if usize::from(row.len) == capacity(row.class) {
            let dropped = self.make_room(ix, &mut row);
            at = at.saturating_sub(dropped);
        }
        let len = usize::from(row.len);
        let words = self.words.row_mut(row.class, row.slot);
        words.copy_within(at..len, at + 1);
        words[at] = missing.word;
        row.len += 1;
        self.heads.get_mut(ix.0).set_row(row);
        missing.rest
    }

    /// Drops words that no window can reach any more; takes a longer row if none has gone, a
    /// shorter one if most have. Returns how many words went.
    fn make_room(&mut self, ix: Ix, row: &mut Row) -> usize {
        let head = self.heads.get_mut(ix.0);
        let horizon = day_of_ms(head.newest().unwrap_or(0)).saturating_sub(KEEP_DAYS);
        let len = usize::from(row.len);
        let words = &mut self.words.row_mut(row.class, row.slot)[..len];
        let (dropped, purchase_day) = words::expired(words, horizon);
        if let Some(day) = purchase_day {
            head.forget_purchase_day(day);
        }
        words.copy_within(dropped.., 0);
        words[len - dropped..].fill(0);
        let kept = len - dropped;
        row.len = kept as u16;
        let is_sparse = 2 * (kept + 1) <= capacity(row.class);
        if dropped == 0 || is_sparse {
            let class = class_for(kept + 1);
            row.slot = self.words.resize(row.class, row.slot, kept, class);
            row.class = class;
        }
        dropped
    }
}
