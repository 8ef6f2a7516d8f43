//! Detail words: what single types of event say beside, summed over a UTC day. They exist only where statistics over
//! the whole life are kept, which are what reads them.
//!
//! | bits 63-48 | 47 | 46-45 | 44 | 43-0 |
//! | --- | --- | --- | --- | --- |
//! | UTC day since 1970 | 0 | 3 | 0: basket, 1: service | payload: several numbers side by side |
//!
//! | kind | payload, low bits first |
//! | --- | --- |
//! | basket | different goods 14, discount in minor units 30 |
//! | service | ratings 5, their per cents 12, solved tickets 6, clicks 6, late deliveries 5, returns 5, plan changes 5 |
//!
//! A number that outgrows its bits stays at the greatest: so it does in any order of its events.

use super::{DAY_SHIFT, DETAIL, Missing, TAG_SHIFT, first_at, tag_of};

/// What tells the two kinds apart.
pub(super) const KIND_SHIFT: u32 = 44;
pub(super) const BASKET: u64 = 0;
pub(super) const SERVICE: u64 = 1;

/// A number of detail words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Detail {
    Lines,
    Discount,
    Ratings,
    Percents,
    Solved,
    Clicks,
    LateDeliveries,
    Returns,
    PlanChanges,
}

/// Numbers of detail words.
pub(crate) const DETAILS: usize = Detail::PlanChanges as usize + 1;

/// Kind of word, first bit and width, by discriminant.
pub(super) const PLACES: [(u64, u32, u32); DETAILS] = [
    (BASKET, 0, 14),
    (BASKET, 14, 30),
    (SERVICE, 0, 5),
    (SERVICE, 5, 12),
    (SERVICE, 17, 6),
    (SERVICE, 23, 6),
    (SERVICE, 29, 5),
    (SERVICE, 34, 5),
    (SERVICE, 39, 5),
];

pub(super) const fn detail_key(day: u16, kind: u64) -> u64 {
    ((day as u64) << DAY_SHIFT) | (DETAIL << TAG_SHIFT) | (kind << KIND_SHIFT)
}

pub(super) const fn kind_of(word: u64) -> u64 {
    (word >> KIND_SHIFT) & 1
}

pub(super) const fn get(word: u64, at: usize) -> u64 {
    let (_, shift, bits) = PLACES[at];
    (word >> shift) & ((1 << bits) - 1)
}

pub(super) const fn greatest(at: usize) -> u64 {
    (1 << PLACES[at].2) - 1
}

/// Adds to a number of the day.
pub(crate) fn add_detail(
    words: &mut [u64],
    day: u16,
    detail: Detail,
    amount: u64,
) -> Result<(), Missing> {
    let at = detail as usize;
    let (kind, shift, _) = PLACES[at];
    let key = detail_key(day, kind);
    let place = first_at(words, key);
    match words
        .get_mut(place)
        .filter(|word| **word >> KIND_SHIFT == key >> KIND_SHIFT)
    {
        Some(word) => {
            let more = amount.min(greatest(at) - get(*word, at));
            *word += more << shift;
            Ok(())
        }
        None => Err(Missing {
            at: place,
            word: key | (amount.min(greatest(at)) << shift),
            rest: 0,
        }),
    }
}

/// The sums of a day's words, by discriminant.
pub(crate) fn details_of(words: &[u64]) -> [u64; DETAILS] {
    let mut sums = [0; DETAILS];
    for &word in words.iter().filter(|word| tag_of(**word) == DETAIL) {
        for (at, sum) in sums.iter_mut().enumerate() {
            if PLACES[at].0 == kind_of(word) {
                *sum += get(word, at);
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(words: &mut Vec<u64>, detail: Detail, amount: u64) {
        if let Err(missing) = add_detail(words, 7, detail, amount) {
            words.insert(missing.at, missing.word);
        }
        assert!(words.is_sorted());
    }

    #[test]
    fn numbers_fill_their_payload_without_overlap() {
        for kind in [BASKET, SERVICE] {
            let of_kind = PLACES.iter().filter(|(of, _, _)| *of == kind);
            let covered = of_kind.fold(0u64, |seen, (_, shift, bits)| {
                let mask = ((1 << bits) - 1) << shift;
                assert_eq!(seen & mask, 0);
                seen | mask
            });
            assert_eq!(covered, (1 << KIND_SHIFT) - 1);
        }
    }

    #[test]
    fn what_outgrows_its_bits_stays_at_the_greatest_and_disturbs_no_neighbour() {
        let mut words = Vec::new();
        add(&mut words, Detail::Clicks, 60);
        add(&mut words, Detail::Solved, 3);
        add(&mut words, Detail::Clicks, 60);
        add(&mut words, Detail::Discount, u64::MAX);
        add(&mut words, Detail::Lines, 12);
        add(&mut words, Detail::Discount, 5);
        assert_eq!(words.len(), 2);
        let sums = details_of(&words);
        assert_eq!(sums[Detail::Clicks as usize], 63);
        assert_eq!(sums[Detail::Solved as usize], 3);
        assert_eq!(sums[Detail::Discount as usize], (1 << 30) - 1);
        assert_eq!(sums[Detail::Lines as usize], 12);
        assert_eq!(sums.iter().sum::<u64>(), 63 + 3 + (1 << 30) - 1 + 12);
    }
}
