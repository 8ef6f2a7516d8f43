//! Sums over windows: one pass backwards over the sorted words.
//!
//! Fields are not taken apart word by word. Six of them share a payload, laid out so that every
//! third one can be added in place: between a field and the next one of its lane there is room for
//! the sum of more words than a row may have. A word costs three masked additions.

use super::{
    DETAIL, Field, HIGH, HIGH_MASK, MINOR, MORE, NUMBER_SHIFT, NUMBERS, PURCHASE, PURCHASES, Place,
    SHOP, day_of, key, tag_of,
};
use std::ops::RangeInclusive;

/// Lengths of the windows in UTC days, the day of `now` included.
pub(crate) const WINDOW_DAYS: [u16; 3] = [7, 30, 90];

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

/// What can be added up over words.
trait Sum: Copy + Default {
    fn add(&mut self, word: u64);
    fn plus(self, other: &Self) -> Self;
}

/// Sums over the low words of a window.
#[derive(Debug, Clone, Copy, Default)]
struct Lanes {
    shop: [u64; 3],
    more: [u64; 3],
    purchases: u64,
    minor: u64,
    /// Set once a high word was met: their sums are needed as well.
    met_high: u64,
}

impl Sum for Lanes {
    #[inline(always)]
    fn add(&mut self, word: u64) {
        match tag_of(word) {
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
            // Read day by day, for statistics: no window has them.
            DETAIL => {}
            _ => self.met_high = 1,
        }
    }

    #[inline]
    fn plus(mut self, other: &Self) -> Self {
        for at in 0..3 {
            self.shop[at] += other.shop[at];
            self.more[at] += other.more[at];
        }
        self.purchases += other.purchases;
        self.minor += other.minor;
        self.met_high |= other.met_high;
        self
    }
}

/// Sums over the high words of a window, by number.
#[derive(Debug, Clone, Copy, Default)]
struct Highs([u64; NUMBERS]);

impl Sum for Highs {
    fn add(&mut self, word: u64) {
        if word & HIGH != 0 {
            let number = (word >> NUMBER_SHIFT) as usize % 16;
            self.0[number] += word & HIGH_MASK;
        }
    }

    fn plus(mut self, other: &Self) -> Self {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
        self
    }
}

impl Lanes {
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

/// The sums of all windows that were asked for; the others are zero.
#[derive(Debug, Default)]
pub(crate) struct Windows {
    low: [Lanes; 3],
    /// None while no number of any day has outgrown its bits, which is nearly always.
    high: Option<[Highs; 3]>,
}

impl Windows {
    /// Adds what has been carried out of a number's bits.
    #[inline]
    fn whole(&self, window: usize, low: u64, place: Place) -> u64 {
        match &self.high {
            None => low,
            Some(high) => low.saturating_add(scaled(high[window].0[place.number], place.bits)),
        }
    }

    /// Events of a field in a window.
    #[inline]
    pub(crate) fn count(&self, window: usize, field: Field) -> u64 {
        self.whole(window, self.low[window].count(field), field.place())
    }

    /// Purchases in a window.
    #[inline]
    pub(crate) fn purchases(&self, window: usize) -> u64 {
        self.whole(window, self.low[window].purchases % ONE_DAY, PURCHASES)
    }

    /// Distinct UTC days with a purchase in a window: each has exactly one low word.
    #[inline]
    pub(crate) fn purchase_days(&self, window: usize) -> u64 {
        self.low[window].purchases / ONE_DAY
    }

    /// Spend in a window, minor units; held at the greatest i64.
    #[inline]
    pub(crate) fn minor(&self, window: usize) -> i64 {
        let minor = self.whole(window, self.low[window].minor, MINOR);
        i64::try_from(minor).unwrap_or(i64::MAX)
    }
}

/// `units` of 2^`bits`, held at the greatest u64.
fn scaled(units: u64, bits: u32) -> u64 {
    units.saturating_mul(1 << bits)
}

/// A walk back over the words, adding them up.
struct Walk<'a, S> {
    words: &'a [u64],
    /// Words from here on have been seen.
    at: usize,
    sum: S,
}

impl<'a, S: Sum> Walk<'a, S> {
    /// Starts with the newest word that is not after `last`.
    fn new(words: &'a [u64], last: u16) -> Self {
        let mut at = words.len();
        while at > 0 && day_of(words[at - 1]) > last {
            at -= 1;
        }
        Self {
            words,
            at,
            sum: S::default(),
        }
    }

    /// Adds every word that is not before day `first`.
    #[inline]
    fn back_to(&mut self, first: u16) -> &S {
        let floor = key(first, 0);
        let mut at = self.at;
        while let Some(&word) = self.words[..at].last().filter(|word| **word >= floor) {
            self.sum.add(word);
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
    sum_back(words, (day, starts(day)), needed, &mut out.low);
    if met_high(&out.low) {
        let high = out.high.insert(Default::default());
        sum_back(words, (day, starts(day)), needed, high);
    }
    out
}

fn met_high(windows: &[Lanes; 3]) -> bool {
    windows.iter().any(|lanes| lanes.met_high != 0)
}

/// Sums the words from each start to `last`.
fn sum_back<S: Sum>(
    words: &[u64],
    (last, starts): (u16, [u16; 3]),
    needed: [bool; 3],
    out: &mut [S; 3],
) {
    let mut walk = Walk::new(words, last);
    for window in (0..3).filter(|&window| needed[window]) {
        out[window] = *walk.back_to(starts[window]);
    }
}

/// Lower and upper sums of the windows over all days of `days`: a window moves along with the day,
/// so each of its positions holds what all of them share and is held by their union.
pub(crate) fn bounds_of(
    words: &[u64],
    days: RangeInclusive<u16>,
    needed: [bool; 3],
) -> (Windows, Windows) {
    let (mut lo, mut hi) = (Windows::default(), Windows::default());
    bound_back(words, &days, needed, (&mut lo.low, &mut hi.low));
    if met_high(&hi.low) {
        let out = (
            lo.high.insert(Default::default()),
            hi.high.insert(Default::default()),
        );
        bound_back(words, &days, needed, out);
    }
    (lo, hi)
}

fn bound_back<S: Sum>(
    words: &[u64],
    days: &RangeInclusive<u16>,
    needed: [bool; 3],
    (lo, hi): (&mut [S; 3], &mut [S; 3]),
) {
    let (first, last) = (*days.start(), *days.end());
    if last - first > WINDOW_DAYS[1] - WINDOW_DAYS[0] {
        // The starts of different windows interleave: one walk each.
        sum_back(words, (first, starts(last)), needed, lo);
        sum_back(words, (last, starts(first)), needed, hi);
        return;
    }
    let mut newer = Walk::new(words, last);
    let later: S = *newer.back_to(first + 1);
    let mut walk = Walk {
        sum: S::default(),
        ..newer
    };
    for window in (0..3).filter(|&window| needed[window]) {
        lo[window] = *walk.back_to(starts(last)[window]);
        hi[window] = walk.back_to(starts(first)[window]).plus(&later);
    }
}
