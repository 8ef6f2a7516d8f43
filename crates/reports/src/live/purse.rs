//! What each of some customers brought.

use std::cmp::Ordering;

use integer_encoding::VarInt;
use serde::{Deserialize, Serialize};

/// Amounts in minor units by customer's index, which ascends. Each takes the distance from the customer before and the
/// amount, both seven bits a byte: three or four bytes together for usual ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Purse(Vec<u8>);

/// The amounts of a purse; ends where its bytes are none.
struct Amounts<'a> {
    rest: &'a [u8],
    before: u32,
}

impl Amounts<'_> {
    fn take<T: VarInt>(&mut self) -> Option<T> {
        let (value, len) = T::decode_var(self.rest)?;
        self.rest = &self.rest[len..];
        Some(value)
    }
}

impl Iterator for Amounts<'_> {
    type Item = (u32, i64);

    fn next(&mut self) -> Option<Self::Item> {
        let apart: u32 = self.take()?;
        self.before = self.before.checked_add(apart)?;
        Some((self.before, self.take()?))
    }
}

/// A purse in the making.
#[derive(Default)]
struct Maker {
    bytes: Vec<u8>,
    last: u32,
}

impl Maker {
    fn push(&mut self, (ix, minor): (u32, i64)) {
        // The longest take five and ten bytes.
        let mut place = [0; 15];
        let len = (ix - self.last).encode_var(&mut place);
        let len = len + minor.encode_var(&mut place[len..]);
        self.bytes.extend_from_slice(&place[..len]);
        self.last = ix;
    }

    fn done(mut self) -> Purse {
        self.bytes.shrink_to_fit();
        Purse(self.bytes)
    }
}

impl FromIterator<(u32, i64)> for Purse {
    /// From amounts by ascending index.
    fn from_iter<I: IntoIterator<Item = (u32, i64)>>(amounts: I) -> Self {
        let mut maker = Maker::default();
        amounts.into_iter().for_each(|one| maker.push(one));
        maker.done()
    }
}

impl Purse {
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, i64)> {
        Amounts {
            rest: &self.0,
            before: 0,
        }
    }

    /// Adds what a day brought, by ascending index.
    pub(super) fn add(&mut self, day: &[(u32, i64)]) {
        let mut sum = Maker {
            bytes: Vec::with_capacity(self.0.len() + 5 * day.len()),
            last: 0,
        };
        let mut new = day.iter().copied().peekable();
        for (ix, minor) in self.iter() {
            while let Some(first) = new.next_if(|(other, _)| *other < ix) {
                sum.push(first);
            }
            let more = new.next_if(|(other, _)| *other == ix);
            sum.push((ix, minor + more.map_or(0, |(_, minor)| minor)));
        }
        new.for_each(|last| sum.push(last));
        *self = sum.done();
    }

    /// Those whom `keep` wants.
    pub(super) fn filtered(&self, mut keep: impl FnMut(u32) -> bool) -> Self {
        self.iter().filter(|(ix, _)| keep(*ix)).collect()
    }

    /// Calls back for each of `self` with what `other` has of the same customer, or 0.
    pub(super) fn beside(&self, other: &Self, mut tell: impl FnMut(i64, i64)) {
        let mut theirs = other.iter().peekable();
        for (ix, minor) in self.iter() {
            while theirs.next_if(|(other, _)| *other < ix).is_some() {}
            let found = theirs.next_if(|(other, _)| other.cmp(&ix) == Ordering::Equal);
            tell(minor, found.map_or(0, |(_, minor)| minor));
        }
    }

    pub(super) fn remove(&mut self, ix: u32) {
        if self.iter().any(|(other, _)| other == ix) {
            *self = self.filtered(|other| other != ix);
        }
    }

    pub(super) fn memory(&self) -> usize {
        self.0.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_add_up_by_customer_whoever_comes_first() {
        let mut purse = Purse::default();
        purse.add(&[(3, 10), (7, 20)]);
        purse.add(&[(1, 5), (3, 1), (9, 2)]);
        let all = [(1, 5), (3, 11), (7, 20), (9, 2)];
        assert_eq!(purse.iter().collect::<Vec<_>>(), all);
        purse.remove(7);
        purse.remove(8);
        purse.add(&[(7, 21)]);
        purse.add(&[(9, 5_000_000_000)]);
        assert_eq!(purse.iter().last(), Some((9, 5_000_000_002)));
        purse.add(&[(9, -5_000_000_000)]);
        let all = [(1, 5), (3, 11), (7, 21), (9, 2)];
        assert_eq!(purse.iter().collect::<Vec<_>>(), all);
        let before = purse.filtered(|ix| ix > 2);
        let mut pairs = Vec::new();
        let mut now = Purse::default();
        now.add(&[(1, 1), (7, -3)]);
        before.beside(&now, |then, now| pairs.push((then, now)));
        assert_eq!(pairs, [(11, 0), (21, -3), (2, 0)]);
    }

    #[test]
    fn a_usual_amount_takes_four_bytes_and_the_greatest_come_back() {
        let purse: Purse = (0..1_000).map(|n| (3 * n, 2_999)).collect();
        assert!(purse.memory() <= 3_000, "{}", purse.memory());
        let extremes = [(0, i64::MIN), (1, 0), (u32::MAX, i64::MAX)];
        let purse: Purse = extremes.into_iter().collect();
        assert!(purse.iter().eq(extremes));
    }

    #[test]
    fn bytes_that_are_no_purse_end_it() {
        assert_eq!(Purse(vec![1, 0x80]).iter().count(), 0);
        assert_eq!(
            Purse(vec![
                1, 4, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 3
            ])
            .iter()
            .count(),
            1
        );
    }
}
