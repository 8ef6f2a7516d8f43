//! Duplicates: the ids of the last eight days' money and subscription events of each customer.
//!
//! An event is a duplicate if the same customer had one with the same 64-bit hash of its id within
//! 24 hours of it. Events more than seven days behind the customer's newest one are late anyway,
//! so what is more than eight days behind can't matter and goes when its row is full.
//!
//! A row holds pairs (hash, time) in order; unused pairs have the time 0.

use crate::DAY_MS;
use crate::column::Column;
use crate::slab::{Slab, capacity, class_for};

/// Two events with the same id this far apart are the same event.
const SAME_WITHIN_MS: i64 = DAY_MS;
/// How far behind the customer's newest event an id is remembered.
const KEEP_MS: i64 = 8 * DAY_MS;
/// A row's class and slot in one word.
const SLOT_BITS: u32 = 25;

/// Rows of remembered ids, one per customer that needs one.
#[derive(Debug)]
pub(crate) struct Recent {
    rows: Column<u32>,
    slab: Slab,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    class: u8,
    slot: u32,
}

impl Place {
    fn unpack(packed: u32) -> Self {
        Self {
            class: (packed >> SLOT_BITS) as u8,
            slot: packed & ((1 << SLOT_BITS) - 1),
        }
    }

    fn pack(self) -> u32 {
        (u32::from(self.class) << SLOT_BITS) | self.slot
    }
}

/// Whether a pair can still be that of a duplicate, or at least must be kept: `newest` is the time of its customer's
/// newest event.
pub(crate) fn matters(pair: &[u64; 2], newest: i64) -> bool {
    pair[1] as i64 >= newest - KEEP_MS && pair[1] as i64 <= newest
}

fn pairs_in(class: u8) -> usize {
    capacity(class) / 2
}

impl Recent {
    pub(crate) fn new() -> Self {
        Self {
            rows: Column::new(),
            slab: Slab::new(),
        }
    }

    /// Room for the customers with an index below `end`.
    pub(crate) fn extend_to(&mut self, end: u32) {
        while (self.rows.len() as u32) < end {
            self.rows.push(0);
        }
    }

    /// Hash and time of each remembered id, in order.
    pub(crate) fn pairs(&self, ix: u32) -> &[[u64; 2]] {
        let place = Place::unpack(*self.rows.get(ix));
        let (pairs, _) = self.slab.row(place.class, place.slot).as_chunks::<2>();
        &pairs[..pairs.partition_point(|pair| pair[1] != 0)]
    }

    /// Whether this id has been seen within 24 hours of `ts`.
    pub(crate) fn contains(&self, ix: u32, hash: u64, ts: i64) -> bool {
        let pairs = self.pairs(ix);
        let first = pairs.partition_point(|pair| pair[0] < hash);
        pairs[first..]
            .iter()
            .take_while(|pair| pair[0] == hash)
            .any(|pair| (pair[1] as i64 - ts).abs() <= SAME_WITHIN_MS)
    }

    /// Remembers an id; `newest` is the time of the customer's newest event.
    pub(crate) fn remember(&mut self, ix: u32, (hash, ts): (u64, i64), newest: i64) {
        let mut place = Place::unpack(*self.rows.get(ix));
        let mut len = self.pairs(ix).len();
        if len == pairs_in(place.class) {
            (place, len) = self.make_room(place, newest - KEEP_MS);
            *self.rows.get_mut(ix) = place.pack();
        }
        let pair = [hash, ts as u64];
        let (pairs, _) = self
            .slab
            .row_mut(place.class, place.slot)
            .as_chunks_mut::<2>();
        let at = pairs[..len].partition_point(|known| *known < pair);
        pairs.copy_within(at..len, at + 1);
        pairs[at] = pair;
    }

    /// Drops what is older than `horizon`, then takes a row that fits; returns its used length.
    fn make_room(&mut self, place: Place, horizon: i64) -> (Place, usize) {
        let (pairs, _) = self
            .slab
            .row_mut(place.class, place.slot)
            .as_chunks_mut::<2>();
        let mut kept = 0;
        for at in 0..pairs.len() {
            let pair = std::mem::take(&mut pairs[at]);
            if pair[1] as i64 >= horizon {
                pairs[kept] = pair;
                kept += 1;
            }
        }
        // Long rows grow by an eighth at least, so that shifting them out stays cheap per event.
        let class = class_for(2 * (kept + 1 + kept / 8));
        if class == place.class {
            return (place, kept);
        }
        let slot = self.slab.resize(place.class, place.slot, 2 * kept, class);
        // 33 million customers of one partition with rows of one size: far beyond its memory.
        assert!(
            slot >> SLOT_BITS == 0,
            "no row left for {class} in duplicate detection"
        );
        (Place { class, slot }, kept)
    }

    /// Adds the next customer with these pairs, which are in order.
    pub(crate) fn restore(&mut self, pairs: &[[u64; 2]]) -> Result<(), &'static str> {
        let (class, slot) = self.slab.hold(pairs.as_flattened());
        if slot >> SLOT_BITS != 0 {
            return Err("more customers have so many ids than rows can be counted");
        }
        self.rows.push(Place { class, slot }.pack());
        Ok(())
    }

    pub(crate) fn erase(&mut self, ix: u32) {
        let place = Place::unpack(std::mem::take(self.rows.get_mut(ix)));
        self.slab.release(place.class, place.slot);
    }

    /// Bytes allocated.
    pub(crate) fn bytes(&self) -> usize {
        self.rows.bytes() + self.slab.bytes()
    }
}
