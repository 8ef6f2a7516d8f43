//! From which probability on an alert is worth it: by how many a team can take, or by what one is worth.
//!
//! | wanted | where alerts open |
//! | --- | --- |
//! | capacity K | the lowest level such that it, and every level above it, is newly crossed by K customers a day at most |
//! | profit | where p x share saved x value is the cost of a contact |
//! | both | the higher of the two |
//!
//! An episode closes where the odds have fallen to 7/12 of those at which it opened, as from 0.8 to 0.7: by
//! over 40 %, wherever the threshold lies, which a stray page view doesn't do but a purchase does.

use serde::{Deserialize, Serialize};

use crate::metrics::Scored;
use crate::{Error, logit, probability};

/// Odds at closing over odds at opening.
const CLOSE: f64 = 7.0 / 12.0;
/// Thresholds are written with so many steps between 0 and 1.
const STEPS: f64 = 10_000.0;

/// The thresholds that a model brings along; the configuration's own win over them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// An episode opens at a probability of at least this.
    pub open: f64,
    /// An open one recovers at a probability of at most this.
    pub close: f64,
}

impl Policy {
    /// Opens at `level`, held between 0.0002 and 0.9999, and closes by the rule above.
    #[must_use]
    pub fn opening_at(level: f64) -> Self {
        let open = level.clamp(2.0 / STEPS, 1.0 - 1.0 / STEPS);
        let close = probability(logit(open) + libm::log(CLOSE));
        Self {
            open,
            // The last bits of a logarithm don't make 0.7 a 0.6999.
            close: ((close * STEPS + 1e-6).floor() / STEPS).max(1.0 / STEPS),
        }
    }

    pub(crate) fn faults(&self, faults: &mut Vec<String>) {
        for (name, p) in [("open", self.open), ("close", self.close)] {
            if !(p > 0.0 && p < 1.0) {
                faults.push(format!(
                    "policy.{name} is {p}, not a probability between 0 and 1"
                ));
            }
        }
        if self.close > self.open {
            faults.push(format!(
                "policy.close is {}, above policy.open, {}",
                self.close, self.open
            ));
        }
    }
}

/// What an alert costs and brings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Profit {
    /// Value of a customer who stays, in any money.
    pub value: f64,
    /// Share of those about to leave whom a contact saves.
    pub saved: f64,
    /// Cost of a contact, in the same money.
    pub cost: f64,
}

/// What a threshold does on rows whose outcome is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alerted {
    /// Rows at or above it.
    pub rows: u64,
    /// How many of them left.
    pub left: u64,
}

impl Profit {
    /// The probability from which on a contact is worth its cost, rounded up to four digits.
    ///
    /// # Errors
    /// [`Error::Setting`] for numbers out of range, or a cost that no probability is worth.
    pub fn threshold(&self) -> Result<f64, Error> {
        let Self { value, saved, cost } = *self;
        let is_sound = [value, saved, cost]
            .iter()
            .all(|x| x.is_finite() && *x > 0.0);
        if !is_sound || saved > 1.0 {
            return Err(Error::Setting(format!(
                "value {value}, saved {saved} and cost {cost}: all have to be above 0, and the share saved at most 1"
            )));
        }
        let level = (cost / (saved * value) * STEPS).ceil() / STEPS;
        if level >= 1.0 {
            return Err(Error::Setting(format!(
                "a contact costs {cost} and brings {} at most, where the customer is sure to leave: none is worth it",
                saved * value
            )));
        }
        Ok(level)
    }

    /// What contacting these rows brought.
    #[must_use]
    pub fn of(&self, alerted: Alerted) -> f64 {
        alerted.left as f64 * self.saved * self.value - alerted.rows as f64 * self.cost
    }
}

/// Who is at or above a level.
#[must_use]
pub fn alerted(rows: &[Scored], open: f64) -> Alerted {
    let above = rows.iter().filter(|row| row.p >= open);
    above.fold(Alerted::default(), |sum, row| Alerted {
        rows: sum.rows + 1,
        left: sum.left + u64::from(row.left),
    })
}

/// Probabilities of one day and of the next, of all customers over some days.
#[derive(Clone, Debug, Default)]
pub struct Crossings {
    /// Those that rose: from, to. The levels in (from, to] were newly crossed.
    rises: Vec<(f64, f64)>,
    days: u32,
}

impl Crossings {
    /// A day's probabilities are all in.
    pub fn end_day(&mut self) {
        self.days += 1;
    }

    /// A customer's probability, and that of the day before: 0 for one who was not in the population then.
    pub fn add(&mut self, before: f64, now: f64) {
        if now > before {
            self.rises.push((before, now));
        }
    }

    /// Days that were looked at.
    #[must_use]
    pub fn days(&self) -> u32 {
        self.days
    }

    /// How many customers a day newly cross a level.
    #[must_use]
    pub fn a_day(&self, level: f64) -> f64 {
        let crossed = |(from, to): &&(f64, f64)| *from < level && level <= *to;
        self.rises.iter().filter(crossed).count() as f64 / f64::from(self.days.max(1))
    }

    /// The lowest level, in steps of a ten-thousandth, such that it and every level above it is newly crossed by
    /// `capacity` customers a day at most; none where that holds of every level down to `floor`.
    #[must_use]
    pub fn lowest(&self, capacity: f64, floor: f64) -> Option<f64> {
        let most = capacity * f64::from(self.days);
        // From above: a level is crossed by those that ended at it or above, and began below it.
        let mut ends: Vec<(f64, i64)> = Vec::with_capacity(2 * self.rises.len());
        for (from, to) in &self.rises {
            ends.extend([(*to, 1), (*from, -1)]);
        }
        ends.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut crossing = 0;
        for at_one in ends.chunk_by(|a, b| a.0 == b.0) {
            let level = at_one[0].0;
            if level < floor {
                return None;
            }
            crossing += at_one.iter().map(|(_, change)| change).sum::<i64>();
            if crossing as f64 > most {
                return Some(((level * STEPS).floor() + 1.0) / STEPS);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crossings(rises: &[(f64, f64)]) -> Crossings {
        let mut found = Crossings::default();
        for (before, now) in rises {
            found.add(*before, *now);
        }
        found.end_day();
        found
    }

    #[test]
    fn closing_keeps_the_distance_in_odds_of_the_defaults() {
        assert_eq!(
            Policy::opening_at(0.8),
            Policy {
                open: 0.8,
                close: 0.7
            }
        );
        let low = Policy::opening_at(0.3);
        assert!((low.close - 0.2).abs() < 1e-9, "{low:?}");
        for level in [-1.0, 0.0, 1e-9, 0.5, 1.0, 7.0] {
            let mut faults = Vec::new();
            Policy::opening_at(level).faults(&mut faults);
            assert!(faults.is_empty(), "{level}: {faults:?}");
        }
    }

    #[test]
    fn capacity_takes_the_lowest_level_that_few_enough_cross() {
        let rises = [(0.1, 0.9), (0.2, 0.8), (0.5, 0.7), (0.6, 0.4)];
        let found = crossings(&rises);
        assert_eq!(found.a_day(0.75), 2.0);
        assert_eq!(found.lowest(2.0, 0.0), Some(0.7001));
        assert_eq!(found.lowest(1.0, 0.0), Some(0.8001));
        assert_eq!(found.lowest(0.5, 0.0), Some(0.9001));
        assert_eq!(found.lowest(3.0, 0.0), None, "no level is crossed by more");
        assert_eq!(found.lowest(2.0, 0.75), None, "nothing above the floor is");
    }

    #[test]
    fn levels_far_below_that_fewer_cross_are_not_taken() {
        // All begin at 0.5 and end at 0.9: a level of 0.4 would be crossed by nobody, for all are above it for ever.
        let found = crossings(&[(0.5, 0.9), (0.5, 0.9), (0.5, 0.9)]);
        assert_eq!(found.a_day(0.4), 0.0);
        assert_eq!(found.lowest(1.0, 0.0), Some(0.9001));
    }

    #[test]
    fn profit_opens_where_a_contact_brings_what_it_costs() {
        let profit = Profit {
            value: 100.0,
            saved: 0.1,
            cost: 3.0,
        };
        assert_eq!(profit.threshold().unwrap(), 0.3);
        let row = |p, left| Scored {
            p,
            left,
            customer: 0,
        };
        let rows = [row(0.3, true), row(0.9, false), row(0.29, true)];
        let found = alerted(&rows, 0.3);
        assert_eq!(found, Alerted { rows: 2, left: 1 });
        assert!((profit.of(found) - 4.0).abs() < 1e-12);
    }

    #[test]
    fn contact_that_never_pays_is_refused() {
        for (value, saved, cost, said) in [
            (100.0, 0.1, 10.0, "none is worth it"),
            (100.0, 1.5, 10.0, "at most 1"),
            (0.0, 0.1, 10.0, "above 0"),
            (100.0, 0.1, f64::NAN, "above 0"),
        ] {
            let error = Profit { value, saved, cost }.threshold().unwrap_err();
            assert!(error.to_string().contains(said), "{error}");
        }
    }
}
