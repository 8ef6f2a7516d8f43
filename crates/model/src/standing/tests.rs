use super::*;

fn row(p: f64, left: bool) -> Scored {
    Scored {
        p,
        left,
        customer: 0,
    }
}

#[test]
fn percentile_is_the_share_at_lower_risk() {
    // A hundred and one members, one at each hundredth.
    let members: Vec<f64> = (0..=100).rev().map(|i| f64::from(i) / 100.0).collect();
    let quantiles = percentiles(&members);
    assert_eq!(quantiles.len(), 101);
    for (p, right) in [
        (0.97, 97.0),
        (0.975, 97.5),
        (0.0, 0.0),
        (1.0, 100.0),
        (0.004, 0.4),
    ] {
        let found = percentile(&quantiles, p).unwrap();
        assert!((found - right).abs() < 1e-9, "{found} is not {right}");
    }
    assert_eq!(percentile(&[], 0.5), None);
}

#[test]
fn members_at_equal_risk_are_not_below_each_other() {
    let mut members = vec![0.2; 60];
    members.extend([0.8; 41]);
    let quantiles = percentiles(&members);
    assert_eq!(percentile(&quantiles, 0.2), Some(0.0));
    assert_eq!(percentile(&quantiles, 0.8), Some(60.0));
    assert_eq!(percentile(&quantiles, 0.9), Some(100.0));
    assert_eq!(percentile(&quantiles, 0.1), Some(0.0));
    assert_eq!(percentiles(&[]), Vec::<f64>::new());
    assert_eq!(percentile(&percentiles(&[0.3]), 0.4), Some(100.0));
}

#[test]
fn many_alike_are_found_at_their_quantile_and_in_their_bin_although_these_are_rounded() {
    let third = 1.0 / 3.0;
    assert!(nine(third) < third && nine(2.0 * third) > 2.0 * third);
    for p in [third, 2.0 * third] {
        let mut members = vec![0.1; 50];
        members.extend(vec![p; 100]);
        members.extend(vec![0.9; 50]);
        let found = percentile(&percentiles(&members), p).unwrap();
        assert!((found - 26.0).abs() < 1.1, "{found}");
        let rows: Vec<Scored> = members.iter().map(|x| row(*x, *x == p)).collect();
        let (low, high) = interval(&intervals(&rows), p).unwrap();
        assert_eq!((low, high), (p, 1.0), "all of them left");
    }
}

#[test]
fn wilsons_interval_has_its_known_values() {
    // Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    for (hits, all, low, high) in [
        (81.0, 263.0, 0.2553, 0.3662),
        (15.0, 148.0, 0.0624, 0.1605),
        (0.0, 20.0, 0.0, 0.1611),
        (1.0, 29.0, 0.0061, 0.1718),
    ] {
        let found = wilson(hits, all);
        assert!((found.0 - low).abs() < 5e-5, "{found:?} is not {low}");
        assert!((found.1 - high).abs() < 5e-5, "{found:?} is not {high}");
    }
}

#[test]
fn bins_hold_all_rows_once_and_know_what_became_of_them() {
    let rows: Vec<Scored> = (0..2_345_u32)
        .map(|i| row(f64::from(i * 11 % 2_345) / 2_345.0, i * 11 % 2_345 % 3 == 0))
        .collect();
    let bins = intervals(&rows);
    assert_eq!(bins.len(), BINS);
    for bin in &bins {
        let within = |row: &&Scored| nine(row.p) >= bin.p_from && nine(row.p) <= bin.p_to;
        let alike: Vec<&Scored> = rows.iter().filter(within).collect();
        let left = alike.iter().filter(|row| row.left).count();
        assert_eq!((bin.rows, bin.left), (alike.len() as u64, left as u64));
        assert!(bin.rows == 117 || bin.rows == 118, "{bin:?}");
    }
    assert_eq!(bins.iter().map(|bin| bin.rows).sum::<u64>(), 2_345);
    let mut faults = Vec::new();
    faults_of_intervals(&bins, &mut faults);
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn rows_of_equal_probability_share_a_bin_and_short_bins_are_pooled() {
    let mut rows = vec![row(0.5, true); 170];
    rows.extend((0..60).map(|i| row(0.1 + f64::from(i) / 1_000.0, false)));
    rows.extend([row(0.9, true); 30]);
    let bins = intervals(&rows);
    let held: Vec<(u64, u64)> = bins.iter().map(|bin| (bin.rows, bin.left)).collect();
    assert_eq!(held, [(52, 0), (208, 200)]);
    assert_eq!(intervals(&rows[..49]), []);
}

#[test]
fn interval_is_that_of_the_bin_and_holds_its_probability() {
    let mut rows = vec![row(0.2, false); 90];
    rows.extend([row(0.2, true); 10]);
    rows.extend([row(0.7, true); 100]);
    let bins = intervals(&rows);
    assert_eq!(bins.len(), 2);
    let (low, high) = wilson(10.0, 100.0);
    assert_eq!(interval(&bins, 0.15), Some((nine(low), nine(high))));
    assert_eq!(interval(&bins, 0.01), Some((0.01, nine(high))));
    assert_eq!(interval(&bins, 0.2), Some((nine(low), 0.2)));
    // Between two bins the one above, and beyond the last one that.
    let (low, high) = wilson(100.0, 100.0);
    assert_eq!(interval(&bins, 0.3), Some((0.3, nine(high))));
    assert_eq!(interval(&bins, 0.99), Some((nine(low), nine(high))));
    assert_eq!(interval(&[], 0.5), None);
}

#[test]
fn quantiles_and_bins_that_cannot_be_are_faults() {
    let mut faults = Vec::new();
    faults_of_percentiles(&[0.5; 100], &mut faults);
    let mut falling = vec![0.5; 101];
    falling[7] = 0.4;
    faults_of_percentiles(&falling, &mut faults);
    let bin = Alike {
        p_from: 0.2,
        p_to: 0.4,
        rows: 60,
        left: 20,
        low: 0.23,
        high: 0.46,
    };
    faults_of_intervals(&[], &mut faults);
    faults_of_intervals(&[bin, bin], &mut faults);
    faults_of_intervals(&[Alike { rows: 0, ..bin }], &mut faults);
    faults_of_intervals(&[Alike { low: 0.35, ..bin }], &mut faults);
    faults_of_intervals(&[Alike { high: 1.2, ..bin }], &mut faults);
    faults_of_intervals(
        &[Alike {
            p_from: f64::NAN,
            ..bin
        }],
        &mut faults,
    );
    assert_eq!(faults.len(), 8, "{faults:#?}");
    faults_of_intervals(&[bin], &mut faults);
    assert_eq!(faults.len(), 8, "{faults:#?}");
}
