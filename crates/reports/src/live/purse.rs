//! What each of some customers brought.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Amounts in minor units by customer's index, which ascends: eight bytes each, but for very large ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Purse {
    customers: Vec<u32>,
    minor: Vec<i32>,
    /// Amounts that do not fit, in whose place [`LARGE`] stands.
    large: BTreeMap<u32, i64>,
}

const LARGE: i32 = i32::MIN;

impl Purse {
    fn amount(&self, at: usize) -> i64 {
        match self.minor[at] {
            LARGE => self.large.get(&self.customers[at]).copied().unwrap_or(0),
            minor => minor.into(),
        }
    }

    /// How an amount is kept.
    fn kept(&mut self, ix: u32, minor: i64) -> i32 {
        match i32::try_from(minor) {
            Ok(small) if small != LARGE => small,
            _ => {
                self.large.insert(ix, minor);
                LARGE
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, i64)> {
        let customers = self.customers.iter().enumerate();
        customers.map(|(at, ix)| (*ix, self.amount(at)))
    }

    fn push(&mut self, (ix, minor): (u32, i64)) {
        let minor = self.kept(ix, minor);
        self.customers.push(ix);
        self.minor.push(minor);
    }

    /// Adds what a day brought, by ascending index.
    pub(super) fn add(&mut self, day: &[(u32, i64)]) {
        let mut sum = Self {
            customers: Vec::with_capacity(self.customers.len() + day.len()),
            minor: Vec::with_capacity(self.minor.len() + day.len()),
            large: BTreeMap::new(),
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
        *self = sum;
        self.customers.shrink_to_fit();
        self.minor.shrink_to_fit();
    }

    /// Those whom `keep` wants.
    pub(super) fn filtered(&self, mut keep: impl FnMut(u32) -> bool) -> Self {
        let mut some = Self::default();
        self.iter()
            .filter(|(ix, _)| keep(*ix))
            .for_each(|one| some.push(one));
        some
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

    pub(super) fn get(&self, ix: u32) -> Option<i64> {
        let at = self.customers.binary_search(&ix).ok()?;
        Some(self.amount(at))
    }

    pub(super) fn insert(&mut self, ix: u32, minor: i64) {
        let at = self.customers.partition_point(|other| *other < ix);
        let minor = self.kept(ix, minor);
        self.customers.insert(at, ix);
        self.minor.insert(at, minor);
    }

    pub(super) fn remove(&mut self, ix: u32) {
        if let Ok(at) = self.customers.binary_search(&ix) {
            self.customers.remove(at);
            self.minor.remove(at);
            self.large.remove(&ix);
        }
    }

    pub(super) fn memory(&self) -> usize {
        (self.customers.capacity() + self.minor.capacity()) * 4 + self.large.len() * 24
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
        purse.insert(7, 21);
        assert_eq!((purse.get(7), purse.get(8)), (Some(21), None));
        purse.add(&[(9, 5_000_000_000)]);
        assert_eq!(purse.get(9), Some(5_000_000_002));
        purse.add(&[(9, -5_000_000_000)]);
        assert_eq!(purse.get(9), Some(2));
        let before = purse.filtered(|ix| ix > 2);
        let mut pairs = Vec::new();
        let mut now = Purse::default();
        now.add(&[(1, 1), (7, -3)]);
        before.beside(&now, |then, now| pairs.push((then, now)));
        assert_eq!(pairs, [(11, 0), (21, -3), (2, 0)]);
    }
}
