#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;

/// Draws between -1 and 1 that lean on nothing.
fn noise(at: usize) -> f64 {
    let mut x = (at as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
    for _ in 0..3 {
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^= x >> 31;
    }
    (x >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

#[test]
fn straight_line_goes_on_by_drift_without_error() {
    let line: Vec<f64> = (0..20).map(|n| 100.0 + 5.0 * f64::from(n)).collect();
    let made = Made::from(&line, None).unwrap();
    assert_eq!(made.backtest.method, "drift");
    assert!(made.backtest.mean_absolute_error < 1e-9);
    let values = made.ranges.map(|range| range.value.round());
    assert_eq!(values, [200.0, 205.0, 210.0]);
}

#[test]
fn season_comes_again_where_there_is_one() {
    let year = [5.0, 9.0, 2.0, 40.0, 7.0, 1.0, 3.0];
    let values: Vec<f64> = year.iter().cycle().take(35).copied().collect();
    let made = Made::from(&values, Some(7)).unwrap();
    assert_eq!(made.backtest.method, "seasonal");
    assert_eq!(made.ranges.map(|range| range.value), [5.0, 9.0, 2.0]);
}

#[test]
fn intervals_hold_about_as_often_as_they_say() {
    let (mut intervals, mut held) = (0, 0.0);
    for series in 0..200 {
        let values: Vec<f64> = (0..24)
            .map(|n| 100.0 + 10.0 * noise(series * 100 + n))
            .collect();
        let made = Made::from(&values, None).unwrap();
        intervals += made.backtest.intervals;
        held += made.backtest.coverage.unwrap() / 100.0 * made.backtest.intervals as f64;
    }
    let share = held / intervals as f64;
    assert!((0.9..=0.999).contains(&share), "{share} of {intervals}");
}

#[test]
fn history_that_is_too_short_gives_no_forecast_and_nothing_falls_below_zero() {
    assert!(Made::from(&[1.0; FEWEST - 1], None).is_none());
    let falling: Vec<f64> = (0..9).map(|n| f64::from(9 - n)).collect();
    let made = Made::from(&falling, None).unwrap();
    assert!(
        made.ranges
            .iter()
            .all(|r| r.low >= 0.0 && r.value >= 0.0 && r.low <= r.high)
    );
}
