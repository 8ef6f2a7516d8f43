//! Sums over windows: one pass backwards over the sorted words.
//!
//! Fields are not taken apart word by word. Six of them share a payload, laid out so that every
//! third one can be added in place: between a field and the next one of its lane there is room for
//! the sum of more words than a row may have. A word costs three masked additions.

use super::{Field, HIGH, MINOR, MORE, PURCHASE, PURCHASES, SHOP, day_of, tag_of};
use std::ops::RangeInclusive;

/// Lane masks of a payload: fields (0, 3), (1, 4) and (2, 5) of a kind of word.
const LANES: [[u64; 3]; 2] = [lane_masks(0), lane_masks(6)];

const fn lane_masks(first: usize) -> [u64; 3] {
    let mut masks = [0; 3];
    let mut at = 0;
    while at < 6 {
        let (_, shift, bits) = Field::PLACES[first + at];
        masks[at % 3] |= ((1 << bits) - 1) << shift;
        at += 1;
    }
    masks
}

/// Purchases in the low half of their lane, purchase days in the high half.
const ONE_DAY: u64 = 1 << 40;

/// Sums over the low (or the high) words of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Lanes {
    shop: [u64; 3],
    more: [u64; 3],
    purchases: u64,
    minor: u64,
}

impl Lanes {
    #[inline(always)]
    fn add(&mut self, tag: u64, word: u64) {
        match tag {
            SHOP => {
                self.shop[0] += word & LANES[0][0];
                self.shop[1] += word & LANES[0][1];
                self.shop[2] += word & LANES[0][2];
            }
            PURCHASE => {
                self.purchases += PURCHASES.get(word) + ONE_DAY;
                self.minor += MINOR.get(word);
            }
            MORE => {
                self.more[0] += word & LANES[1][0];
                self.more[1] += word & LANES[1][1];
                self.more[2] += word & LANES[1][2];
            }
            _ => {}
        }
    }

    #[inline]
    fn plus(mut self, other: &Self) -> Self {
        for (mine, theirs) in self.shop.iter_mut().zip(other.shop) {
            *mine += theirs;
        }
        for (mine, theirs) in self.more.iter_mut().zip(other.more) {
            *mine += theirs;
        }
        self.purchases += other.purchases;
        self.minor += other.minor;
        self
    }

    #[inline]
    fn count(&self, field: Field) -> u64 {
        let index = field as usize;
        let lane = if index < 6 { &self.shop } else { &self.more }[index % 3];
        // The field's room reaches up to the other field of its lane, or to the top.
        let (_, shift, _) = Field::PLACES[index];
        if index % 6 < 3 {
            let (_, end, _) = Field::PLACES[index + 3];
            (lane >> shift) & ((1 << (end - shift)) - 1)
        } else {
            lane >> shift
        }
    }
}

/// Lengths of the windows in UTC days, the day of `now` included.
pub(crate) const WINDOW_DAYS: [u16; 3] = [7, 30, 90];

/// The sums of all windows that were asked for; the others are zero.
#[derive(Debug, Default)]
pub(crate) struct Windows {
    low: [Lanes; 3],
    /// None while no field of any day has overflowed, which is nearly always.
    high: Option<[Lanes; 3]>,
}

impl Windows {
    /// Events of a field in a window.
    #[inline]
    pub(crate) fn count(&self, window: usize, field: Field) -> u64 {
        let low = self.low[window].count(field);
        match &self.high {
            None => low,
            Some(high) => low + (high[window].count(field) << Field::PLACES[field as usize].2),
        }
    }

    /// Purchases in a window.
    #[inline]
    pub(crate) fn purchases(&self, window: usize) -> u64 {
        let low = self.low[window].purchases % ONE_DAY;
        match &self.high {
            None => low,
            Some(high) => low + ((high[window].purchases % ONE_DAY) << PURCHASES.bits),
        }
    }

    /// Distinct UTC days with a purchase in a window: each has exactly one low word.
    #[inline]
    pub(crate) fn purchase_days(&self, window: usize) -> u64 {
        self.low[window].purchases / ONE_DAY
    }

    /// Spend in a window, minor units; held at the greatest i64.
    #[inline]
    pub(crate) fn minor(&self, window: usize) -> i64 {
        let low = i64::try_from(self.low[window].minor).unwrap_or(i64::MAX);
        match &self.high {
            None => low,
            Some(high) => {
                let high = u128::from(high[window].minor) << MINOR.bits;
                low.saturating_add(i64::try_from(high).unwrap_or(i64::MAX))
            }
        }
    }
}

/// A walk back over the words, adding up those of one level.
struct Walk<'a> {
    words: &'a [u64],
    /// Words from here on have been seen.
    at: usize,
    sum: Lanes,
    /// 0 to add low words, [`HIGH`] to add high ones.
    level: u64,
    saw_other_level: bool,
}

impl<'a> Walk<'a> {
    /// Starts with the newest word that is not after `last`.
    fn new(words: &'a [u64], last: u16, level: u64) -> Self {
        let mut at = words.len();
        while at > 0 && day_of(words[at - 1]) > last {
            at -= 1;
        }
        Self {
            words,
            at,
            sum: Lanes::default(),
            level,
            saw_other_level: false,
        }
    }

    /// Adds every word that is not before day `first`.
    #[inline]
    fn back_to(&mut self, first: u16) -> &Lanes {
        let floor = super::key(first, 0);
        let mut at = self.at;
        while let Some(&word) = self.words[..at].last().filter(|word| **word >= floor) {
            let tag = tag_of(word) ^ self.level;
            self.saw_other_level |= tag & HIGH != 0;
            self.sum.add(tag, word);
            at -= 1;
        }
        self.at = at;
        &self.sum
    }
}

/// First day of each window that ends with `day`.
fn starts(day: u16) -> [u16; 3] {
    WINDOW_DAYS.map(|days| day.saturating_sub(days - 1))
}

/// The windows that end with `day`.
pub(crate) fn windows_at(words: &[u64], day: u16, needed: [bool; 3]) -> Windows {
    let mut out = Windows::default();
    if sum_level(words, (day, starts(day)), (needed, 0), &mut out.low) {
        let high = out.high.insert(Default::default());
        sum_level(words, (day, starts(day)), (needed, HIGH), high);
    }
    out
}

/// Sums the words of one level from each start to `last`; true if the other level occurs too.
fn sum_level(
    words: &[u64],
    (last, starts): (u16, [u16; 3]),
    (needed, level): ([bool; 3], u64),
    out: &mut [Lanes; 3],
) -> bool {
    let mut walk = Walk::new(words, last, level);
    for window in (0..3).filter(|&window| needed[window]) {
        out[window] = *walk.back_to(starts[window]);
    }
    walk.saw_other_level
}

/// Lower and upper sums of the windows over all days of `days`: a window moves along with the day,
/// so each of its positions holds what all of them share and is held by their union.
pub(crate) fn bounds_of(
    words: &[u64],
    days: RangeInclusive<u16>,
    needed: [bool; 3],
) -> (Windows, Windows) {
    let (mut lo, mut hi) = (Windows::default(), Windows::default());
    if bound_level(words, &days, (needed, 0), (&mut lo.low, &mut hi.low)) {
        let out = (
            lo.high.insert(Default::default()),
            hi.high.insert(Default::default()),
        );
        bound_level(words, &days, (needed, HIGH), out);
    }
    (lo, hi)
}

fn bound_level(
    words: &[u64],
    days: &RangeInclusive<u16>,
    (needed, level): ([bool; 3], u64),
    (lo, hi): (&mut [Lanes; 3], &mut [Lanes; 3]),
) -> bool {
    let (first, last) = (*days.start(), *days.end());
    if last - first > WINDOW_DAYS[1] - WINDOW_DAYS[0] {
        // The starts of different windows interleave: one walk each.
        let shared = sum_level(words, (first, starts(last)), (needed, level), lo);
        return sum_level(words, (last, starts(first)), (needed, level), hi) || shared;
    }
    let mut newer = Walk::new(words, last, level);
    let later = *newer.back_to(first + 1);
    let mut walk = Walk {
        sum: Lanes::default(),
        ..newer
    };
    for window in (0..3).filter(|&window| needed[window]) {
        lo[window] = *walk.back_to(starts(last)[window]);
        hi[window] = walk.back_to(starts(first)[window]).plus(&later);
    }
    walk.saw_other_level
}
