//! A seasonal intercept: a shift of the log-odds over the year after training.
//!
//! It is learned from how far the model's own forecasts were off on the same dates a year before (see [`learn`]). Between
//! the points of its grid it runs along straight lines, so that no alert is due to a jump of it, and so that its bounds
//! over any span are those of the ends and of the points in between.

use holdfast_features::DAY_MS;
use serde::{Deserialize, Serialize};

pub mod learn;

pub use learn::Seasonal;

/// Most points: one a day over a leap year.
const MAX_POINTS: usize = 366;
/// The greatest shift that is ever learned: half of what [`learn`] looks for.
const GREATEST: f64 = 2.0;
/// The first instant of 2100, ms UTC.
const LATEST_MS: i64 = 4_102_444_800_000;

/// What is added to the log-odds, by instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Season {
    /// Instant of the first shift, ms UTC: the end of what the model was trained on.
    pub from_ms: i64,
    /// Days from one shift to the next.
    pub step_days: u32,
    /// The shifts. A step before the first and a step after the last it is 0, and so it is beyond.
    pub shifts: Vec<f64>,
}

impl Season {
    fn step_ms(&self) -> i64 {
        i64::from(self.step_days) * DAY_MS
    }

    /// Number of the last point up to an instant, and how long ago it was; point 0 is the 0 before the first shift.
    fn place(&self, now: i64) -> (i64, i64) {
        let step = self.step_ms();
        let since = now.saturating_sub(self.from_ms - step);
        (since.div_euclid(step), since.rem_euclid(step))
    }

    fn point(&self, number: i64) -> f64 {
        let i = usize::try_from(number - 1).ok();
        i.and_then(|i| self.shifts.get(i)).copied().unwrap_or(0.0)
    }

    /// The shift at an instant (ms UTC).
    #[must_use]
    pub fn at(&self, now: i64) -> f64 {
        let (number, rest) = self.place(now);
        let (a, b) = (self.point(number), self.point(number + 1));
        a + (b - a) * (rest as f64 / self.step_ms() as f64)
    }

    /// The least and the greatest shift of all instants of `from..=to` (ms UTC), but for rounding.
    #[must_use]
    pub fn range(&self, from: i64, to: i64) -> (f64, f64) {
        let (a, b) = (self.at(from), self.at(to));
        // Beyond the ends of the grid there are zeros only.
        let end = self.shifts.len() as i64 + 1;
        let first = (self.place(from).0 + 1).max(0);
        let last = self.place(to).0.min(end);
        (first..=last)
            .map(|number| self.point(number))
            .fold((a.min(b), a.max(b)), |(lo, hi), x| (lo.min(x), hi.max(x)))
    }

    pub(crate) fn faults(&self, faults: &mut Vec<String>) {
        let Self {
            from_ms,
            step_days,
            shifts,
        } = self;
        if !(0..=LATEST_MS).contains(from_ms) {
            faults.push(format!(
                "season.from_ms is {from_ms}, 0 to {LATEST_MS} are possible"
            ));
        }
        if !(1..=MAX_POINTS as u32).contains(step_days) {
            faults.push(format!(
                "season.step_days is {step_days}, 1 to {MAX_POINTS} are possible"
            ));
        }
        if shifts.is_empty() || shifts.len() > MAX_POINTS {
            faults.push(format!(
                "season has {} shifts, 1 to {MAX_POINTS} are possible",
                shifts.len()
            ));
        }
        if let Some(shift) = shifts
            .iter()
            .find(|shift| shift.is_nan() || shift.abs() > GREATEST)
        {
            faults.push(format!(
                "season.shifts has {shift}, -{GREATEST} to {GREATEST} are possible"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: i64 = 20_454 * DAY_MS;

    fn season() -> Season {
        Season {
            from_ms: T0,
            step_days: 10,
            shifts: vec![0.5, -0.3, 0.1],
        }
    }

    #[test]
    fn shift_runs_straight_between_points_and_from_and_to_nothing_at_the_ends() {
        let season = season();
        for (day, expected) in [
            (-400, 0.0),
            (-10, 0.0),
            (-5, 0.25),
            (0, 0.5),
            (5, 0.1),
            (10, -0.3),
            (20, 0.1),
            (25, 0.05),
            (30, 0.0),
            (4_000, 0.0),
        ] {
            let found = season.at(T0 + day * DAY_MS);
            assert!((found - expected).abs() < 1e-12, "day {day}: {found}");
        }
        assert_eq!((season.at(i64::MIN), season.at(i64::MAX)), (0.0, 0.0));
    }

    #[test]
    fn range_holds_every_instant_of_its_span_and_is_reached() {
        let season = season();
        let days: Vec<i64> = (-15..40).collect();
        for from in &days {
            for to in days.iter().filter(|to| *to >= from) {
                let (lo, hi) = season.range(T0 + from * DAY_MS, T0 + to * DAY_MS);
                // Every point of the grid is at the start of a day.
                let within = (*from..=*to).map(|day| season.at(T0 + day * DAY_MS));
                let found = within.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), x| {
                    (lo.min(x), hi.max(x))
                });
                assert!(
                    (lo - found.0).abs() < 1e-12 && (hi - found.1).abs() < 1e-12,
                    "{from} {to}: {lo} {hi}, found {found:?}"
                );
            }
        }
        assert_eq!(season.range(i64::MIN, i64::MAX), (-0.3, 0.5));
    }

    #[test]
    fn seasons_that_no_training_makes_are_refused() {
        let faults = |change: &dyn Fn(&mut Season)| {
            let (mut season, mut faults) = (season(), Vec::new());
            change(&mut season);
            season.faults(&mut faults);
            faults
        };
        assert_eq!(faults(&|_| {}), Vec::<String>::new());
        for change in [
            &(|s: &mut Season| s.from_ms = i64::MIN) as &dyn Fn(&mut Season),
            &|s| s.step_days = 0,
            &|s| s.step_days = 367,
            &|s| s.shifts.clear(),
            &|s| s.shifts = vec![0.0; 367],
            &|s| s.shifts[1] = f64::NAN,
            &|s| s.shifts[2] = -2.1,
        ] {
            assert_eq!(faults(change).len(), 1);
        }
    }
}
