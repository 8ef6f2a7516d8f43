//! Whole calendar periods of a time zone.
//!
//! A period begins at the first instant of its first local day and ends, exclusively, at that of the next period's
//! first day, so a day of 23 or 25 hours is one day all the same. Weeks begin on Monday (ISO 8601).

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::error::{Error, MAX_PERIODS};

/// How long a period is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// A local day.
    Day,
    /// Monday to Sunday.
    Week,
    /// A calendar month.
    #[default]
    Month,
    /// A calendar year.
    Year,
}

impl Period {
    /// The name in the configuration and in the figures.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// After how many periods a season comes again: a week of days, a year of weeks or months; years have none.
    #[must_use]
    pub fn season(self) -> Option<usize> {
        match self {
            Self::Day => Some(7),
            Self::Week => Some(52),
            Self::Month => Some(12),
            Self::Year => None,
        }
    }

    /// Every one, the shortest first.
    pub const ALL: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::Year];

    /// Start and end of the period that holds an instant, ms UTC, the end exclusive.
    ///
    /// # Errors
    /// [`Error::OutsideCalendar`] beyond the years -9999 to 9999.
    pub fn span(self, zone: &TimeZone, ts: i64) -> Result<(i64, i64), Error> {
        let first = self.floor(day_of(zone, ts)?);
        let next = first.checked_add(self.step());
        let next = next.map_err(|_| Error::OutsideCalendar(ts))?;
        Ok((midnight(zone, first)?, midnight(zone, next)?))
    }

    /// The name of the period that begins at an instant: `2026-03-01`, `2026-W09`, `2026-03` or `2026`.
    #[must_use]
    pub fn name_of(self, zone: &TimeZone, start_ms: i64) -> String {
        let Ok(day) = day_of(zone, start_ms) else {
            return start_ms.to_string();
        };
        match self {
            Self::Day => day.to_string(),
            Self::Week => {
                let week = day.iso_week_date();
                format!("{:04}-W{:02}", week.year(), week.week())
            }
            Self::Month => format!("{:04}-{:02}", day.year(), day.month()),
            Self::Year => format!("{:04}", day.year()),
        }
    }

    /// The first day of the period that holds this day.
    fn floor(self, date: Date) -> Date {
        match self {
            Self::Day => date,
            Self::Week => {
                let back = i64::from(date.weekday().to_monday_zero_offset());
                date.saturating_sub(back.days())
            }
            Self::Month => date.first_of_month(),
            Self::Year => date.first_of_year(),
        }
    }

    fn step(self) -> Span {
        match self {
            Self::Day => 1.day(),
            Self::Week => 1.week(),
            Self::Month => 1.month(),
            Self::Year => 1.year(),
        }
    }
}

/// Neighbouring periods by their starts; the last entry is the end of the last period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    bounds: Vec<i64>,
    complete: usize,
}

impl Grid {
    /// From the period that holds `first_ms` to the one that holds `last_ms`.
    fn over(
        period: Period,
        zone: &TimeZone,
        (first_ms, last_ms): (i64, i64),
    ) -> Result<Self, Error> {
        let mut date = period.floor(day_of(zone, first_ms)?);
        let mut bounds = vec![midnight(zone, date)?];
        loop {
            let out = |_| Error::OutsideCalendar(last_ms);
            date = date.checked_add(period.step()).map_err(out)?;
            let next = midnight(zone, date)?;
            bounds.push(next);
            if next > last_ms {
                break;
            }
            if bounds.len() > MAX_PERIODS {
                return Err(Error::TooManyPeriods(bounds.len()));
            }
        }
        let next_day = day_of(zone, last_ms)?.checked_add(1.day());
        let day_end = midnight(zone, next_day.map_err(|_| Error::OutsideCalendar(last_ms))?)?;
        let complete = bounds[1..].iter().filter(|end| **end <= day_end).count();
        Ok(Self { bounds, complete })
    }

    /// How many periods there are; at least one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bounds.len() - 1
    }

    /// Whether there is none, which never is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many of them the events cover wholly: those that end with the local day of the last event or before it.
    #[must_use]
    pub fn complete(&self) -> usize {
        self.complete
    }

    /// Starts of all periods and the end of the last one, ms UTC.
    #[must_use]
    pub fn bounds(&self) -> &[i64] {
        &self.bounds
    }

    /// Start and end of a period, ms UTC, the end exclusive.
    #[must_use]
    pub fn span(&self, at: usize) -> (i64, i64) {
        (self.bounds[at], self.bounds[at + 1])
    }

    /// Which period holds an instant; none outside of all of them.
    #[must_use]
    pub fn index(&self, ts: i64) -> Option<usize> {
        let after = self.bounds.partition_point(|start| *start <= ts);
        (after > 0 && after < self.bounds.len()).then(|| after - 1)
    }
}

/// The periods of a report, and the months of its cohorts.
#[derive(Clone, Debug, PartialEq)]
pub struct Calendar {
    period: Period,
    zone: TimeZone,
    periods: Grid,
    months: Grid,
    first_ms: i64,
    last_ms: i64,
}

impl Calendar {
    /// The periods over events from `first_ms` to `last_ms` (ms UTC, both inclusive) in a time zone.
    ///
    /// # Errors
    /// [`Error::NoSpan`], [`Error::OutsideCalendar`], [`Error::TooManyPeriods`].
    pub fn over(
        period: Period,
        zone: &TimeZone,
        (first_ms, last_ms): (i64, i64),
    ) -> Result<Self, Error> {
        if last_ms < first_ms {
            return Err(Error::NoSpan { first_ms, last_ms });
        }
        let span = (first_ms, last_ms);
        Ok(Self {
            period,
            periods: Grid::over(period, zone, span)?,
            months: Grid::over(Period::Month, zone, span)?,
            zone: zone.clone(),
            first_ms,
            last_ms,
        })
    }

    /// How long a period is.
    #[must_use]
    pub fn period(&self) -> Period {
        self.period
    }

    /// The periods.
    #[must_use]
    pub fn periods(&self) -> &Grid {
        &self.periods
    }

    /// The calendar months, by which cohorts are formed whatever the period is.
    #[must_use]
    pub fn months(&self) -> &Grid {
        &self.months
    }

    /// The first and the last event, ms UTC.
    #[must_use]
    pub fn events_ms(&self) -> (i64, i64) {
        (self.first_ms, self.last_ms)
    }

    /// The name of the time zone; UTC where it has none.
    #[must_use]
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// A month as text, such as `2026-03`.
    #[must_use]
    pub fn month_name(&self, at: usize) -> String {
        Period::Month.name_of(&self.zone, self.months.bounds[at])
    }

    /// Hour and whether it is Saturday or Sunday, by the local clock.
    pub(crate) fn local(&self, ts: i64) -> Option<(i8, bool)> {
        let at = Timestamp::from_millisecond(ts).ok()?;
        let local = self.zone.to_datetime(at);
        let is_weekend = local.date().weekday().to_monday_zero_offset() >= 5;
        Some((local.hour(), is_weekend))
    }

    /// The bounds of so many periods that follow the complete ones: starts, and the end of the last.
    ///
    /// # Errors
    /// [`Error::OutsideCalendar`] beyond the year 9999.
    pub fn next_starts(&self, count: usize) -> Result<Vec<i64>, Error> {
        let from = self.periods.bounds[self.periods.complete];
        let mut date = day_of(&self.zone, from)?;
        let mut starts = Vec::with_capacity(count);
        for _ in 0..count {
            starts.push(midnight(&self.zone, date)?);
            let next = date.checked_add(self.period.step());
            date = next.map_err(|_| Error::OutsideCalendar(from))?;
        }
        Ok(starts)
    }
}

/// The local day of an instant.
fn day_of(zone: &TimeZone, ts: i64) -> Result<Date, Error> {
    let at = Timestamp::from_millisecond(ts).map_err(|_| Error::OutsideCalendar(ts))?;
    Ok(zone.to_datetime(at).date())
}

/// The first instant of a local day, which is not midnight where clocks are put forward at midnight.
fn midnight(zone: &TimeZone, date: Date) -> Result<i64, Error> {
    let out = |_| Error::OutsideCalendar(i64::from(date.year()));
    let at = date.to_zoned(zone.clone()).map_err(out)?;
    Ok(at.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests;
