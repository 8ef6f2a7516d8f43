//! The gamma-gamma model against the paper and a plain search, on CDNOW's sample.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails by panicking")]

use holdfast_model::spend::{Params, Spender, fit, log_likelihood};

/// Repeat purchases and their mean amount; see data/cdnow_sample.py.
fn cdnow() -> Vec<(Spender, f64)> {
    let lines = include_str!("data/cdnow_spend.csv").lines().skip(1);
    let row = |line: &str| {
        let numbers: Vec<f64> = line.split(',').map(|n| n.parse().unwrap()).collect();
        let spender = Spender {
            occasions: numbers[0],
            mean: numbers[1] / 100.0 / numbers[0],
        };
        (spender, numbers[2])
    };
    lines.map(row).collect()
}

fn near(found: f64, right: f64, within: f64) {
    assert!((found - right).abs() <= within, "{found} is not {right}");
}

#[test]
fn gamma_gamma_of_cdnow_is_the_one_of_the_paper() {
    let rows = cdnow();
    let customers: f64 = rows.iter().map(|(_, n)| n).sum();
    assert_eq!(customers, 946.0);
    let found = fit(&rows).unwrap().params;
    // Fader, Hardie (2013), section 3: p 6.25, q 3.74, gamma 15.44.
    near(found.p, 6.25, 0.01);
    near(found.q, 3.74, 0.01);
    near(found.v, 15.44, 0.05);
    // The spreadsheet to it: the mean of all, and what two customers are expected to spend.
    near(found.expected_spend(0.0, 0.0), 35.17, 0.1);
    near(found.expected_spend(2.0, 22.35), 24.65, 0.1);
    near(found.expected_spend(1.0, 11.77), 18.91, 0.1);
}

#[test]
fn no_nearby_parameters_are_likelier() {
    let rows = cdnow();
    let found = fit(&rows).unwrap();
    near(
        found.log_likelihood,
        log_likelihood(&found.params, &rows),
        1e-9,
    );
    for factor in [0.98, 1.02] {
        for i in 0..3 {
            let by = |j: usize| if i == j { factor } else { 1.0 };
            let moved = Params {
                p: found.params.p * by(0),
                q: found.params.q * by(1),
                v: found.params.v * by(2),
            };
            let there = log_likelihood(&moved, &rows);
            assert!(there < found.log_likelihood, "{moved:?}: {there}");
        }
    }
}

#[test]
fn another_unit_of_money_changes_v_only() {
    let cents = cdnow().into_iter().map(|(row, n)| {
        let mean = 100.0 * row.mean;
        (Spender { mean, ..row }, n)
    });
    let cents = fit(&cents.collect::<Vec<_>>()).unwrap().params;
    let whole = fit(&cdnow()).unwrap().params;
    near(cents.v / whole.v, 100.0, 1e-3);
    near(cents.p / whole.p, 1.0, 1e-5);
    near(cents.q / whole.q, 1.0, 1e-5);
}
