use super::*;
use crate::splitmix::SplitMix;

/// Rows drawn from a known model: two columns, log-odds 0.5 + 1.0 a - 2.0 b.
fn drawn(rows: usize) -> (Vec<f64>, Vec<bool>) {
    let mut draw = SplitMix::new(7);
    let mut unit = || draw.below(1 << 53) as f64 / (1_u64 << 53) as f64;
    let mut values = Vec::new();
    let mut positive = Vec::new();
    for _ in 0..rows {
        let (a, b) = (4.0 * unit() - 2.0, 4.0 * unit() - 2.0);
        values.extend([a, b]);
        positive.push(unit() < crate::probability(0.5 + a - 2.0 * b));
    }
    (values, positive)
}

#[test]
fn known_model_is_found_again_within_its_standard_errors() {
    let (values, positive) = drawn(20_000);
    let problem = Problem {
        values: &values,
        positive: &positive,
        width: 2,
        alpha: 0.0,
    };
    let weights = problem.solve(vec![0.0; 3]).unwrap();
    let errors = problem.standard_errors(&weights).unwrap();
    for ((w, truth), error) in weights.iter().zip([1.0, -2.0, 0.5]).zip(&errors) {
        assert!(
            (w - truth).abs() < 4.0 * error,
            "{w} is not {truth} +- {error}"
        );
        assert!((0.01..0.05).contains(error), "{error}");
    }
    assert!(problem.mean_gradient(&weights) < 1e-12);
}

#[test]
fn gradient_is_the_slope_of_the_loss() {
    let (values, positive) = drawn(200);
    let problem = Problem {
        values: &values,
        positive: &positive,
        width: 2,
        alpha: 3.0,
    };
    let at = [0.3, -0.2, 0.1];
    let gradient = problem.gradient(&at);
    for i in 0..3 {
        let moved = |h: f64| {
            let mut w = at;
            w[i] += h;
            problem.loss(&w)
        };
        let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        assert!(
            (slope - gradient[i]).abs() < 1e-5,
            "{slope} {}",
            gradient[i]
        );
    }
}

#[test]
fn penalty_shrinks_coefficients_and_leaves_the_intercept_free() {
    let (values, positive) = drawn(2_000);
    let at = |alpha| {
        let problem = Problem {
            values: &values,
            positive: &positive,
            width: 2,
            alpha,
        };
        problem.solve(vec![0.0; 3]).unwrap()
    };
    let (free, held, crushed) = (at(0.0), at(100.0), at(1e9));
    assert!(held[1].abs() < free[1].abs());
    assert!(crushed[1].abs() < 1e-4);
    let share = positive.iter().filter(|p| **p).count() as f64 / 2_000.0;
    assert!((crushed[2] - crate::logit(share)).abs() < 1e-3);
}

#[test]
fn separated_rows_without_a_penalty_have_no_optimum() {
    let values = [-2.0, -1.0, 1.0, 2.0];
    let positive = [false, false, true, true];
    let problem = Problem {
        values: &values,
        positive: &positive,
        width: 1,
        alpha: 0.0,
    };
    let found = problem.solve(vec![0.0; 2]);
    assert!(found.is_none_or(|w| w[0] > 20.0));
}

#[test]
fn hessian_is_the_slope_of_the_gradient_whatever_the_number_of_rows() {
    for rows in 5..9 {
        let (values, positive) = drawn(rows);
        let problem = Problem {
            values: &values,
            positive: &positive,
            width: 2,
            alpha: 3.0,
        };
        let at = [0.3, -0.8, 0.1];
        let hessian = problem.hessian(&at);
        for i in 0..3 {
            let mut up = at;
            let mut down = at;
            up[i] += 1e-5;
            down[i] -= 1e-5;
            let (up, down) = (problem.gradient(&up), problem.gradient(&down));
            for j in i..3 {
                let slope = (up[j] - down[j]) / 2e-5;
                let cell = hessian.cells[j * 3 + i];
                assert!((cell - slope).abs() < 1e-6, "{rows} rows, {i} {j}");
            }
        }
    }
}
