//! Day words: what a customer did on one UTC day, eight bytes at a time.
//!
//! | bits 63-48 | 47 | 46-45 | 44-0 |
//! | --- | --- | --- | --- |
//! | UTC day since 1970 | 0 | kind | payload: several numbers side by side |
//!
//! | kind | payload, low bits first |
//! | --- | --- |
//! | shop | page views 10, checkouts 7, support 7, cart adds 8, abandons 6, e-mail opens 7 |
//! | more | uses 10, sessions 8, engagements 8, others 8, refunds 6, payment failures 5 |
//! | purchase | minor units 37, purchases 8 |
//!
//! A number that outgrows its bits carries into a *high* word of its own, in units of 2^bits:
//!
//! | bits 63-48 | 47 | 46-43 | 42-0 |
//! | --- | --- | --- | --- |
//! | UTC day since 1970 | 1 | which number | amount |
//!
//! A customer's words are kept sorted, so a window is a suffix of them and the words of a day are
//! neighbours. However much happens, a day has at most 19 words, and usually one or two; two of them are the detail words
//! of [`details`].

mod details;
pub(crate) mod packed;
mod sums;

pub(crate) use details::{DETAILS, Detail, add_detail, details_of};
pub(crate) use sums::{WINDOW_DAYS, Windows, bounds_of, windows_at};

const DAY_SHIFT: u32 = 48;
const TAG_SHIFT: u32 = 45;
const HIGH: u64 = 1 << 47;
const NUMBER_SHIFT: u32 = 43;
const HIGH_MASK: u64 = (1 << NUMBER_SHIFT) - 1;
/// Numbers that may have high words: the counts, the amount and the purchases.
const NUMBERS: usize = 14;
pub(crate) const SHOP: u64 = 0;
pub(crate) const MORE: u64 = 1;
pub(crate) const PURCHASE: u64 = 2;
const DETAIL: u64 = 3;
const MINOR_BITS: u32 = 37;
const PURCHASE_BITS: u32 = 8;

/// A count kept per day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Field {
    PageViews,
    Checkouts,
    SupportContacts,
    CartAdds,
    CartAbandons,
    EmailOpens,
    Uses,
    Sessions,
    Engagements,
    Others,
    Refunds,
    PaymentFailures,
}

/// Where a number sits in its words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    tag: u64,
    shift: u32,
    bits: u32,
    /// Which number it is, for high words: a field's discriminant, or one of the two below.
    number: usize,
}

pub(crate) const MINOR: Place = Place {
    tag: PURCHASE,
    shift: 0,
    bits: MINOR_BITS,
    number: NUMBERS - 2,
};
pub(crate) const PURCHASES: Place = Place {
    tag: PURCHASE,
    shift: MINOR_BITS,
    bits: PURCHASE_BITS,
    number: NUMBERS - 1,
};

impl Field {
    /// Kind of word, first bit and width, by discriminant.
    const PLACES: [(u64, u32, u32); 12] = [
        (SHOP, 0, 10),
        (SHOP, 10, 7),
        (SHOP, 17, 7),
        (SHOP, 24, 8),
        (SHOP, 32, 6),
        (SHOP, 38, 7),
        (MORE, 0, 10),
        (MORE, 10, 8),
        (MORE, 18, 8),
        (MORE, 26, 8),
        (MORE, 34, 6),
        (MORE, 40, 5),
    ];

    pub(crate) const fn place(self) -> Place {
        let (tag, shift, bits) = Self::PLACES[self as usize];
        Place {
            tag,
            shift,
            bits,
            number: self as usize,
        }
    }
}

impl Place {
    const fn mask(self) -> u64 {
        (1 << self.bits) - 1
    }

    const fn get(self, word: u64) -> u64 {
        (word >> self.shift) & self.mask()
    }

    const fn set(self, word: u64, value: u64) -> u64 {
        (word & !(self.mask() << self.shift)) | (value << self.shift)
    }
}

/// The UTC day of a word.
pub(crate) const fn day_of(word: u64) -> u16 {
    (word >> DAY_SHIFT) as u16
}

/// The least word of a day and tag: everything of that day and tag sorts from here.
const fn key(day: u16, tag: u64) -> u64 {
    ((day as u64) << DAY_SHIFT) | (tag << TAG_SHIFT)
}

/// Kind of a low word; anything above [`DETAIL`] is a high one.
const fn tag_of(word: u64) -> u64 {
    (word >> TAG_SHIFT) & 7
}

/// Index of the first word that is not before `key`. From the end: nearly every event is of the
/// newest day, and the oldest that may come is seven days back.
fn first_at(words: &[u64], key: u64) -> usize {
    words
        .iter()
        .rposition(|&word| word < key)
        .map_or(0, |at| at + 1)
}

/// A word that has to be inserted, and what is left to be added afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) at: usize,
    pub(crate) word: u64,
    pub(crate) rest: u64,
}

/// Adds `amount` to the low word of the day. `Ok` holds the carry for [`add_high`].
pub(crate) fn add_low(
    words: &mut [u64],
    day: u16,
    place: Place,
    amount: u64,
) -> Result<u64, Missing> {
    let key = key(day, place.tag);
    let at = first_at(words, key);
    match words
        .get_mut(at)
        .filter(|word| **word >> TAG_SHIFT == key >> TAG_SHIFT)
    {
        Some(word) => {
            let total = place.get(*word) + amount;
            *word = place.set(*word, total & place.mask());
            Ok(total >> place.bits)
        }
        None => {
            let word = place.set(key, amount & place.mask());
            Err(Missing {
                at,
                word,
                rest: amount >> place.bits,
            })
        }
    }
}

/// Adds a carry to the high word of a day and number. It holds 2^43 units, which nothing reaches.
pub(crate) fn add_high(
    words: &mut [u64],
    day: u16,
    place: Place,
    carry: u64,
) -> Result<(), Missing> {
    let key = key(day, 0) | HIGH | ((place.number as u64) << NUMBER_SHIFT);
    let at = first_at(words, key);
    match words
        .get_mut(at)
        .filter(|word| **word >> NUMBER_SHIFT == key >> NUMBER_SHIFT)
    {
        Some(word) => {
            *word += carry.min(HIGH_MASK - (*word & HIGH_MASK));
            Ok(())
        }
        None => Err(Missing {
            at,
            word: key | carry.min(HIGH_MASK),
            rest: 0,
        }),
    }
}

/// The purchase days around a day, as far as the words know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Neighbours {
    pub(crate) before: Option<u16>,
    pub(crate) here: bool,
    pub(crate) after: Option<u16>,
}

/// Looks up the purchase days next to `day`. Every purchase day has exactly one low word.
pub(crate) fn purchase_neighbours(words: &[u64], day: u16) -> Neighbours {
    let at = first_at(words, key(day, PURCHASE));
    let (older, newer) = words.split_at(at);
    let is_purchase = |word: &&u64| tag_of(**word) == PURCHASE;
    let after = newer.iter().find(is_purchase).map(|&word| day_of(word));
    Neighbours {
        before: older.iter().rfind(is_purchase).map(|&word| day_of(word)),
        here: after == Some(day),
        after,
    }
}

/// Number of words at the front that are older than `horizon`, and the newest purchase day of them.
pub(crate) fn expired(words: &[u64], horizon: u16) -> (usize, Option<u16>) {
    let count = words.partition_point(|&word| day_of(word) < horizon);
    let purchase = words[..count]
        .iter()
        .rfind(|word| tag_of(**word) == PURCHASE);
    (count, purchase.map(|&word| day_of(word)))
}

#[cfg(test)]
mod tests;
