//! What a condition asks of a number: a comparison, or a range with both ends.

use std::fmt;

/// A set of numbers without gaps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Interval {
    low: f64,
    low_is_in: bool,
    high: f64,
    high_is_in: bool,
}

impl Interval {
    /// Reads `>= 3`, `> 3`, `<= 3`, `< 3`, `= 3`, `3` or `3..7`, which holds both ends.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let refuse = || {
            format!(
                "`{text}` is not a condition on a number; write it like \">= 3\", \"< 0.5\" or \"3..7\""
            )
        };
        let of = |text: &str| {
            let number: f64 = text.trim().parse().map_err(|_| refuse())?;
            if number.is_finite() {
                Ok(number)
            } else {
                Err(refuse())
            }
        };
        let text_ = text.trim();
        if let Some((from, to)) = text_.split_once("..") {
            let (low, high) = (of(from)?, of(to)?);
            if low > high {
                return Err(format!("`{text}` holds no number: {low} is above {high}"));
            }
            return Ok(Self::closed(low, high));
        }
        let whole = (f64::NEG_INFINITY, f64::INFINITY);
        for (sign, is_low, is_in) in [
            (">=", true, true),
            ("<=", false, true),
            (">", true, false),
            ("<", false, false),
        ] {
            let Some(rest) = text_.strip_prefix(sign) else {
                continue;
            };
            let bound = of(rest)?;
            let (low, high) = if is_low {
                (bound, whole.1)
            } else {
                (whole.0, bound)
            };
            return Ok(Self {
                low,
                low_is_in: !is_low || is_in,
                high,
                high_is_in: is_low || is_in,
            });
        }
        let number = of(text_.trim_start_matches('='))?;
        Ok(Self::point(number))
    }

    pub(crate) fn point(x: f64) -> Self {
        Self::closed(x, x)
    }

    fn closed(low: f64, high: f64) -> Self {
        Self {
            low,
            low_is_in: true,
            high,
            high_is_in: true,
        }
    }

    /// Whether `x` is one of them; NaN never is.
    pub(crate) fn holds(&self, x: f64) -> bool {
        let above = x > self.low || (self.low_is_in && x == self.low);
        let below = x < self.high || (self.high_is_in && x == self.high);
        above && below
    }

    /// Whether every number of `other` is one of these.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let low =
            self.low < other.low || (self.low == other.low && (self.low_is_in || !other.low_is_in));
        let high = self.high > other.high
            || (self.high == other.high && (self.high_is_in || !other.high_is_in));
        low && high
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = |is_in, with, without| if is_in { with } else { without };
        match (self.low.is_finite(), self.high.is_finite()) {
            (true, true) if self.low == self.high => write!(f, "= {}", self.low),
            (true, true) => write!(f, "{}..{}", self.low, self.high),
            (true, false) => write!(f, "{} {}", sign(self.low_is_in, ">=", ">"), self.low),
            (false, _) => write!(f, "{} {}", sign(self.high_is_in, "<=", "<"), self.high),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Interval;

    fn read(text: &str) -> Interval {
        Interval::read(text).unwrap_or_else(|fault| panic!("{fault}"))
    }

    #[test]
    fn comparisons_hold_their_bound_only_where_they_say_so() {
        for (text, inside, outside) in [
            (">= 3", [3.0, 4.0], [2.999, -1.0]),
            ("> 3", [3.001, 4.0], [3.0, 2.0]),
            ("<= 0.5", [0.5, -2.0], [0.51, 9.0]),
            ("<0.5", [0.49, -2.0], [0.5, 9.0]),
            ("3..7", [3.0, 7.0], [2.999, 7.001]),
            ("= 3", [3.0, 3.0], [3.001, 2.999]),
            (" 3 ", [3.0, 3.0], [f64::NAN, 2.999]),
        ] {
            let interval = read(text);
            assert!(inside.iter().all(|x| interval.holds(*x)), "{text}");
            assert!(!outside.iter().any(|x| interval.holds(*x)), "{text}");
        }
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in [
            "", ">=", ">= x", "3..", "..7", "7..3", "=> 3", ">= inf", "nan",
        ] {
            assert!(Interval::read(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_wider_interval_covers_a_narrower_one() {
        for (wide, narrow, covers) in [
            (">= 1", ">= 1", true),
            (">= 1", "> 1", true),
            ("> 1", ">= 1", false),
            (">= 1", "1..5", true),
            ("> 1", "1..5", false),
            ("< 5", "1..5", false),
            ("<= 5", "= 5", true),
            ("1..5", ">= 1", false),
        ] {
            assert_eq!(read(wide).covers(&read(narrow)), covers, "{wide} {narrow}");
        }
    }

    #[test]
    fn what_is_shown_reads_back() {
        for text in [">= 3", "> 3", "<= 0.5", "< 0.5", "3..7", "= 3"] {
            assert_eq!(read(text).to_string(), text);
        }
    }
}
