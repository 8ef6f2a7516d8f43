//! Days that a shop celebrates.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

/// A day of every year, or of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpecialDay {
    /// Month and day. 29 February is the 28th in common years.
    Yearly(i8, i8),
    /// One date.
    Once(Date),
}

impl SpecialDay {
    /// Reads `11-11` or `2026-11-27`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Ok(once) = text.parse::<Date>() {
            return Some(Self::Once(once));
        }
        // A leap year has every day of any.
        let yearly: Date = format!("2024-{text}").parse().ok()?;
        Some(Self::Yearly(yearly.month(), yearly.day()))
    }

    fn in_year(self, year: i16) -> Option<Date> {
        match self {
            Self::Yearly(month, day) => {
                let last = date(year, month, 1).last_of_month().day();
                Some(date(year, month, day.min(last)))
            }
            Self::Once(once) => Some(once).filter(|once| once.year() == year),
        }
    }

    /// The first such day from `today` on.
    fn from(self, today: Date) -> Option<Date> {
        if let Self::Once(once) = self {
            return Some(once).filter(|once| *once >= today);
        }
        let years = [today.year(), today.year().checked_add(1)?];
        let mut days = years.into_iter().filter_map(|year| self.in_year(year));
        days.find(|day| *day >= today)
    }
}

/// Days from an instant (ms UTC) to the start of the next of these days on the clocks of a zone, 0 on the day itself.
pub(crate) fn days_until(days: &[SpecialDay], as_of: i64, zone: &TimeZone) -> Option<f64> {
    let now = Timestamp::from_millisecond(as_of).ok()?;
    let today = zone.to_datetime(now).date();
    let next = days.iter().filter_map(|day| day.from(today)).min()?;
    let start = zone.to_timestamp(next.at(0, 0, 0, 0)).ok()?;
    let ms = (start.as_millisecond() - as_of).max(0);
    Some(ms as f64 / 86_400_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn until(days: &[&str], now: &str, zone: &str) -> Option<f64> {
        let days: Vec<_> = days
            .iter()
            .filter_map(|day| SpecialDay::parse(day))
            .collect();
        let now: Timestamp = now.parse().unwrap();
        days_until(&days, now.as_millisecond(), &TimeZone::get(zone).unwrap())
    }

    #[test]
    fn a_day_is_nought_days_away_until_it_is_over_on_the_customers_clock() {
        assert_eq!(until(&["11-11"], "2026-11-10T00:00:00Z", "UTC"), Some(1.0));
        assert_eq!(
            until(&["11-11"], "2026-11-11T22:59:59Z", "Europe/Berlin"),
            Some(0.0)
        );
        let next = until(&["11-11"], "2026-11-11T23:00:00Z", "Europe/Berlin").unwrap();
        assert_eq!(next, 364.0);
    }

    #[test]
    fn the_nearest_of_several_days_counts_and_one_that_is_over_for_good_does_not() {
        let days = ["12-24", "2026-11-27"];
        assert_eq!(until(&days, "2026-11-20T00:00:00Z", "UTC"), Some(7.0));
        assert_eq!(until(&days, "2026-11-28T00:00:00Z", "UTC"), Some(26.0));
        assert_eq!(until(&["2026-11-27"], "2026-11-28T00:00:00Z", "UTC"), None);
    }

    #[test]
    fn the_twenty_ninth_of_february_is_the_twenty_eighth_in_common_years() {
        assert_eq!(until(&["02-29"], "2026-02-27T00:00:00Z", "UTC"), Some(1.0));
        assert_eq!(until(&["02-29"], "2028-02-28T00:00:00Z", "UTC"), Some(1.0));
        assert!(SpecialDay::parse("02-30").is_none() && SpecialDay::parse("soon").is_none());
    }
}
