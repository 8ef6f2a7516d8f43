use super::*;
use crate::splitmix::SplitMix;

/// Whole shapes, so that sums of logarithms draw them.
const TRUTH: Params = Params {
    p: 3.0,
    q: 4.0,
    v: 20.0,
};

/// A customer's mean over so many occasions, and the mean of what came later.
fn simulated(customers: usize) -> Vec<(Spender, f64)> {
    let mut draw = SplitMix::new(5);
    let mut unit = || (draw.below(1 << 52) as f64 + 0.5) / (1_u64 << 52) as f64;
    let mut gamma = |shape: usize, rate: f64| -> f64 {
        -(0..shape).map(|_| libm::log(unit())).sum::<f64>() / rate
    };
    let mut spend = |i: usize| {
        let nu = gamma(4, TRUTH.v);
        let occasions = 1 + i % 6;
        let mean = gamma(3 * occasions, nu) / occasions as f64;
        let later = gamma(3 * 4, nu) / 4.0;
        let occasions = occasions as f64;
        (Spender { occasions, mean }, later)
    };
    (0..customers).map(&mut spend).collect()
}

fn ones(rows: &[(Spender, f64)]) -> Vec<(Spender, f64)> {
    rows.iter().map(|(row, _)| (*row, 1.0)).collect()
}

#[test]
fn simulated_population_is_found_again() {
    let found = fit(&ones(&simulated(40_000))).unwrap().params;
    for (found, truth) in [
        (found.p, TRUTH.p),
        (found.q, TRUTH.q),
        (found.v, TRUTH.v),
        (
            found.expected_spend(0.0, 0.0),
            TRUTH.expected_spend(0.0, 0.0),
        ),
    ] {
        assert!((found / truth - 1.0).abs() < 0.05, "{found} {truth}");
    }
}

#[test]
fn later_spends_of_simulated_customers_come_as_foretold() {
    let mut rows = simulated(60_000);
    let told = |row: &Spender| TRUTH.expected_spend(row.occasions, row.mean);
    rows.sort_by(|a, b| told(&a.0).total_cmp(&told(&b.0)));
    for tenth in rows.chunks(rows.len() / 10) {
        let n = tenth.len() as f64;
        let misses = tenth.iter().map(|(row, later)| later - told(row));
        let misses: Vec<f64> = misses.collect();
        let off = misses.iter().sum::<f64>() / n;
        let error = (misses.iter().map(|x| x * x).sum::<f64>()).sqrt() / n;
        assert!(off.abs() < 4.5 * error, "{off} +- {error}");
    }
}

#[test]
fn slopes_are_those_of_the_log_likelihood() {
    let rows = [
        (1.0, 12.0, 2.0),
        (2.0, 0.4, 1.0),
        (2.0, 90.0, 1.0),
        (40.0, 33.0, 3.0),
    ];
    let counted = rows.map(|(occasions, mean, n)| (Spender { occasions, mean }, n));
    let at = [2.5, 3.0, 15.0];
    let of = |[p, q, v]: [f64; 3]| Params { p, q, v };
    let (_, found) = slopes(&of(at), &counted);
    for i in 0..3 {
        let moved = |by: f64| {
            let mut at = at;
            at[i] += by;
            log_likelihood(&of(at), &counted)
        };
        let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        let off = (found[i] - slope).abs();
        assert!(off < 1e-5 * slope.abs().max(1.0), "{i}: {found:?} {slope}");
    }
}

#[test]
fn density_is_one_in_all() {
    // The density of a mean over three occasions, by the midpoint rule over its logarithm.
    let step = 0.002;
    let sum: f64 = (-4_000..6_000)
        .map(|i| {
            let mean = libm::exp(step * (f64::from(i) + 0.5));
            let row = Spender {
                occasions: 3.0,
                mean,
            };
            libm::exp(log_likelihood(&TRUTH, &[(row, 1.0)])) * mean * step
        })
        .sum();
    assert!((sum - 1.0).abs() < 1e-6, "{sum}");
}

#[test]
fn order_and_repetition_of_rows_change_no_bit() {
    let once = ones(&simulated(500));
    let mut twice: Vec<(Spender, f64)> = once.iter().rev().map(|(row, _)| (*row, 2.0)).collect();
    let mut apart = once.clone();
    apart.extend(once);
    assert_eq!(fit(&apart), fit(&twice));
    twice.rotate_left(123);
    assert_eq!(fit(&apart), fit(&twice));
}

#[test]
fn customers_who_all_spend_alike_are_expected_to_go_on_so() {
    let rows: Vec<(Spender, f64)> = (2..60)
        .map(|x| Spender {
            occasions: f64::from(x),
            mean: 9.99,
        })
        .map(|row| (row, 1.0))
        .collect();
    let found = fit(&rows).unwrap().params;
    for (occasions, mean) in [(0.0, 0.0), (1.0, 9.99), (12.0, 9.99)] {
        let told = found.expected_spend(occasions, mean);
        assert!((told / 9.99 - 1.0).abs() < 0.01, "{told} of {found:?}");
    }
    assert!(found.expected_spend(1.0, 500.0) < 260.0, "{found:?}");
}

#[test]
fn few_customers_and_rows_that_cannot_be_allow_no_fit() {
    let rows = ones(&simulated(30));
    assert!(fit(&rows).is_some());
    assert_eq!(fit(&rows[..29]), None);
    assert_eq!(fit(&[]), None);
    for (occasions, mean, count) in [
        (0.0, 5.0, 1.0),
        (2.0, 0.0, 1.0),
        (2.0, f64::NAN, 1.0),
        (2.0, 5.0, -1.0),
        (f64::INFINITY, 5.0, 1.0),
    ] {
        let mut rows = rows.clone();
        rows.push((Spender { occasions, mean }, count));
        assert_eq!(fit(&rows), None, "{occasions} {mean} {count}");
    }
}
