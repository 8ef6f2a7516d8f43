use holdfast_features::{DAY_MS, feature};

use super::*;
use crate::splitmix::SplitMix;
use crate::transform::Logs;
use crate::{LabelKind, probability};

fn label() -> Label {
    Label {
        kind: LabelKind::Purchase,
        horizon_days: 10,
        active_days: 20,
    }
}

/// Rows at four cutoffs ten days apart, in which only recency matters.
fn rows(per_cutoff: usize) -> Rows {
    let mut draw = SplitMix::new(3);
    let mut unit = || draw.below(1 << 53) as f64 / (1_u64 << 53) as f64;
    let names = ["days_since_last_purchase", "support_contacts_30d"];
    let mut rows = Rows {
        features: names.iter().map(|name| feature(name).unwrap()).collect(),
        cutoffs: (0..4).map(|i| i * 10 * DAY_MS).collect(),
        ..Rows::default()
    };
    for cutoff in 0..4 {
        for customer in 0..per_cutoff {
            let (recency, contacts) = (60.0 * unit(), (5.0 * unit()).floor());
            rows.values.extend([recency, contacts]);
            rows.left.push(unit() < probability(-2.0 + 0.08 * recency));
            rows.cutoff.push(cutoff);
            rows.customer.push(customer as u32);
        }
    }
    rows
}

#[test]
fn the_column_that_matters_gets_the_weight() {
    let trained = train(&rows(500), &label()).unwrap();
    // Recency has splines beside its line; what counts is the sum over a stretch of it.
    let log_odds = |recency: f64, contacts: f64| {
        let logs = Logs::new();
        let row: Vec<f64> = trained
            .design
            .columns
            .iter()
            .map(|column| {
                let names = ["days_since_last_purchase", "support_contacts_30d"];
                let raw = if column.feature.describe().name == names[0] {
                    recency
                } else {
                    contacts
                };
                column.standardise(raw, &logs)
            })
            .collect();
        log_odds(&row, &trained)
    };
    let rise = log_odds(50.0, 2.0) - log_odds(10.0, 2.0);
    assert!((rise - 0.08 * 40.0).abs() < 0.6, "{rise}");
    let beside = log_odds(30.0, 4.0) - log_odds(30.0, 0.0);
    assert!(beside.abs() < 0.3, "{beside}");
    assert!(
        trained
            .columns
            .iter()
            .all(|c| c.standard_error.is_some_and(|e| e > 0.0))
    );
    assert!(
        trained.moved < 1e-2,
        "linfa was {} off the optimum",
        trained.moved
    );
}

#[test]
fn equal_rows_give_an_equal_model() {
    let (a, b) = (
        train(&rows(300), &label()).unwrap(),
        train(&rows(300), &label()).unwrap(),
    );
    assert_eq!(a.columns, b.columns);
    assert_eq!((a.intercept, a.alpha), (b.intercept, b.alpha));
}

#[test]
fn penalty_is_the_one_with_the_least_loss_on_later_rows() {
    let trained = train(&rows(500), &label()).unwrap();
    assert_eq!(trained.validation.len(), PENALTIES.len());
    let least = trained
        .validation
        .iter()
        .map(|t| t.log_loss)
        .fold(f64::INFINITY, f64::min);
    let chosen = trained
        .validation
        .iter()
        .find(|t| t.alpha == trained.alpha)
        .unwrap();
    assert_eq!(chosen.log_loss, least);
    assert!(
        trained.alpha < 1000.0,
        "a signal this strong wants little shrinkage"
    );
}

#[test]
fn short_log_is_validated_over_customers() {
    let mut short = rows(300);
    let one = short.range(0).end;
    short.values.truncate(2 * one);
    short.left.truncate(one);
    short.cutoff.truncate(one);
    short.customer.truncate(one);
    short.cutoffs.truncate(1);
    assert!(train(&short, &label()).is_ok());
}

#[test]
fn too_few_rows_or_outcomes_are_refused_in_words() {
    let error = train(&rows(5), &label()).unwrap_err().to_string();
    assert!(
        error.contains("20 training rows") && error.contains("at least 50 rows"),
        "{error}"
    );
    let mut one_sided = rows(100);
    one_sided.left.fill(true);
    assert!(matches!(
        train(&one_sided, &label()),
        Err(Error::DataTooSmall(_))
    ));
}
