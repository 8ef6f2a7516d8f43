//! The exact instant at which silence alone crosses a threshold.
//!
//! With no more events the score still moves: recency grows, and at each UTC midnight a day leaves the windows, so
//! it jumps and is not monotone. The answer is therefore found by branch and bound: an interval over which the proven
//! bounds stay inside the limits holds no crossing; any other is cut, at a midnight as long as there is one inside,
//! then in the middle, down to single seconds, the left part first. What is found is the leftmost whole second at
//! which the score itself is outside, so it does not depend on when, or from where, the search was started.

const SECOND_MS: i64 = 1_000;
const DAY_S: i64 = 86_400;

/// A customer's score while nothing happens. Log-odds; instants in ms UTC.
pub(crate) trait Silent {
    /// The score at an instant.
    fn at(&mut self, now: i64) -> f64;
    /// Proven bounds of the score over all instants of `[from, to]`.
    fn over(&mut self, from: i64, to: i64) -> (f64, f64);
}

/// Outside means: at least `above` or at most `below`. Infinite limits are never reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limits {
    pub(crate) above: f64,
    pub(crate) below: f64,
}

impl Limits {
    pub(crate) const NONE: Self = Self {
        above: f64::INFINITY,
        below: f64::NEG_INFINITY,
    };

    pub(crate) fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    pub(crate) fn reached(&self, log_odds: f64) -> bool {
        log_odds >= self.above || log_odds <= self.below
    }

    /// Whether a score inside these bounds can reach no limit.
    pub(crate) fn hold(&self, (lo, hi): (f64, f64)) -> bool {
        hi < self.above && lo > self.below
    }
}

/// The first whole second of `[from, to]` (ms) at which the score reaches a limit, in ms.
pub(crate) fn first_reached(
    score: &mut impl Silent,
    from: i64,
    to: i64,
    limits: Limits,
) -> Option<i64> {
    let first = from.div_euclid(SECOND_MS) + i64::from(from.rem_euclid(SECOND_MS) > 0);
    let last = to.div_euclid(SECOND_MS);
    if limits.is_none() || first > last {
        return None;
    }
    search(score, first, last, limits).map(|second| second * SECOND_MS)
}

/// Depth is at most log2 of the days plus log2 of the seconds of a day.
fn search(score: &mut impl Silent, first: i64, last: i64, limits: Limits) -> Option<i64> {
    if first == last {
        return limits.reached(score.at(first * SECOND_MS)).then_some(first);
    }
    if limits.hold(score.over(first * SECOND_MS, last * SECOND_MS)) {
        return None;
    }
    let cut = cut(first, last);
    search(score, first, cut - 1, limits).or_else(|| search(score, cut, last, limits))
}

/// Start of the right part: the midnight next to the middle if there is one inside, else the middle.
fn cut(first: i64, last: i64) -> i64 {
    let middle = first + (last - first + 1) / 2;
    let midnight = middle.div_euclid(DAY_S) * DAY_S;
    if midnight > first {
        midnight
    } else if midnight + DAY_S <= last {
        midnight + DAY_S
    } else {
        middle
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rises linearly within a day, jumps at midnights as told by `days`.
    struct Steps {
        days: Vec<f64>,
        slope: f64,
        calls: u32,
    }

    impl Silent for Steps {
        fn at(&mut self, now: i64) -> f64 {
            self.calls += 1;
            let day = usize::try_from(now / 86_400_000).unwrap();
            self.days[day] + self.slope * now as f64 / 86_400_000.0
        }

        fn over(&mut self, from: i64, to: i64) -> (f64, f64) {
            let days = &self.days[usize::try_from(from / 86_400_000).unwrap()
                ..=usize::try_from(to / 86_400_000).unwrap()];
            let lo = days.iter().copied().fold(f64::INFINITY, f64::min);
            let hi = days.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let drift = |t: i64| self.slope * t as f64 / 86_400_000.0;
            self.calls += 1;
            (lo + drift(from) - 1e-9, hi + drift(to) + 1e-9)
        }
    }

    fn above(above: f64) -> Limits {
        Limits {
            above,
            below: f64::NEG_INFINITY,
        }
    }

    #[test]
    fn a_peak_of_one_day_is_found_though_both_ends_are_below() {
        let mut score = Steps {
            days: vec![0.0, 0.0, 5.0, 0.0, 0.0],
            slope: 0.01,
            calls: 0,
        };
        let found = first_reached(&mut score, 1, 5 * 86_400_000 - 1, above(4.0));
        assert_eq!(found, Some(2 * 86_400_000));
    }

    #[test]
    fn a_slow_rise_is_found_to_the_second_in_few_steps() {
        let mut score = Steps {
            days: vec![0.0; 200],
            slope: 0.01,
            calls: 0,
        };
        let found = first_reached(&mut score, 500, 200 * 86_400_000 - 1, above(1.234_567)).unwrap();
        let exact = 123.4567 * 86_400_000.0;
        assert!(
            (found as f64) >= exact && (found as f64) < exact + 1_000.0,
            "{found} for {exact}"
        );
        assert!(score.calls < 120, "{} evaluations", score.calls);
    }

    #[test]
    fn the_lower_limit_counts_too_and_the_first_of_both_wins() {
        let mut score = Steps {
            days: vec![0.0, -3.0, 9.0],
            slope: 0.0,
            calls: 0,
        };
        let limits = Limits {
            above: 1.0,
            below: -1.0,
        };
        assert_eq!(
            first_reached(&mut score, 0, 3 * 86_400_000 - 1, limits),
            Some(86_400_000)
        );
    }

    #[test]
    fn an_interval_without_a_whole_second_has_no_crossing() {
        let mut score = Steps {
            days: vec![9.0],
            slope: 0.0,
            calls: 0,
        };
        assert_eq!(first_reached(&mut score, 1_001, 1_999, above(1.0)), None);
        assert_eq!(
            first_reached(&mut score, 1_001, 2_000, above(1.0)),
            Some(2_000)
        );
    }
}
