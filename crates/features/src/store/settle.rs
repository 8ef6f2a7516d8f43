//! Statistics over the whole life: which days are in them, and which are still words.

use super::{Ix, Store};
use crate::days::days;
use crate::head::Head;
use crate::stats::Stats;
use crate::words::day_of;
use crate::{DAY_MS, LATENESS_MS, day_of_ms};

/// A customer's occasions as of an instant, for fits of the population.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rhythm {
    /// Number of occasions.
    pub occasions: u16,
    /// Days from the first to the last one.
    pub span_days: f64,
    /// Days from the beginning of the first one's day to the instant.
    pub age_days: f64,
    /// Mean of ln(1 + gap in days), and the sum of its squared deviations.
    pub gap_mean: f64,
    /// See `gap_mean`.
    pub gap_squares: f64,
}

impl Store {
    /// A customer's occasions up to and with the UTC day of `now`; none before the first one, or without statistics.
    #[must_use]
    pub fn rhythm(&self, ix: Ix, now: i64) -> Option<Rhythm> {
        let stats = self.stats_at(ix, self.heads.get(ix.0), day_of_ms(now));
        let age = now - i64::from(stats.first) * DAY_MS;
        (stats.occasions > 0).then(|| Rhythm {
            occasions: stats.occasions,
            span_days: f64::from(stats.last - stats.first),
            age_days: age.max(0) as f64 / DAY_MS as f64,
            gap_mean: f64::from(stats.gap_mean),
            gap_squares: f64::from(stats.gap_squares),
        })
    }

    /// Takes in the days of which no event can come any more, now that `newest` has.
    #[inline]
    pub(super) fn settle(&mut self, ix: Ix, newest: i64) {
        let open = day_of_ms(newest - LATENESS_MS);
        let Some(occasion) = self.settings.stats else {
            return;
        };
        let Some(stats) = self.stats.as_mut().map(|stats| stats.get_mut(ix.0)) else {
            return;
        };
        if open <= stats.next {
            return;
        }
        let row = self.heads.get(ix.0).row();
        let words = &self.words.row(row.class, row.slot)[..usize::from(row.len)];
        for day in days(words, stats.next, open, self.minor_per_major) {
            stats.fold(&day, occasion, self.minor_per_major);
        }
        stats.next = open;
    }

    /// The statistics with all days up to and with `day` in them.
    pub(super) fn stats_at(&self, ix: Ix, head: &Head, day: u16) -> Stats {
        let (Some(column), Some(occasion)) = (&self.stats, self.settings.stats) else {
            return Stats::default();
        };
        let mut stats = *column.get(ix.0);
        for day in days(
            self.words_of(head),
            stats.next,
            day.saturating_add(1),
            self.minor_per_major,
        ) {
            stats.fold(&day, occasion, self.minor_per_major);
        }
        stats
    }

    /// Whether a day after `first` and up to `last` has words: time alone then changes what is in the statistics.
    pub(super) fn is_dated_within(&self, head: &Head, first: u16, last: u16) -> bool {
        let newer = self.words_of(head).iter().rev().map(|word| day_of(*word));
        newer.take_while(|day| *day > first).any(|day| day <= last)
    }
}
