//! Days of the calendar in a zone: birthdays, and whole years after a first day.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// The local date of an instant (ms UTC).
pub(super) fn date_at(ms: i64, zone: &TimeZone) -> Date {
    let instant = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    zone.to_datetime(instant).date()
}

/// The first instant of a date (ms UTC): midnight, or where the clocks skip it the instant to which they go forward.
pub(super) fn begin(date: Date, zone: &TimeZone) -> Option<i64> {
    let midnight = date.to_zoned(zone.clone()).ok()?;
    Some(midnight.timestamp().as_millisecond())
}

/// The first instant of the date of an instant (ms UTC).
pub(super) fn day_begins(ms: i64, zone: &TimeZone) -> Option<i64> {
    begin(date_at(ms, zone), zone)
}

/// The birthday of a year: of 29 February it is the 28th in common years.
pub(super) fn birthday(year: i16, (month, day): (i8, i8)) -> Option<Date> {
    let exact = Date::new(year, month, day).ok();
    exact.or_else(|| Some(Date::new(year, month, 1).ok()?.last_of_month()))
}

/// The same date so many years later, by the same rule.
pub(super) fn anniversary(first: Date, years: u8) -> Option<Date> {
    first.checked_add(i64::from(years).years()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn begin_of(year: i16, month: i8, day: i8, zone: &str) -> String {
        let zone = TimeZone::get(zone).unwrap();
        let ms = begin(date(year, month, day), &zone).unwrap();
        Timestamp::from_millisecond(ms).unwrap().to_string()
    }

    #[test]
    fn a_birthday_on_29_february_is_on_the_28th_in_common_years() {
        assert_eq!(birthday(2028, (2, 29)), Some(date(2028, 2, 29)));
        assert_eq!(birthday(2027, (2, 29)), Some(date(2027, 2, 28)));
        assert_eq!(birthday(2100, (2, 29)), Some(date(2100, 2, 28)));
        assert_eq!(anniversary(date(2024, 2, 29), 1), Some(date(2025, 2, 28)));
        assert_eq!(anniversary(date(2024, 2, 29), 4), Some(date(2028, 2, 29)));
    }

    #[test]
    fn a_day_whose_midnight_the_clocks_skip_begins_when_they_have_gone_forward() {
        // Sao Paulo, 4 November 2018: from 0:00 to 1:00.
        assert_eq!(
            begin_of(2018, 11, 4, "America/Sao_Paulo"),
            "2018-11-04T03:00:00Z"
        );
        // Cairo, 28 April 2023: from 0:00 to 1:00.
        assert_eq!(
            begin_of(2023, 4, 28, "Africa/Cairo"),
            "2023-04-27T22:00:00Z"
        );
        // Havana, 5 November 2023: 0:00 to 1:00 comes twice, the first one counts.
        assert_eq!(
            begin_of(2023, 11, 5, "America/Havana"),
            "2023-11-05T04:00:00Z"
        );
    }

    #[test]
    fn a_day_begins_a_day_apart_on_both_sides_of_the_date_line() {
        assert_eq!(
            begin_of(2026, 3, 3, "Pacific/Kiritimati"),
            "2026-03-02T10:00:00Z"
        );
        assert_eq!(
            begin_of(2026, 3, 3, "Pacific/Pago_Pago"),
            "2026-03-03T11:00:00Z"
        );
        let zone = TimeZone::get("Pacific/Kiritimati").unwrap();
        let ms = begin(date(2026, 3, 3), &zone).unwrap();
        assert_eq!(date_at(ms, &zone), date(2026, 3, 3));
        assert_eq!(date_at(ms - 1, &zone), date(2026, 3, 2));
    }
}
