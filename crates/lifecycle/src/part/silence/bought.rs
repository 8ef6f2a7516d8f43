//! The last purchases of a customer, and the gaps between the days on which the customer bought.

use serde::{Deserialize, Serialize};

use crate::DAY_MS;

/// Purchases that are kept.
const PURCHASES: usize = 3;
/// Gaps that are kept.
const GAPS: usize = 16;

/// What is kept of a customer's purchases: about 11 bytes for one, 9 more for each of two more and one or two for a gap.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bought {
    /// Milliseconds before the purchase that is one newer, the newest's since 1970, and minor units; newest first.
    last: Vec<(i64, i64)>,
    /// Days between the last 17 UTC days with a purchase, newest first.
    gaps: Vec<u16>,
}

fn day_of(ms: i64) -> u16 {
    u16::try_from(ms / DAY_MS).unwrap_or(u16::MAX)
}

impl Bought {
    /// Instant (ms UTC) and amount (minor units) of the last purchases, newest first.
    pub(super) fn last(&self) -> Vec<(i64, i64)> {
        let mut at = 0_i64;
        let absolute = self.last.iter().enumerate().map(|(place, (apart, minor))| {
            at = match place {
                0 => *apart,
                _ => at.saturating_sub(*apart),
            };
            (at, *minor)
        });
        absolute.collect()
    }

    /// Takes in a purchase. The order of calls makes no difference.
    pub(super) fn add(&mut self, at: i64, minor: i64) {
        let mut last = self.last();
        let mut days = self.days(last.first().map(|(at, _)| day_of(*at)));
        last.push((at, minor));
        last.sort_unstable_by(|a, b| b.cmp(a));
        last.truncate(PURCHASES);
        let mut newer = 0;
        self.last.clear();
        for (at, minor) in last {
            self.last
                .push((at.saturating_sub(newer).saturating_abs(), minor));
            newer = at;
        }
        let day = day_of(at);
        if let Err(place) = days.binary_search_by(|known| day.cmp(known)) {
            days.insert(place, day);
            days.truncate(GAPS + 1);
            self.gaps = days.windows(2).map(|pair| pair[0] - pair[1]).collect();
        }
    }

    /// Days with a purchase, newest first.
    fn days(&self, newest: Option<u16>) -> Vec<u16> {
        let Some(mut day) = newest else {
            return Vec::new();
        };
        let earlier = self.gaps.iter().map(|gap| {
            day = day.saturating_sub(*gap);
            day
        });
        newest.into_iter().chain(earlier).collect()
    }

    fn gaps(&self) -> &[u16] {
        // Only a changed image holds more.
        &self.gaps[..self.gaps.len().min(GAPS)]
    }

    /// The rhythm now, where it was `before`: gaps that are not kept any more count in the longest.
    pub(super) fn rhythm(&self, before: Rhythm) -> Rhythm {
        let gaps = self.gaps();
        let forgotten = if gaps.len() == GAPS {
            before.longest
        } else {
            0
        };
        match gaps {
            [] | [_] => Rhythm::default(),
            _ => Rhythm {
                median_halves: median_halves(gaps),
                longest: gaps.iter().copied().max().unwrap_or(0).max(forgotten),
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
    /// The longest of the gaps that there ever were, days.
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

    fn bought(days: &[i64]) -> Bought {
        let mut bought = Bought::default();
        for day in days {
            bought.add(day * DAY_MS + 5, 100 * day);
        }
        bought
    }

    #[test]
    fn the_order_of_purchases_makes_no_difference() {
        let row = bought(&[100, 107, 110, 103, 110, 130]);
        assert_eq!(bought(&[130, 110, 103, 107, 110, 100]), row);
        assert_eq!(row.gaps(), [20, 3, 4, 3]);
        let at = |day: i64| (day * DAY_MS + 5, 100 * day);
        assert_eq!(row.last(), [at(130), at(110), at(110)]);
        assert_eq!(row.rhythm(Rhythm::default()).median_days(), Some(3.5));
    }

    #[test]
    fn only_the_last_sixteen_gaps_count() {
        let days: Vec<i64> = (0..40).map(|n| 100 + n * n).collect();
        let row = bought(&days);
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
        let yearly = bought(&[1_000, 1_003, 1_006, 1_360, 1_363, 1_366]);
        let after = yearly.rhythm(Rhythm::default()).dormant_after_ms(3.0);
        assert_eq!(after, Some((354 + 3) * DAY_MS));
        let weekly = bought(&[1_000, 1_007, 1_014, 1_030]);
        assert_eq!(
            weekly.rhythm(Rhythm::default()).dormant_after_ms(3.0),
            Some(21 * DAY_MS)
        );
    }

    #[test]
    fn a_trend_needs_two_gaps() {
        assert_eq!(bought(&[100, 107]).trend(), None);
        assert_eq!(
            bought(&[100, 107, 114, 128, 148]).trend(),
            Some(Trend::Falling)
        );
        assert_eq!(
            bought(&[100, 120, 140, 145, 150]).trend(),
            Some(Trend::Rising)
        );
        assert_eq!(bought(&[100, 107, 114, 121]).trend(), Some(Trend::Steady));
    }
}
