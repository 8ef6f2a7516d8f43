//! Words in an image: one byte says what most of them are, numbers other than one follow in columns of their own.
//!
//! | shape | word | what follows |
//! | --- | --- | --- |
//! | 0-63 | shop, the counts of these bits are one | - |
//! | 64-127 | more, likewise | - |
//! | 128, 129 | shop, more | a byte of bits, the count of each |
//! | 130 | purchase, one | the amount |
//! | 131 | purchases | their number, the amount |
//! | 132-145 | the high word of number shape - 132 | its amount |
//! | 148 | basket | goods, discount |
//! | 149 | service | a byte of bits, the number of each |

use super::details::{self, BASKET, SERVICE, detail_key, kind_of};
use super::{
    DETAIL, Field, HIGH, HIGH_MASK, MINOR, MORE, NUMBER_SHIFT, NUMBERS, PURCHASE, PURCHASES, SHOP,
    day_of, key, tag_of,
};
use crate::image::{Column, Columns, Cursor};

const COUNTED: u8 = 128;
const ONE_PURCHASE: u8 = 130;
const PURCHASES_OF_A_DAY: u8 = 131;
const FIRST_HIGH: u8 = 132;
const BASKET_OF_A_DAY: u8 = 148;
const SERVICE_OF_A_DAY: u8 = 149;
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
        DETAIL => put_details(word, out),
        _ => {
            let number = (word >> NUMBER_SHIFT) as u8 % 16;
            out.byte(Column::Shapes, FIRST_HIGH + number);
            out.number(Column::Counts, word & HIGH_MASK);
        }
    }
}

/// Places of a kind of detail word.
fn details_of_kind(kind: u64) -> impl Iterator<Item = usize> {
    (0..details::PLACES.len()).filter(move |at| details::PLACES[*at].0 == kind)
}

fn put_details(word: u64, out: &mut Columns) {
    if kind_of(word) == BASKET {
        out.byte(Column::Shapes, BASKET_OF_A_DAY);
        out.number(Column::Counts, details::get(word, 0));
        return out.number(Column::Amounts, details::get(word, 1));
    }
    out.byte(Column::Shapes, SERVICE_OF_A_DAY);
    let numbers = || details_of_kind(SERVICE).map(|at| details::get(word, at));
    let bits = numbers().enumerate().fold(0, |bits, (bit, number)| {
        bits | (u8::from(number > 0) << bit)
    });
    out.byte(Column::Counts, bits);
    for number in numbers().filter(|number| *number > 0) {
        out.number(Column::Counts, number);
    }
}

fn take_details(shape: u8, day: u16, from: &mut Cursor<'_>) -> Result<u64, &'static str> {
    let number = |from: &mut Cursor<'_>, at: usize, column| {
        let number = from.number(column)?;
        if number > details::greatest(at) {
            return Err("a detail is too great for its bits");
        }
        Ok(number << details::PLACES[at].1)
    };
    if shape == BASKET_OF_A_DAY {
        let lines = number(from, 0, Column::Counts)?;
        return Ok(detail_key(day, BASKET) | lines | number(from, 1, Column::Amounts)?);
    }
    let set = from.byte(Column::Counts)?;
    let mut word = detail_key(day, SERVICE);
    for (bit, at) in details_of_kind(SERVICE).enumerate() {
        if (set >> bit) & 1 == 1 {
            word |= number(from, at, Column::Counts)?;
        }
    }
    Ok(word)
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
        BASKET_OF_A_DAY | SERVICE_OF_A_DAY => take_details(shape, day, from),
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
    if tag_of(word) == DETAIL {
        detail_key(day_of(word), kind_of(word)) >> NUMBER_SHIFT
    } else if word & HIGH == 0 {
        key(day_of(word), tag_of(word)) >> NUMBER_SHIFT
    } else {
        word >> NUMBER_SHIFT
    }
}

/// Purchases of some words.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn through_columns(words: &[u64]) -> Vec<u64> {
        let mut columns = Columns::new();
        words.iter().for_each(|&word| put(word, &mut columns));
        let mut bytes = Vec::new();
        columns.write_to(&mut bytes);
        let mut from = Cursor::new(&bytes).unwrap();
        let back = words.iter().map(|&word| take(day_of(word), &mut from));
        let back = back.collect::<Result<_, _>>().unwrap();
        assert_eq!(from.finish(), Ok(()));
        back
    }

    #[test]
    fn words_of_every_kind_come_back_whatever_they_hold() {
        let day = 20_454;
        let mut words = Vec::new();
        for kind in [SHOP, MORE] {
            let first = COUNTS * kind as usize;
            let full: u64 = (0..COUNTS)
                .map(|at| {
                    let (_, shift, bits) = Field::PLACES[first + at];
                    ((1 << bits) - 1) << shift
                })
                .sum();
            words.extend(ONES[kind as usize].map(|payload| key(day, kind) | payload));
            words.extend([key(day, kind) | full, key(day, kind) | (full & (full >> 1))]);
        }
        for many in [0, 1, 2, 255] {
            let word = PURCHASES.set(key(day, PURCHASE), many);
            words.extend([word, MINOR.set(word, 1), MINOR.set(word, MINOR.mask())]);
        }
        for number in 0..NUMBERS as u64 {
            let word = key(day, 0) | HIGH | (number << NUMBER_SHIFT);
            words.extend([word | 1, word | HIGH_MASK]);
        }
        for kind in [BASKET, SERVICE] {
            let full = detail_key(day, kind) | ((1 << details::KIND_SHIFT) - 1);
            words.extend([detail_key(day, kind), full, full & (full << 3)]);
        }
        assert_eq!(through_columns(&words), words);
    }

    #[test]
    fn places_are_in_the_order_of_words_and_differ_where_words_must() {
        let high = |number: u64| key(7, 0) | HIGH | (number << NUMBER_SHIFT) | 5;
        let sorted = [
            key(6, PURCHASE) | 9,
            key(7, SHOP) | 3,
            key(7, MORE) | 1,
            key(7, PURCHASE) | 1,
            detail_key(7, BASKET) | 9,
            detail_key(7, SERVICE) | 1,
            high(0),
            high(13),
        ];
        assert!(sorted.is_sorted_by(|a, b| a < b && place_of(*a) < place_of(*b)));
        assert_eq!(place_of(key(7, SHOP) | 3), place_of(key(7, SHOP) | 4));
        assert_eq!(place_of(high(2)), place_of(high(2) + 1));
    }
}
