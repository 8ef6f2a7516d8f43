//! How fast the demo's days pass.

use std::str::FromStr;
use std::time::Duration;

/// So many times as fast as life, or without waiting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    Factor(f64),
    Max,
}

impl Speed {
    /// The shop's time after this much of ours, in ms; `None` when nothing is waited for.
    #[expect(clippy::cast_possible_truncation, reason = "years in milliseconds fit")]
    pub fn passed_ms(self, elapsed: Duration) -> Option<i64> {
        match self {
            Self::Factor(factor) => Some((elapsed.as_secs_f64() * factor * 1e3) as i64),
            Self::Max => None,
        }
    }
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Max);
        }
        match text.trim_end_matches('x').parse::<f64>() {
            Ok(factor) if factor.is_finite() && factor >= 1.0 => Ok(Self::Factor(factor)),
            _ => Err("write a factor of at least 1, such as 30000, or max".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speed_is_a_factor_or_max() {
        assert_eq!("30000".parse(), Ok(Speed::Factor(30_000.0)));
        assert_eq!("2.5x".parse(), Ok(Speed::Factor(2.5)));
        assert_eq!("max".parse(), Ok(Speed::Max));
        for wrong in ["", "fast", "0", "-1", "0.5", "inf", "nan"] {
            assert!(wrong.parse::<Speed>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_second_at_factor_86_400_is_a_day() {
        let day = Speed::Factor(86_400.0).passed_ms(Duration::from_secs(1));
        assert_eq!(day, Some(86_400_000));
        assert_eq!(Speed::Max.passed_ms(Duration::from_secs(1)), None);
    }
}
