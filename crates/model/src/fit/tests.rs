use super::*;
use crate::splitmix::SplitMix;

/// One informative column and one of noise; `intercept` sets how many are positive.
fn drawn(rows: usize, intercept: f64) -> (Vec<f64>, Vec<bool>) {
    let mut draw = SplitMix::new(11);
    let mut unit = || draw.below(1 << 53) as f64 / (1_u64 << 53) as f64;
    let mut values = Vec::new();
    let mut positive = Vec::new();
    for _ in 0..rows {
        let (a, b) = (3.4 * unit() - 1.7, 3.4 * unit() - 1.7);
        values.extend([a, b]);
        positive.push(unit() < crate::probability(intercept + a));
    }
    (values, positive)
}

const NAMES: [&str; 2] = ["a", "b"];

#[test]
fn positive_outcome_is_churn_however_rare_or_frequent_it_is() {
    for intercept in [-2.0, -0.5, 0.0, 0.5, 2.0] {
        let (values, positive) = drawn(3_000, intercept);
        let problem = Problem {
            values: &values,
            positive: &positive,
            width: 2,
            alpha: 1.0,
        };
        let fitted = fit(&problem, &NAMES).unwrap();
        assert!(
            fitted.weights[0] > 0.7,
            "intercept {intercept}: {:?}",
            fitted.weights
        );
        assert!(
            (fitted.weights[2] - intercept).abs() < 0.3,
            "{:?}",
            fitted.weights
        );
    }
}

#[test]
fn linfa_agrees_with_newton() {
    let (values, positive) = drawn(3_000, -1.0);
    for alpha in [1.0, 100.0] {
        let problem = Problem {
            values: &values,
            positive: &positive,
            width: 2,
            alpha,
        };
        let newton = problem.solve(vec![0.0; 3]).unwrap();
        for (a, b) in with_linfa(&problem, None).unwrap().iter().zip(&newton) {
            assert!((a - b).abs() < 3e-3, "alpha {alpha}: {a} {b}");
        }
        let fitted = fit(&problem, &NAMES).unwrap();
        for (a, b) in fitted.weights.iter().zip(&newton) {
            assert!((a - b).abs() < 1e-9, "alpha {alpha}: {a} {b}");
        }
        assert!(fitted.moved < 3e-3);
    }
}

#[test]
fn one_outcome_is_too_little_data() {
    let (values, _) = drawn(100, 0.0);
    let positive = [true; 100];
    let problem = Problem {
        values: &values,
        positive: &positive,
        width: 2,
        alpha: 1.0,
    };
    assert!(matches!(fit(&problem, &NAMES), Err(Error::DataTooSmall(_))));
}

#[test]
fn column_that_separates_the_outcomes_is_refused_by_name() {
    let values: Vec<f64> = (0..200)
        .flat_map(|i| [if i < 100 { -1.0 } else { 1.0 }, 0.0])
        .collect();
    let positive: Vec<bool> = (0..200).map(|i| i >= 100).collect();
    let problem = Problem {
        values: &values,
        positive: &positive,
        width: 2,
        alpha: 1e-9,
    };
    match fit(&problem, &NAMES) {
        Err(Error::Separated { feature, .. }) => assert_eq!(feature, "a"),
        Err(Error::NotConverged { .. }) => {}
        other => panic!("accepted: {other:?}"),
    }
}

#[test]
fn cell_that_is_not_a_number_is_refused() {
    let (mut values, positive) = drawn(100, 0.0);
    values[3] = f64::NAN;
    let problem = Problem {
        values: &values,
        positive: &positive,
        width: 2,
        alpha: 1.0,
    };
    assert!(matches!(fit(&problem, &NAMES), Err(Error::Linfa(_))));
}
