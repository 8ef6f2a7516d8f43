//! What is kept of orders, birthdays, points and reviews.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::calendar::{anniversary, begin, birthday, date_at};
use crate::stamp::Stamp;

/// From the lowest bit: instant of the first order (48 bits, 0 is none), anniversaries told or passed (8), whether
/// rewards rest as the customer has left (1), whether the top tier was told (1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Row(u64);

const INSTANT: u64 = (1 << 48) - 1;
const RESTS: u64 = 1 << 56;
const TOP: u64 = 1 << 57;

impl Row {
    pub(super) fn first_order(self) -> Option<i64> {
        Some((self.0 & INSTANT) as i64).filter(|ms| *ms > 0)
    }

    pub(super) fn order(&mut self, ts: i64) {
        let first = self.first_order().map_or(ts, |first| first.min(ts));
        self.0 = self.0 & !INSTANT | first.max(0).cast_unsigned() & INSTANT;
    }

    pub(super) fn years(self) -> u8 {
        (self.0 >> 48) as u8
    }

    pub(super) fn set_years(&mut self, years: u8) {
        self.0 = self.0 & !(0xFF << 48) | u64::from(years) << 48;
    }

    pub(super) fn rests(self) -> bool {
        self.0 & RESTS != 0
    }

    pub(super) fn set_rests(&mut self, rests: bool) {
        self.0 = if rests {
            self.0 | RESTS
        } else {
            self.0 & !RESTS
        };
    }

    pub(super) fn is_top(self) -> bool {
        self.0 & TOP != 0
    }

    pub(super) fn set_top(&mut self) {
        self.0 |= TOP;
    }

    /// When the anniversary after so many begins.
    pub(super) fn after(self, years: u8, zone: &TimeZone) -> Option<i64> {
        let first = date_at(self.first_order()?, zone);
        begin(anniversary(first, years.checked_add(1)?)?, zone)
    }

    /// The number of the first anniversary later than `now`, less one.
    pub(super) fn passed(self, now: i64, zone: &TimeZone) -> u8 {
        let Some(first) = self.first_order() else {
            return 0;
        };
        let years = date_at(now, zone).year() - date_at(first, zone).year();
        let surely = u8::try_from(years.max(1) - 1).unwrap_or(u8::MAX);
        let gone = |years: &u8| self.after(*years, zone).is_some_and(|at| at <= now);
        (surely..u8::MAX)
            .find(|years| !gone(years))
            .unwrap_or(u8::MAX)
    }
}

/// What the customer has said about the own person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Person {
    /// Month and day; zeros where unknown.
    pub(super) birthday: (i8, i8),
    /// The last year whose birthday was told.
    pub(super) told_year: i16,
    /// Birthdays up to this instant are over.
    pub(super) since: Stamp,
    /// The last change; an older one does nothing.
    pub(super) updated: Stamp,
    /// Name of the time zone; empty where unknown.
    pub(super) zone: Box<str>,
}

impl Person {
    /// The next birthday that is to be told: its year, and when it begins.
    pub(super) fn next(&self, zone: &TimeZone) -> Option<(i16, i64)> {
        let since = self.since.ms()?;
        let now = date_at(since, zone).year();
        let first = now.max(self.told_year.saturating_add(1));
        let years = first..=first.saturating_add(1);
        years
            .filter_map(|year| Some((year, self.begins(year, zone)?)))
            .find(|(_, at)| *at > since)
    }

    fn begins(&self, year: i16, zone: &TimeZone) -> Option<i64> {
        let known = Some(self.birthday).filter(|(month, _)| *month > 0)?;
        begin(birthday(year, known)?, zone)
    }

    /// When the first birthday after `now` begins.
    pub(super) fn after(&self, now: i64, zone: &TimeZone) -> Option<i64> {
        let year = date_at(now, zone).year();
        let begins = |year| self.begins(year, zone).filter(|at| *at > now);
        begins(year).or_else(|| begins(year.saturating_add(1)))
    }
}

/// Hundredths of points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Points {
    pub(super) earned: i64,
    pub(super) at_partners: i64,
    pub(super) redeemed: i64,
    pub(super) redemptions: u32,
}

/// Orders whose review was rewarded, by hash (the last four, 0 is none), and the last day with a review of no order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reviewed {
    orders: [u32; 4],
    day: i32,
}

impl Reviewed {
    /// Whether a review of this order was not rewarded yet; it is now.
    pub(super) fn order(&mut self, hash: u64) -> bool {
        let hash = (hash as u32).max(1);
        if self.orders.contains(&hash) {
            return false;
        }
        self.orders.rotate_right(1);
        self.orders[0] = hash;
        true
    }

    /// Whether none was on this day of the calendar or after; now there is one.
    pub(super) fn day(&mut self, day: i32) -> bool {
        let is_new = day > self.day;
        self.day = self.day.max(day);
        is_new
    }
}
