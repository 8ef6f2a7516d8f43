use super::*;
use crate::metrics::{Scored, metrics};
use crate::splitmix::SplitMix;

/// Log-odds and outcomes of made-up customers, calibrated but for `shift`.
fn drawn(n: u64, shift: f64) -> Vec<(f64, bool)> {
    let mut draw = SplitMix::new(7);
    let mut share = || draw.below(1 << 30) as f64 / f64::from(1 << 30);
    (0..n)
        .map(|_| {
            let log_odds = 6.0 * (share() + share() + share()) - 9.0;
            (log_odds + shift, share() < crate::probability(log_odds))
        })
        .collect()
}

fn tally(rows: &[(f64, bool)]) -> Tally {
    let mut tally = Tally::default();
    for (log_odds, left) in rows {
        tally.add(Rounded::of(*log_odds), *left);
    }
    tally
}

#[test]
fn figures_of_a_tally_are_those_of_a_plain_computation() {
    let rows = drawn(5_000, 0.4);
    let scored: Vec<Scored> = (0..)
        .zip(&rows)
        .map(|(customer, (log_odds, left))| Scored {
            p: crate::probability(*log_odds),
            left: *left,
            customer,
        })
        .collect();
    let plain = metrics(&scored);
    let found = tally(&rows).figures().unwrap();
    assert_eq!(found.rows, 5_000);
    assert!((found.auc - plain.roc_auc.value).abs() < 1e-4);
    assert!((found.auc - plain.roc_auc.value).abs() <= found.auc_error);
    assert!((found.log_loss - plain.log_loss.value).abs() < 1e-5);
    assert!((found.brier - plain.brier.value).abs() < 1e-5);
    let mean = scored.iter().map(|row| row.p).sum::<f64>() / 5_000.0;
    assert!((found.mean_probability - mean).abs() < 1e-5);
    let left = rows.iter().filter(|(_, left)| *left).count();
    assert_eq!(found.left, left as u64);
    let sums = found
        .scores
        .iter()
        .fold([0, 0], |sum, step| [sum[0] + step[0], sum[1] + step[1]]);
    assert_eq!(sums, [found.rows - found.left, found.left]);

    let mut ranked = rows;
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert_eq!(found.calibration.len(), 10);
    for (decile, tenth) in found.calibration.iter().zip(ranked.chunks(500)) {
        let mean = tenth
            .iter()
            .map(|(x, _)| crate::probability(*x))
            .sum::<f64>()
            / 500.0;
        let gone = tenth.iter().filter(|(_, left)| *left).count() as f64 / 500.0;
        assert!(decile.rows.abs_diff(500) < 40, "{decile:?}");
        assert!((decile.predicted - mean).abs() < 0.01, "{decile:?} {mean}");
        assert!((decile.observed - gone).abs() < 0.03, "{decile:?} {gone}");
    }
}

#[test]
fn parts_in_any_order_give_the_same_tally_and_its_bytes_read_back() {
    let rows = drawn(2_000, 0.0);
    let whole = tally(&rows);
    let mut parts = tally(&rows[1_500..]);
    parts.absorb(&tally(&rows[..700]));
    parts.absorb(&tally(&rows[700..1_500]));
    assert_eq!(parts, whole);
    let mut bytes = Vec::new();
    whole.encode(&mut bytes);
    let mut rest = &bytes[..];
    assert_eq!(Tally::decode(&mut rest), Some(whole));
    assert!(rest.is_empty());
    assert_eq!(Tally::decode(&mut &bytes[..bytes.len() - 1]), None);
}

#[test]
fn tally_of_one_outcome_has_no_auc_and_an_empty_one_no_figures() {
    assert_eq!(Tally::default().figures(), None);
    let alone = tally(&[(0.0, true), (1.0, true)]).figures().unwrap();
    assert!(alone.auc.is_nan());
    assert!((alone.observed_share - 1.0).abs() < 1e-12);
}

#[test]
fn rounded_log_odds_keep_their_order_and_extremes_are_held() {
    for x in [-40.0, -15.9, -3.3, 0.0, 1e-3, 2.5, 15.9, 40.0_f64] {
        let rounded = Rounded::of(x);
        assert!(
            (rounded.log_odds() - x.clamp(-16.0, 16.0)).abs() <= 2.1 / 1024.0,
            "{x}"
        );
        assert_eq!(Rounded::with_code(rounded.code()), Some(rounded));
    }
    assert!(Rounded::of(0.1) > Rounded::of(0.098));
    assert_eq!(Rounded::with_code(1), None);
    assert_eq!(Rounded::with_code(1 << 15), None);
}

#[test]
fn worse_challenger_has_the_greater_log_loss_beyond_the_margin() {
    let rows = drawn(4_000, 0.0);
    let mut pair = Pair::default();
    let mut plain = Vec::new();
    for (log_odds, left) in &rows {
        let (champion, challenger) = (Rounded::of(*log_odds), Rounded::of(log_odds + 1.0));
        pair.add(champion, challenger, *left);
        let loss = |x: Rounded| {
            let p = crate::probability(x.log_odds());
            -libm::log(if *left { p } else { 1.0 - p })
        };
        plain.push(loss(challenger) - loss(champion));
    }
    let mean = plain.iter().sum::<f64>() / 4_000.0;
    let found = pair.difference().unwrap();
    assert!((found.mean - mean).abs() < 1e-6, "{found:?} {mean}");
    assert!(found.mean > found.margin && found.margin > 0.0);
    assert_eq!(Pair::default().difference(), None);
}

#[test]
fn drift_is_none_on_the_training_values_and_grows_with_a_shift() {
    let mut values: Vec<f64> = (0..1_000).map(|n| f64::from(n % 100).max(20.0)).collect();
    let spread = Spread::of("orders_90d", &mut values);
    assert_eq!(spread.edges[0], 20.0);
    assert_eq!(spread.fault(), None);
    let counts = |shift: f64| {
        let mut counts = Counts::default();
        values
            .iter()
            .for_each(|x| counts[spread.bin(x + shift)] += 1);
        counts
    };
    assert!(spread.psi(&counts(0.0)).unwrap() < 1e-9);
    let (near, far) = (spread.psi(&counts(5.0)), spread.psi(&counts(40.0)));
    assert!(near < far && far.unwrap() > 0.25, "{near:?} {far:?}");
    assert_eq!(spread.psi(&Counts::default()), None);
    let broken = Spread {
        shares: vec![1.0],
        ..spread
    };
    assert!(broken.fault().unwrap().contains("orders_90d"));
}
