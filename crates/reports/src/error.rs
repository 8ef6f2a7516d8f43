//! What can go wrong when figures are made.

/// Why there are no figures.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An instant or a date beyond what calendars reach.
    #[error("the instant {0} is outside the calendar")]
    OutsideCalendar(i64),
    /// A span that ends before it begins; both in ms UTC.
    #[error("the events end at {last_ms}, before they begin at {first_ms}")]
    NoSpan {
        /// The first event.
        first_ms: i64,
        /// The last event.
        last_ms: i64,
    },
    /// More periods than a report can hold.
    #[error("{0} periods are more than a report holds, which is {MAX_PERIODS}")]
    TooManyPeriods(usize),
    /// Partials of different calendars or windows were to be merged.
    #[error("partials of different periods or alive days cannot be merged")]
    Unlike,
}

/// The most periods of one report: all the days of the years 1970 to 2100.
pub const MAX_PERIODS: usize = 48_000;
