use super::*;

fn rows(list: &[(f64, bool)]) -> Vec<Scored> {
    let row = |(i, (p, left)): (usize, &(f64, bool))| Scored {
        p: *p,
        left: *left,
        customer: i as u32,
    };
    list.iter().enumerate().map(row).collect()
}

fn near(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-12, "{a} is not {b}");
}

#[test]
fn figures_match_values_computed_by_hand() {
    let m = metrics(&rows(&[
        (0.9, true),
        (0.8, false),
        (0.7, true),
        (0.1, false),
    ]));
    near(m.roc_auc.value, 0.75);
    near(m.pr_auc.value, (1.0 + 2.0 / 3.0) / 2.0);
    near(
        m.log_loss.value,
        -(0.9_f64.ln() + 0.2_f64.ln() + 0.7_f64.ln() + 0.9_f64.ln()) / 4.0,
    );
    near(m.brier.value, (0.01 + 0.64 + 0.09 + 0.01) / 4.0);
    near(m.ece.value, (0.1 + 0.8 + 0.3 + 0.1) / 4.0);
    near(m.lift10.value, 2.0);
}

#[test]
fn equal_scores_count_half_and_form_one_step() {
    let m = metrics(&rows(&[
        (0.5, true),
        (0.5, false),
        (0.5, true),
        (0.5, false),
    ]));
    near(m.roc_auc.value, 0.5);
    near(m.pr_auc.value, 0.5);
}

#[test]
fn predicted_and_observed_share_are_compared_within_a_bin() {
    // Both bins are right on average, so the rows' own errors cancel.
    let m = metrics(&rows(&[
        (0.45, false),
        (0.45, true),
        (0.55, true),
        (0.45, false),
    ]));
    near(m.ece.value, ((3.0 * 0.45 - 1.0) + 0.45) / 4.0);
}

#[test]
fn certainty_that_fails_costs_a_bounded_loss() {
    let m = metrics(&rows(&[(1.0, false), (0.0, false)]));
    assert!((m.log_loss.value - (-(1e-6_f64).ln() - (1.0 - 1e-6_f64).ln()) / 2.0).abs() < 1e-9);
}

#[test]
fn top_tenth_takes_the_earlier_row_among_equal_scores() {
    let at = |first: usize| {
        let list: Vec<(f64, bool)> = (0..20)
            .map(|i| (0.5, i == first || i == first + 1))
            .collect();
        metrics(&rows(&list)).lift10.value
    };
    near(at(0), 10.0);
    near(at(2), 0.0);
}

#[test]
fn rows_of_one_outcome_leave_rank_figures_undefined() {
    let m = metrics(&rows(&[(0.4, true), (0.6, true)]));
    assert!(m.roc_auc.value.is_nan() && m.roc_auc.lo.is_nan());
    assert!(m.log_loss.value.is_finite());
    let text = serde_json::to_string(&m.roc_auc).unwrap();
    assert_eq!(text, r#"{"value":null,"lo":null,"hi":null}"#);
    assert!(
        serde_json::from_str::<Interval>(&text)
            .unwrap()
            .value
            .is_nan()
    );
    assert!(metrics(&[]).brier.value.is_nan());
}

#[test]
fn intervals_come_from_customers_not_from_rows() {
    let spread = |per_customer: u32| {
        let row = |i: u32| Scored {
            p: 0.5,
            left: (i / per_customer).is_multiple_of(2),
            customer: i / per_customer,
        };
        let brier = metrics(
            &(0..800)
                .map(|i| Scored { p: 0.9, ..row(i) })
                .collect::<Vec<_>>(),
        )
        .brier;
        assert!(
            brier.lo < brier.value && brier.value < brier.hi,
            "{brier:?}"
        );
        brier.hi - brier.lo
    };
    let ratio = spread(16) / spread(1);
    assert!(
        (2.5..6.5).contains(&ratio),
        "16 equal rows a customer widen the interval fourfold: {ratio}"
    );
}

#[test]
fn calibration_error_lies_in_its_interval_though_draws_can_only_raise_it() {
    // In every bin the share is exactly as predicted, so that noise is all that a draw can add.
    let list: Vec<(f64, bool)> = (0..400)
        .map(|i| (0.25 + 0.1 * f64::from(i % 4), i % 80 < 20 + 8 * (i % 4)))
        .collect();
    let ece = metrics(&rows(&list)).ece;
    assert!(ece.lo <= ece.value && ece.value <= ece.hi, "{ece:?}");
    assert!(ece.lo >= 0.0 && ece.hi < 0.1, "{ece:?}");
}

#[test]
fn equal_rows_give_equal_intervals() {
    let list: Vec<(f64, bool)> = (0..200)
        .map(|i| (f64::from(i) / 200.0, i % 3 == 0))
        .collect();
    assert_eq!(metrics(&rows(&list)), metrics(&rows(&list)));
}
