//! The last purchases of a customer, and the gaps between the days on which the customer bought.

use serde::{Deserialize, Serialize};

use crate::DAY_MS;
use crate::stamp::Stamp;

/// Gaps that are kept.
const GAPS: usize = 16;

/// A purchase, in 12 bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bought {
    at: Stamp,
    minor: Stamp,
}

impl Bought {
    pub(super) fn new(at: i64, minor: i64) -> Self {
        // One more, as a stamp of 0 is none.
        Self {
            at: Stamp::at(at),
            minor: Stamp::at(minor.saturating_add(1)),
        }
    }

    /// Its instant (ms UTC) and amount (minor units).
    pub(super) fn get(self) -> Option<(i64, i64)> {
        Some((self.at.ms()?, self.minor.ms()? - 1))
    }

    fn day(self) -> u16 {
        self.at
            .ms()
            .map_or(0, |ms| u16::try_from(ms / DAY_MS).unwrap_or(u16::MAX))
    }
}

/// What is kept from the second purchase on, in 58 bytes: the two purchases before the last one, and gaps in days
/// between the last 17 UTC days with a purchase, newest first, 0 where there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Earlier {
    pub(super) bought: [Bought; 2],
    last_day: u16,
    gaps: [u16; GAPS],
}

impl Earlier {
    /// That of a customer who bought once.
    pub(super) fn after(first: Bought) -> Self {
        Self {
            last_day: first.day(),
            ..Self::default()
        }
    }

    /// Takes in a purchase beside the `newest` one so far; gives the newest one now. The order of calls makes no
    /// difference.
    pub(super) fn add(&mut self, newest: Bought, bought: Bought) -> Bought {
        self.add_day(bought.day());
        let mut all = [newest, self.bought[0], self.bought[1], bought];
        all.sort_unstable_by_key(|bought| std::cmp::Reverse(bought.get()));
        self.bought = [all[1], all[2]];
        all[0]
    }

    fn add_day(&mut self, day: u16) {
        let mut days: Vec<u16> = self.days().collect();
        let Err(at) = days.binary_search_by(|known| day.cmp(known)) else {
            return;
        };
        days.insert(at, day);
        self.last_day = days[0];
        self.gaps = [0; GAPS];
        for (gap, pair) in self.gaps.iter_mut().zip(days.windows(2)) {
            *gap = pair[0] - pair[1];
        }
    }

    /// Days with a purchase, newest first.
    fn days(&self) -> impl Iterator<Item = u16> + '_ {
        let mut day = self.last_day;
        let earlier = self.gaps().iter().map(move |gap| {
            day = day.saturating_sub(*gap);
            day
        });
        std::iter::once(self.last_day).chain(earlier)
    }

    fn gaps(&self) -> &[u16] {
        let known = self.gaps.iter().position(|gap| *gap == 0);
        &self.gaps[..known.unwrap_or(GAPS)]
    }

    pub(super) fn rhythm(&self) -> Rhythm {
        let gaps = self.gaps();
        match gaps {
            [] | [_] => Rhythm::default(),
            _ => Rhythm {
                median_halves: median_halves(gaps),
                longest: gaps.iter().copied().max().unwrap_or(0),
            },
        }
    }

    /// Whether the customer of late buys more rarely or more often than usual; none with fewer than two gaps.
    pub(super) fn trend(&self) -> Option<Trend> {
        let gaps = self.gaps();
        let [newest, before, ..] = gaps else {
            return None;
        };
        let of_late = f64::from(*newest) + f64::from(*before);
        let usual = f64::from(median_halves(gaps));
        Some(match of_late / usual {
            ratio if ratio > RARER => Trend::Falling,
            ratio if ratio < OFTENER => Trend::Rising,
            _ => Trend::Steady,
        })
    }
}

/// The mean of the last two gaps against the median, from which on purchases become rarer.
const RARER: f64 = 1.25;
/// The same, below which they become more frequent.
const OFTENER: f64 = 0.8;

/// Where purchases are going.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// The last two gaps are longer than the own median by more than a quarter.
    Falling,
    /// About as ever.
    Steady,
    /// They are shorter by more than a fifth.
    Rising,
}

/// Gaps between days with a purchase; zeros where there are fewer than two gaps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Rhythm {
    /// The median in half days: of an even number of gaps it is the mean of the two in the middle.
    pub(super) median_halves: u32,
    /// The longest of the gaps, days.
    pub(super) longest: u16,
}

impl Rhythm {
    /// The own median gap, days.
    pub(super) fn median_days(self) -> Option<f64> {
        (self.median_halves > 0).then(|| f64::from(self.median_halves) / 2.0)
    }

    /// How long a silence has to be, ms, to be longer than all that are usual: so many medians, or the longest gap
    /// and a median where the customer has come back from longer ones.
    pub(super) fn dormant_after_ms(self, medians: f64) -> Option<i64> {
        let median = self.median_days()?;
        let longest = f64::from(self.longest);
        let days = match medians * median {
            usual if longest > usual => longest + median,
            usual => usual,
        };
        Some((days * DAY_MS as f64) as i64)
    }
}

fn median_halves(gaps: &[u16]) -> u32 {
    let mut sorted = [0; GAPS];
    sorted[..gaps.len()].copy_from_slice(gaps);
    let sorted = &mut sorted[..gaps.len()];
    sorted.sort_unstable();
    let middle = |at: usize| sorted.get(at).map_or(0, |gap| u32::from(*gap));
    middle((gaps.len().max(1) - 1) / 2) + middle(gaps.len() / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn earlier(days: &[i64]) -> (Bought, Earlier) {
        let bought = |day: &i64| Bought::new(day * DAY_MS + 5, 100 * day);
        let mut newest = bought(&days[0]);
        let mut earlier = Earlier::after(newest);
        for day in &days[1..] {
            newest = earlier.add(newest, bought(day));
        }
        (newest, earlier)
    }

    #[test]
    fn the_order_of_purchases_makes_no_difference() {
        let (newest, row) = earlier(&[100, 107, 110, 103, 110, 130]);
        assert_eq!(earlier(&[130, 110, 103, 107, 110, 100]), (newest, row));
        assert_eq!(row.gaps(), [20, 3, 4, 3]);
        assert_eq!(newest.get(), Some((130 * DAY_MS + 5, 13_000)));
        let before = row
            .bought
            .map(|bought| bought.get().map(|(_, minor)| minor));
        assert_eq!(before, [Some(11_000), Some(11_000)]);
        assert_eq!(row.rhythm().median_days(), Some(3.5));
    }

    #[test]
    fn only_the_last_sixteen_gaps_count() {
        let days: Vec<i64> = (0..40).map(|n| 100 + n * n).collect();
        let (_, row) = earlier(&days);
        assert_eq!(row.gaps().len(), 16);
        assert_eq!((row.gaps()[0], row.gaps()[15]), (77, 47));
    }

    #[test]
    fn a_median_is_the_middle_or_the_mean_of_the_two_there() {
        assert_eq!(median_halves(&[9, 1, 4]), 8);
        assert_eq!(median_halves(&[9, 1, 4, 6]), 10);
    }

    #[test]
    fn who_has_come_back_from_longer_silences_is_waited_for() {
        let (_, yearly) = earlier(&[1_000, 1_003, 1_006, 1_360, 1_363, 1_366]);
        let after = yearly.rhythm().dormant_after_ms(3.0);
        assert_eq!(after, Some((354 + 3) * DAY_MS));
        let (_, weekly) = earlier(&[1_000, 1_007, 1_014, 1_030]);
        assert_eq!(weekly.rhythm().dormant_after_ms(3.0), Some(21 * DAY_MS));
    }

    #[test]
    fn a_trend_needs_two_gaps() {
        assert_eq!(earlier(&[100, 107]).1.trend(), None);
        assert_eq!(
            earlier(&[100, 107, 114, 128, 148]).1.trend(),
            Some(Trend::Falling)
        );
        assert_eq!(
            earlier(&[100, 120, 140, 145, 150]).1.trend(),
            Some(Trend::Rising)
        );
        assert_eq!(
            earlier(&[100, 107, 114, 121]).1.trend(),
            Some(Trend::Steady)
        );
    }
}
