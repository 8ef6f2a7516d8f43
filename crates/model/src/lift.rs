//! Whether a model finds those who leave any better than chance, and how much more data would tell.

use crate::Error;
use crate::metrics::Metrics;

/// Up to this lift a multiple of the rows would be a guess.
const NOTICEABLE: f64 = 1.02;

/// Refuses a model whose lift in the top tenth may be 1, by its 95 % interval on rows that the fit has not seen.
///
/// # Errors
/// [`Error::DataTooSmall`] with what would be enough.
pub fn useful(unseen: &Metrics, rows: usize, left: usize) -> Result<(), Error> {
    let lift = unseen.lift10;
    if lift.lo > 1.0 {
        return Ok(());
    }
    let found = format!(
        "on {rows} rows that the fit had not seen ({left} left), the tenth with the highest scores left {:.2} times as \
         often as all, with a 95 % interval of {:.2} to {:.2}: no better than chance, as far as one can tell",
        lift.value, lift.lo, lift.hi
    );
    let enough = match needed(lift.value, lift.lo) {
        Some(times) => format!(
            "about {times} times the data would tell ({} such rows, {} of them left), or try another horizon",
            times * rows,
            times * left
        ),
        None => "more of the same would not help: try another horizon, another label, or events that say more"
            .to_owned(),
    };
    Err(Error::DataTooSmall(format!("{found}; {enough}")))
}

/// How many times the rows until the interval, which narrows with their square root, begins above 1.
fn needed(value: f64, lo: f64) -> Option<usize> {
    if value.is_nan() || lo.is_nan() || value < NOTICEABLE {
        return None;
    }
    let ratio = (value - lo) / (value - 1.0);
    Some((ratio * ratio).ceil().max(2.0) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Interval;

    fn lift(value: f64, lo: f64, hi: f64) -> Metrics {
        Metrics {
            lift10: Interval { value, lo, hi },
            ..Metrics::default()
        }
    }

    #[test]
    fn lift_above_one_is_let_through() {
        assert!(useful(&lift(1.4, 1.01, 1.8), 500, 200).is_ok());
    }

    #[test]
    fn lift_that_may_be_one_is_refused_with_the_rows_that_would_tell() {
        let error = useful(&lift(1.2, 0.9, 1.5), 100, 40).unwrap_err();
        let text = error.to_string();
        // (1.2 - 0.9) / (1.2 - 1) = 1.5, and 1.5 squared is 2.25.
        assert!(text.contains("about 3 times the data"), "{text}");
        assert!(text.contains("300 such rows, 120 of them left"), "{text}");
        assert!(matches!(error, Error::DataTooSmall(_)));
    }

    #[test]
    fn no_lift_at_all_asks_for_other_data_not_for_more() {
        for found in [lift(0.98, 0.7, 1.3), lift(f64::NAN, f64::NAN, f64::NAN)] {
            let text = useful(&found, 100, 40).unwrap_err().to_string();
            assert!(text.contains("more of the same would not help"), "{text}");
        }
    }
}
