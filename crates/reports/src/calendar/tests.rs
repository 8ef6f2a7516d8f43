#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

fn ms(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

fn over(period: Period, zone: &str, first: &str, last: &str) -> Calendar {
    let zone = TimeZone::get(zone).unwrap();
    Calendar::over(period, &zone, (ms(first), ms(last))).unwrap()
}

#[test]
fn day_on_which_clocks_change_is_one_day_of_23_or_25_hours() {
    let spring = over(
        Period::Day,
        "Europe/Berlin",
        "2026-03-28T12:00:00Z",
        "2026-03-30T12:00:00Z",
    );
    let starts = spring.periods().bounds();
    assert_eq!(starts[0], ms("2026-03-27T23:00:00Z"));
    let hours: Vec<i64> = starts.windows(2).map(|w| (w[1] - w[0]) / HOUR_MS).collect();
    assert_eq!(hours, [24, 23, 24]);
    let autumn = over(
        Period::Day,
        "Europe/Berlin",
        "2026-10-25T00:00:00Z",
        "2026-10-25T10:00:00Z",
    );
    let (start, end) = autumn.periods().span(0);
    assert_eq!((end - start) / HOUR_MS, 25);
}

#[test]
fn day_without_a_midnight_begins_at_its_first_instant() {
    // Clocks in Cairo went from 0:00 to 1:00 on 2024-04-26.
    let day = over(
        Period::Day,
        "Africa/Cairo",
        "2024-04-26T10:00:00Z",
        "2024-04-26T11:00:00Z",
    );
    assert_eq!(
        day.periods().span(0),
        (ms("2024-04-25T22:00:00Z"), ms("2024-04-26T21:00:00Z"))
    );
}

#[test]
fn week_begins_on_monday_also_across_the_year() {
    let weeks = over(
        Period::Week,
        "UTC",
        "2026-01-01T00:00:00Z",
        "2026-01-05T00:00:00Z",
    );
    let expected = ["2025-12-29", "2026-01-05", "2026-01-12"].map(|d| ms(&format!("{d}T00:00Z")));
    assert_eq!(weeks.periods().bounds(), expected);
    assert_eq!(weeks.periods().complete(), 1);
}

#[test]
fn month_and_year_follow_the_local_date_and_leap_days() {
    let months = over(
        Period::Month,
        "Asia/Tokyo",
        "2024-01-31T15:00:00Z",
        "2024-02-29T14:59:59.999Z",
    );
    assert_eq!(months.periods().len(), 1, "one February, of Tokyo");
    let (start, end) = months.periods().span(0);
    assert_eq!((end - start) / DAY_MS, 29);
    assert_eq!(months.periods().complete(), 1);
    assert_eq!(months.month_name(0), "2024-02");
    let years = over(
        Period::Year,
        "UTC",
        "2024-06-01T00:00:00Z",
        "2025-12-31T00:00:00Z",
    );
    assert_eq!(years.periods().len(), 2);
    assert_eq!(
        years.periods().complete(),
        2,
        "the last day counts as whole"
    );
}

#[test]
fn instant_on_a_bound_belongs_to_the_period_that_begins_there() {
    let days = over(
        Period::Day,
        "UTC",
        "2026-01-01T05:00:00Z",
        "2026-01-02T00:00:00Z",
    );
    let grid = days.periods();
    let bound = ms("2026-01-02T00:00:00Z");
    assert_eq!(grid.index(bound), Some(1));
    assert_eq!(grid.index(bound - 1), Some(0));
    assert_eq!(grid.index(grid.bounds()[0] - 1), None);
    assert_eq!(grid.index(grid.bounds()[2]), None);
}

#[test]
fn periods_to_forecast_follow_the_last_complete_one() {
    let months = over(
        Period::Month,
        "UTC",
        "2025-11-03T00:00:00Z",
        "2026-01-10T00:00:00Z",
    );
    assert_eq!(months.periods().complete(), 2);
    let next = months.next_starts(2).unwrap();
    assert_eq!(
        next,
        [ms("2026-01-01T00:00:00Z"), ms("2026-02-01T00:00:00Z")]
    );
}

#[test]
fn span_that_ends_before_it_begins_is_refused() {
    let refused = Calendar::over(Period::Month, &TimeZone::UTC, (2, 1));
    assert_eq!(
        refused,
        Err(Error::NoSpan {
            first_ms: 2,
            last_ms: 1
        })
    );
}
