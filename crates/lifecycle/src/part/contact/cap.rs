//! Not too much: so many messages within any span, over all channels, and none at night.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// At most so many messages within any span of `window_ms`: (t - window, t] for every t.
///
/// ```
/// use holdfast_lifecycle::part::contact::ContactCap;
///
/// let cap = ContactCap { contacts: 2, window_ms: 1_000 };
/// assert_eq!(cap.next(&[100, 700], 900), 1_100); // the one at 100 is out of the window then
/// assert_eq!(cap.next(&[100, 700], 1_500), 1_500);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactCap {
    /// How many; 0 is no message at all.
    pub contacts: u32,
    /// The span, in milliseconds.
    pub window_ms: i64,
}

impl Default for ContactCap {
    /// Three within a week.
    fn default() -> Self {
        Self {
            contacts: 3,
            window_ms: 7 * crate::DAY_MS,
        }
    }
}

impl ContactCap {
    /// How many of the messages lie in the window that ends at `at`.
    #[must_use]
    pub fn used(&self, sends: &[i64], at: i64) -> usize {
        let from = at.saturating_sub(self.window_ms);
        sends
            .iter()
            .filter(|sent| **sent > from && **sent <= at)
            .count()
    }

    /// The first instant from `at` on (ms UTC) at which another message keeps every window within the cap. `sends` are
    /// those so far, ascending and not later than `at`; at least the newest [`contacts`](Self::contacts) of them.
    #[must_use]
    pub fn next(&self, sends: &[i64], at: i64) -> i64 {
        let contacts = self.contacts as usize;
        if contacts == 0 {
            return i64::MAX;
        }
        match sends.len().checked_sub(contacts) {
            Some(oldest) => at.max(sends[oldest].saturating_add(self.window_ms)),
            None => at,
        }
    }

    /// Adds a message to those that matter, in whatever order they come.
    pub(super) fn keep(&self, sends: &mut Vec<i64>, sent: i64) {
        let place = sends.partition_point(|known| *known <= sent);
        sends.insert(place, sent);
        let newest = sends.last().copied().unwrap_or(sent);
        let spent = |known: &i64| *known <= newest.saturating_sub(self.window_ms);
        let old = sends.iter().take_while(|known| spent(known)).count();
        let many = sends.len().saturating_sub(self.contacts as usize);
        sends.drain(..old.max(many));
    }
}

/// Hours of the night on the customer's clock, from and with the first up to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    /// The first quiet hour, 0 to 23.
    pub from: u8,
    /// The first hour that is not quiet any more; the same as `from` if none is quiet.
    pub to: u8,
}

impl QuietHours {
    fn holds(self, hour: u8) -> bool {
        match self.from <= self.to {
            true => (self.from..self.to).contains(&hour),
            false => hour >= self.from || hour < self.to,
        }
    }

    /// Whether an instant (ms UTC) is in the quiet hours of a zone.
    #[must_use]
    pub fn is_quiet(self, zone: &TimeZone, at: i64) -> bool {
        Timestamp::from_millisecond(at)
            .is_ok_and(|at| self.holds(zone.to_datetime(at).hour() as u8))
    }

    /// The first instant from `at` on (ms UTC) that is not quiet.
    #[must_use]
    pub fn next(self, zone: &TimeZone, at: i64) -> i64 {
        if !self.is_quiet(zone, at) {
            return at;
        }
        let end = || {
            let local = zone.to_datetime(Timestamp::from_millisecond(at).ok()?);
            let date = match (local.hour() as u8) < self.to {
                true => local.date(),
                false => local.date().tomorrow().ok()?,
            };
            // An hour that the clocks leave out begins when they have been put forward.
            let end = zone.to_timestamp(date.at(self.to as i8, 0, 0, 0)).ok()?;
            Some(end.as_millisecond())
        };
        end().map_or(at, |end| end.max(at))
    }
}
