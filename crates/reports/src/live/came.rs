//! In which month each customer came.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::bits::at_least;

/// Customers who came in one month, and how many of them were there in another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cohort {
    /// Months since January 1970.
    pub(super) month: u16,
    pub(super) size: u64,
    pub(super) kept: u64,
}

/// The month that holds an instant (ms UTC) on the clocks of a zone, since January 1970.
pub(super) fn month_of(zone: &TimeZone, ms: i64) -> u16 {
    let Ok(at) = Timestamp::from_millisecond(ms) else {
        return 0;
    };
    let date = zone.to_datetime(at).date();
    let months = (i32::from(date.year()) - 1970) * 12 + i32::from(date.month()) - 1;
    u16::try_from(months.max(0)).unwrap_or(u16::MAX)
}

/// Its name: `2026-03`.
pub(super) fn name_of(month: u16) -> String {
    format!("{:04}-{:02}", 1970 + month / 12, month % 12 + 1)
}

/// Months by customer, a byte each: 0 is none, else one more than the months since the first of all. After 21 years
/// everybody counts as of the last month.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Came {
    first: u16,
    since: Vec<u8>,
}

impl Came {
    pub(super) fn get(&self, ix: u32) -> Option<u16> {
        let since = self.since.get(ix as usize).copied().unwrap_or(0);
        Some(self.first + u16::from(since.checked_sub(1)?))
    }

    pub(super) fn set(&mut self, ix: u32, month: u16) {
        if self.since.is_empty() {
            self.first = month;
        } else if month < self.first {
            let earlier = u8::try_from(self.first - month).unwrap_or(u8::MAX);
            let there = self.since.iter_mut().filter(|since| **since > 0);
            there.for_each(|since| *since = since.saturating_add(earlier));
            self.first = month;
        }
        at_least(&mut self.since, ix as usize + 1);
        let since = u8::try_from(month - self.first).unwrap_or(u8::MAX);
        self.since[ix as usize] = since.saturating_add(1);
    }

    pub(super) fn remove(&mut self, ix: u32) {
        if let Some(since) = self.since.get_mut(ix as usize) {
            *since = 0;
        }
    }

    /// Cohorts by month, and how many of each `is_there` says are.
    pub(super) fn cohorts(&self, mut is_there: impl FnMut(u32) -> bool) -> Vec<Cohort> {
        let mut by_month: BTreeMap<u16, Cohort> = BTreeMap::new();
        for ix in 0..self.since.len() as u32 {
            let Some(month) = self.get(ix) else { continue };
            let cohort = by_month.entry(month).or_default();
            cohort.month = month;
            cohort.size += 1;
            cohort.kept += u64::from(is_there(ix));
        }
        by_month.into_values().collect()
    }

    /// So that equal ones have equal bytes.
    pub(super) fn trim(&mut self) {
        while self.since.last() == Some(&0) {
            self.since.pop();
        }
        let least = self.since.iter().filter(|since| **since > 0).min().copied();
        match least {
            None => self.first = 0,
            Some(least) => {
                self.first += u16::from(least - 1);
                let there = self.since.iter_mut().filter(|since| **since > 0);
                there.for_each(|since| *since -= least - 1);
            }
        }
    }

    pub(super) fn memory(&self) -> usize {
        self.since.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_come_back_in_whatever_order_they_are_set() {
        let mut came = Came::default();
        for (ix, month) in [(3, 675), (0, 674), (9, 690), (4, 600)] {
            came.set(ix, month);
        }
        let of = |ix| came.get(ix);
        assert_eq!(
            [of(3), of(0), of(9), of(4), of(5), of(99)],
            [Some(675), Some(674), Some(690), Some(600), None, None]
        );
        came.remove(4);
        came.remove(9);
        let (mut one, mut other) = (came.clone(), Came::default());
        other.set(0, 674);
        other.set(3, 675);
        one.trim();
        other.trim();
        assert_eq!(one, other, "as if the others had never been there");
        let cohort = |month, kept| Cohort {
            month,
            size: 1,
            kept,
        };
        assert_eq!(one.cohorts(|ix| ix == 3), [cohort(674, 0), cohort(675, 1)]);
    }

    #[test]
    fn a_month_is_that_of_the_zones_clocks() {
        let at: Timestamp = "2026-03-31T22:30:00Z".parse().unwrap();
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        assert_eq!(
            name_of(month_of(&TimeZone::UTC, at.as_millisecond())),
            "2026-03"
        );
        assert_eq!(name_of(month_of(&berlin, at.as_millisecond())), "2026-04");
    }
}
