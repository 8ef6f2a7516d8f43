//! Whether a model finds those who leave any better than chance, and how much more data would tell.

use crate::Error;
use crate::metrics::Metrics;

/// Up to so much above chance a multiple of the rows would be a guess.
const NOTICEABLE: f64 = 0.02;

/// Refuses a model whose lift in the top tenth may be 1, by its 95 % interval on rows that the fit has not seen; also one
/// that may order all of them no better than a guess, for the top tenth of few rows is soon right by chance.
///
/// # Errors
/// [`Error::DataTooSmall`] with what would be enough.
pub fn useful(unseen: &Metrics, rows: usize, left: usize) -> Result<(), Error> {
    let (lift, auc) = (unseen.lift10, unseen.roc_auc);
    let (is_lifted, is_ordered) = (lift.lo > 1.0, auc.lo > 0.5);
    let (what, times) = if is_lifted && is_ordered {
        return Ok(());
    } else if is_lifted {
        let what = format!(
            "{:.1} % of pairs of one who left and one who stayed are in the right order, with a 95 % interval of {:.1} \
             to {:.1}",
            100.0 * auc.value,
            100.0 * auc.lo,
            100.0 * auc.hi
        );
        (
            what,
            needed(2.0 * auc.value - 1.0, 2.0 * (auc.value - auc.lo)),
        )
    } else {
        let what = format!(
            "the tenth with the highest scores left {:.2} times as often as all, with a 95 % interval of {:.2} to {:.2}",
            lift.value, lift.lo, lift.hi
        );
        (what, needed(lift.value - 1.0, lift.value - lift.lo))
    };
    let enough = match times {
        Some(times) => format!(
            "about {times} times the data would tell ({} such rows, {} of them left), or try another horizon",
            times * rows,
            times * left
        ),
        None => "more of the same would not help: try another horizon, another label, or events that say more"
            .to_owned(),
    };
    Err(Error::DataTooSmall(format!(
        "on {rows} rows that the fit had not seen ({left} left), {what}: no better than chance, as far as one can tell; \
         {enough}"
    )))
}

/// How many times the rows until an interval, which narrows with their square root and reaches `reach` below a figure
/// that is `above` chance, begins above chance.
fn needed(above: f64, reach: f64) -> Option<usize> {
    if above.is_nan() || reach.is_nan() || above < NOTICEABLE {
        return None;
    }
    let ratio = reach / above;
    Some((ratio * ratio).ceil().max(2.0) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Interval;

    fn lift(value: f64, lo: f64, hi: f64) -> Metrics {
        Metrics {
            lift10: Interval { value, lo, hi },
            roc_auc: Interval {
                value: 0.7,
                lo: 0.6,
                hi: 0.8,
            },
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

    #[test]
    fn order_that_may_be_a_guess_is_refused_although_the_top_tenth_looks_good() {
        let mut found = lift(1.4, 1.01, 1.8);
        found.roc_auc = Interval {
            value: 0.53,
            lo: 0.48,
            hi: 0.58,
        };
        let text = useful(&found, 100, 40).unwrap_err().to_string();
        assert!(text.contains("53.0 % of pairs"), "{text}");
        assert!(text.contains("about 3 times the data"), "{text}");
        found.roc_auc.value = 0.49;
        let text = useful(&found, 100, 40).unwrap_err().to_string();
        assert!(text.contains("more of the same would not help"), "{text}");
    }
}
