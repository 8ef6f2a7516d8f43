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

/// A byte tells so many months apart.
const ROUND: u16 = 255;
/// Who came so many months ago or earlier counts as of then: 21 years.
const OLDEST: u16 = 250;

/// Months by customer, a byte each: 0 is none, else one more than the month's place in a round of 255. Which round it is
/// says the month that is asked at, so a customer's byte depends on nobody else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Came(Vec<u8>);

impl Came {
    pub(super) fn set(&mut self, ix: u32, month: u16) {
        self.set_byte(ix, (month % ROUND) as u8 + 1);
    }

    fn set_byte(&mut self, ix: u32, byte: u8) {
        at_least(&mut self.0, ix as usize + 1);
        self.0[ix as usize] = byte;
    }

    pub(super) fn remove(&mut self, ix: u32) {
        if let Some(byte) = self.0.get_mut(ix as usize) {
            *byte = 0;
        }
    }

    /// A customer of another partition comes here, with another index.
    pub(super) fn adopt(&mut self, from: &Self, (theirs, own): (u32, u32)) {
        match from.0.get(theirs as usize) {
            None | Some(0) => self.remove(own),
            Some(byte) => self.set_byte(own, *byte),
        }
    }

    /// How many months before `now`, which nobody came after.
    fn age(byte: u8, now: u16) -> Option<u16> {
        let place = u16::from(byte.checked_sub(1)?) % ROUND;
        Some((now % ROUND + ROUND - place) % ROUND)
    }

    /// The month `now` begins. Comes once for each month, so that nobody's round is over unseen.
    pub(super) fn begin(&mut self, now: u16) {
        let oldest = now.saturating_sub(OLDEST) % ROUND;
        for byte in &mut self.0 {
            if Self::age(*byte, now).is_some_and(|age| age > OLDEST) {
                *byte = oldest as u8 + 1;
            }
        }
    }

    /// Cohorts by month, and how many of each `is_there` says are. Nobody came after the month `now`.
    pub(super) fn cohorts(&self, now: u16, mut is_there: impl FnMut(u32) -> bool) -> Vec<Cohort> {
        let mut by_month: BTreeMap<u16, Cohort> = BTreeMap::new();
        for (ix, byte) in (0..).zip(&self.0) {
            let Some(age) = Self::age(*byte, now) else {
                continue;
            };
            let month = now.saturating_sub(age);
            let cohort = by_month.entry(month).or_default();
            cohort.month = month;
            cohort.size += 1;
            cohort.kept += u64::from(is_there(ix));
        }
        by_month.into_values().collect()
    }

    /// So that equal ones have equal bytes.
    pub(super) fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    pub(super) fn memory(&self) -> usize {
        self.0.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn months(came: &Came, now: u16) -> Vec<u16> {
        came.cohorts(now, |_| true)
            .iter()
            .map(|cohort| cohort.month)
            .collect()
    }

    #[test]
    fn months_come_back_and_whoever_came_long_ago_counts_as_of_21_years_ago() {
        let mut came = Came::default();
        came.set(3, 600);
        came.set(0, 675);
        came.set(9, 690);
        assert_eq!(months(&came, 690), [600, 675, 690]);
        let mut now = 690;
        while now < 1_400 {
            now += 1;
            came.begin(now);
            let oldest = now - OLDEST;
            let expected: std::collections::BTreeSet<u16> =
                [600, 675, 690].map(|month: u16| month.max(oldest)).into();
            assert!(months(&came, now).into_iter().eq(expected), "{now}");
        }
        came.remove(9);
        came.remove(3);
        let mut other = Came::default();
        other.adopt(&came, (0, 0));
        came.trim();
        assert_eq!(came, other, "as if the others had never been there");
    }

    #[test]
    fn bytes_of_a_changed_image_are_some_month() {
        let came = Came(vec![255, 1, 0, 7]);
        for now in [0, 1, 254, 255, 256, u16::MAX] {
            assert_eq!(
                came.cohorts(now, |_| false)
                    .iter()
                    .map(|c| c.size)
                    .sum::<u64>(),
                3
            );
            came.clone().begin(now);
        }
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
