//! Statistics over the whole life: which days are in them, and which are still words.

use super::{Ix, Store};
use crate::days::days;
use crate::head::Head;
use crate::stats::Stats;
use crate::words::day_of;
use crate::{LATENESS_MS, day_of_ms};

impl Store {
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
            stats.fold(&day, occasion);
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
            stats.fold(&day, occasion);
        }
        stats
    }

    /// Whether a day after `first` and up to `last` has words: time alone then changes what is in the statistics.
    pub(super) fn is_dated_within(&self, head: &Head, first: u16, last: u16) -> bool {
        let newer = self.words_of(head).iter().rev().map(|word| day_of(*word));
        newer.take_while(|day| *day > first).any(|day| day <= last)
    }
}
