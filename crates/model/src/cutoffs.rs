//! At which instants training and test rows are taken.
//!
//! | list | rule |
//! | --- | --- |
//! | step | the greater of 7 days and a third of the horizon, in whole days |
//! | training | back from `until` - H in steps, at most 8, none before the first event + max(H, 30) days |
//! | test | 3 cutoffs back from `until` - H |
//! | training of a backtest | as training with `until` = the first test cutoff, so that no label reaches into the test |

use holdfast_features::DAY_MS;

use crate::Error;

/// Most cutoffs of one training set: older ones describe another time.
pub const MAX_TRAINING: usize = 8;
/// Cutoffs of a backtest.
pub const TEST: usize = 3;
/// Least days of history before a cutoff.
const WARM_UP_DAYS: u32 = 30;

/// End of the UTC day of `ts`: its last millisecond.
#[must_use]
pub fn day_end(ts: i64) -> i64 {
    ts.div_euclid(DAY_MS) * DAY_MS + DAY_MS - 1
}

/// Distance of neighbouring cutoffs in milliseconds.
#[must_use]
pub fn step_ms(horizon_days: u32) -> i64 {
    // A third of a whole number is never half way between two, so rounding has one meaning.
    i64::from((horizon_days + 1) / 3).max(7) * DAY_MS
}

/// The first instant before which there is history enough, ms UTC.
pub(crate) fn earliest(first_ms: i64, horizon_days: u32) -> i64 {
    first_ms + i64::from(horizon_days.max(WARM_UP_DAYS)) * DAY_MS
}

/// Training cutoffs, ascending, for events from `first_ms` on of which nothing after `until_ms` may be
/// used; all ms UTC.
///
/// # Errors
/// [`Error::DataTooSmall`] if there is none.
pub fn training(first_ms: i64, until_ms: i64, horizon_days: u32) -> Result<Vec<i64>, Error> {
    let horizon = i64::from(horizon_days) * DAY_MS;
    let earliest = earliest(first_ms, horizon_days);
    let step = step_ms(horizon_days);
    let latest = until_ms - horizon;
    let mut cutoffs: Vec<i64> = (0..MAX_TRAINING as i64)
        .map(|k| latest - k * step)
        .take_while(|cutoff| *cutoff >= earliest)
        .collect();
    if cutoffs.is_empty() {
        let have = (until_ms - first_ms).max(0).div_euclid(DAY_MS);
        let need = i64::from(horizon_days) + i64::from(horizon_days.max(WARM_UP_DAYS));
        let enough = match longest(have) {
            days @ 1.. => format!("; a horizon of {days} days would do"),
            _ => String::new(),
        };
        return Err(Error::DataTooSmall(format!(
            "a horizon of {horizon_days} days needs {need} days of events to learn from, there are {have}{enough}"
        )));
    }
    cutoffs.reverse();
    Ok(cutoffs)
}

/// The longest horizon, in days, that so many days of events give a training cutoff; below 1 if none.
fn longest(have: i64) -> i64 {
    let warm_up = i64::from(WARM_UP_DAYS);
    (have / 2).max(warm_up).min(have - warm_up)
}

/// Test cutoffs of a backtest, ascending, ms UTC.
#[must_use]
pub fn test(until_ms: i64, horizon_days: u32) -> Vec<i64> {
    let latest = until_ms - i64::from(horizon_days) * DAY_MS;
    let step = step_ms(horizon_days);
    (0..TEST as i64).rev().map(|k| latest - k * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(cutoffs: &[i64]) -> Vec<i64> {
        cutoffs.iter().map(|c| (c + 1) / DAY_MS).collect()
    }

    #[test]
    fn step_is_a_third_of_the_horizon_but_a_week_at_least() {
        let step = |h| step_ms(h) / DAY_MS;
        assert_eq!([7, 14, 22, 23, 30, 90].map(step), [7, 7, 7, 8, 10, 30]);
    }

    #[test]
    fn cutoffs_of_a_backtest_lie_as_the_rule_says() {
        let until = day_end(544 * DAY_MS);
        let test = test(until, 90);
        assert_eq!(days(&test), [395, 425, 455]);
        let training = training(0, test[0], 90).unwrap();
        assert_eq!(days(&training), [95, 125, 155, 185, 215, 245, 275, 305]);
    }

    #[test]
    fn horizon_longer_than_the_log_is_refused_with_the_days_it_needs() {
        let error = training(0, 100 * DAY_MS - 1, 90).unwrap_err().to_string();
        assert!(
            error.contains("needs 180 days") && error.contains("there are 99"),
            "{error}"
        );
    }

    #[test]
    fn horizon_that_is_too_long_is_refused_with_one_that_would_do() {
        for (have, would_do) in [(119, 59), (60, 30), (45, 15), (31, 1)] {
            let until = have * DAY_MS;
            let error = training(0, until, 60).unwrap_err().to_string();
            let said = format!("there are {have}; a horizon of {would_do} days would do");
            assert!(error.contains(&said), "{error}");
            assert!(training(0, until, would_do as u32).is_ok());
            assert!(training(0, until, would_do as u32 + 1).is_err());
        }
        let error = training(0, 30 * DAY_MS, 60).unwrap_err().to_string();
        assert!(error.ends_with("there are 30"), "{error}");
    }

    #[test]
    fn short_horizon_still_has_thirty_days_of_history() {
        assert_eq!(days(&training(0, 45 * DAY_MS - 1, 7).unwrap()), [31, 38]);
    }
}
