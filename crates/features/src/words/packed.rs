//! Words in an image: one byte says what most of them are, numbers other than one follow in columns of their own.
//!
//! | shape | word | what follows |
//! | --- | --- | --- |
//! | 0-63 | shop, the counts of these bits are one | - |
//! | 64-127 | more, likewise | - |
//! | 128, 129 | shop, more | a byte of bits, the count of each |
//! | 130 | purchase, one | the amount |
//! | 131 | purchases | their number, the amount |
//! | from 132 | the high word of number shape - 132 | its amount |

use super::{
    Field, HIGH, HIGH_MASK, MINOR, MORE, NUMBER_SHIFT, NUMBERS, PURCHASE, PURCHASES, SHOP, day_of,
    key, tag_of,
};
use crate::image::{Column, Columns, Cursor};

const COUNTED: u8 = 128;
const ONE_PURCHASE: u8 = 130;
const PURCHASES_OF_A_DAY: u8 = 131;
const FIRST_HIGH: u8 = 132;
/// Counts of a word.
const COUNTS: usize = 6;

/// The payload in which the counts of these bits are one, by kind of word.
const ONES: [[u64; 1 << COUNTS]; 2] = [ones(0), ones(COUNTS)];

const fn ones(first: usize) -> [u64; 1 << COUNTS] {
    let mut payloads = [0; 1 << COUNTS];
    let mut bits = 0;
    while bits < payloads.len() {
        let mut at = 0;
        while at < COUNTS {
            let (_, shift, _) = Field::PLACES[first + at];
            payloads[bits] |= ((bits as u64 >> at) & 1) << shift;
            at += 1;
        }
        bits += 1;
    }
    payloads
}

/// Writes a word but for its day.
pub(crate) fn put(word: u64, out: &mut Columns) {
    match tag_of(word) {
        PURCHASE => {
            match PURCHASES.get(word) {
                1 => out.byte(Column::Shapes, ONE_PURCHASE),
                many => {
                    out.byte(Column::Shapes, PURCHASES_OF_A_DAY);
                    out.number(Column::Counts, many);
                }
            }
            out.number(Column::Amounts, MINOR.get(word));
        }
        kind @ (SHOP | MORE) => put_counts(word, kind, out),
        _ => {
            let number = (word >> NUMBER_SHIFT) as u8 % 16;
            out.byte(Column::Shapes, FIRST_HIGH + number);
            out.number(Column::Counts, word & HIGH_MASK);
        }
    }
}

fn counts(word: u64, kind: u64) -> impl Iterator<Item = u64> {
    let first = COUNTS * kind as usize;
    Field::PLACES[first..first + COUNTS]
        .iter()
        .map(move |(_, shift, bits)| (word >> shift) & ((1 << bits) - 1))
}

fn put_counts(word: u64, kind: u64, out: &mut Columns) {
    let (mut bits, mut most) = (0, 0);
    for (at, count) in counts(word, kind).enumerate() {
        bits |= u8::from(count > 0) << at;
        most = most.max(count);
    }
    if most <= 1 {
        return out.byte(Column::Shapes, ((kind as u8) << COUNTS) | bits);
    }
    out.byte(Column::Shapes, COUNTED + kind as u8);
    out.byte(Column::Counts, bits);
    for count in counts(word, kind).filter(|count| *count > 0) {
        out.number(Column::Counts, count);
    }
}

/// Reads a word of this day.
pub(crate) fn take(day: u16, from: &mut Cursor<'_>) -> Result<u64, &'static str> {
    let shape = from.byte(Column::Shapes)?;
    match shape {
        0..COUNTED => {
            let (kind, bits) = (shape >> COUNTS, shape % (1 << COUNTS));
            let payload = ONES[usize::from(kind)][usize::from(bits)];
            Ok(key(day, u64::from(kind)) | payload)
        }
        COUNTED..ONE_PURCHASE => {
            let kind = shape - COUNTED;
            Ok(key(day, u64::from(kind)) | take_counts(kind, from)?)
        }
        ONE_PURCHASE | PURCHASES_OF_A_DAY => {
            let many = match shape {
                ONE_PURCHASE => 1,
                _ => from.number(Column::Counts)?,
            };
            let minor = from.number(Column::Amounts)?;
            if many > PURCHASES.mask() || minor > MINOR.mask() {
                return Err("a purchase word holds too much");
            }
            Ok(MINOR.set(PURCHASES.set(key(day, PURCHASE), many), minor))
        }
        _ => {
            let number = u64::from(shape - FIRST_HIGH);
            let amount = from.number(Column::Counts)?;
            if number >= NUMBERS as u64 || amount > HIGH_MASK {
                return Err("there is no such high word");
            }
            Ok(key(day, 0) | HIGH | (number << NUMBER_SHIFT) | amount)
        }
    }
}

fn take_counts(kind: u8, from: &mut Cursor<'_>) -> Result<u64, &'static str> {
    let set = from.byte(Column::Counts)?;
    let first = COUNTS * usize::from(kind);
    let mut payload = 0;
    for (at, (_, shift, bits)) in Field::PLACES[first..first + COUNTS].iter().enumerate() {
        if (set >> at) & 1 == 1 {
            let count = from.number(Column::Counts)?;
            if count >= 1 << bits {
                return Err("a count is too great for its bits");
            }
            payload |= count << shift;
        }
    }
    Ok(payload)
}

/// What two words of one customer must differ in: day and kind, for high words the number too.
pub(crate) fn place_of(word: u64) -> u64 {
    if word & HIGH == 0 {
        key(day_of(word), tag_of(word)) >> NUMBER_SHIFT
    } else {
        word >> NUMBER_SHIFT
    }
}

/// Purchases of some words: days in their order with a call each, and the totals.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Bought {
    pub(crate) first: Option<u16>,
    pub(crate) last: Option<u16>,
    pub(crate) days: u32,
    /// Sum of the squared gaps between neighbouring days.
    pub(crate) squares: u64,
    pub(crate) purchases: u64,
    pub(crate) minor: u64,
}

/// Adds up the purchases of sorted words.
pub(crate) fn bought(words: &[u64]) -> Bought {
    let mut sum = Bought::default();
    for &word in words {
        if tag_of(word) == PURCHASE {
            let day = day_of(word);
            let gap = u64::from(day - sum.last.unwrap_or(day));
            sum.first = sum.first.or(Some(day));
            sum.last = Some(day);
            sum.days += 1;
            sum.squares += gap * gap;
            sum.purchases = sum.purchases.saturating_add(PURCHASES.get(word));
            sum.minor = sum.minor.saturating_add(MINOR.get(word));
        } else if word & HIGH != 0 {
            let amount = word & HIGH_MASK;
            let number = (word >> NUMBER_SHIFT) as usize % 16;
            if number == PURCHASES.number {
                sum.purchases = sum.purchases.saturating_add(amount << PURCHASES.bits);
            } else if number == MINOR.number {
                let minor = u128::from(amount) << MINOR.bits;
                let minor = u64::try_from(minor).unwrap_or(u64::MAX);
                sum.minor = sum.minor.saturating_add(minor);
            }
        }
    }
    sum
}
