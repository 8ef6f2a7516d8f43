use holdfast_features::{DAY_MS, feature};

use super::*;
use crate::splitmix::SplitMix;
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
    let [recency, contacts] = trained.columns.as_slice() else {
        panic!("{:?}", trained.columns)
    };
    assert!(recency.coefficient > 0.5, "{recency:?}");
    assert!(contacts.coefficient.abs() < 0.1, "{contacts:?}");
    assert!(
        recency
            .standard_error
            .is_some_and(|e| (0.01..0.1).contains(&e))
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

#[test]
fn silence_never_lowers_the_risk_where_silence_is_the_label() {
    // The usual gap stands in the denominator of the one and beside the other, so a free fit sets them
    // against each other.
    let mut draw = SplitMix::new(5);
    let mut unit = || draw.below(1 << 53) as f64 / (1_u64 << 53) as f64;
    let mut rows = rows(0);
    let names = ["days_since_last_purchase", "recency_over_gap"];
    rows.features = names.iter().map(|name| feature(name).unwrap()).collect();
    for customer in 0..2_000 {
        let (recency, gap) = (90.0 * unit() + 1.0, 20.0 * unit() + 5.0);
        rows.values.extend([recency, recency / gap]);
        rows.left
            .push(unit() < probability(3.0 * (recency / gap).ln_1p() - 1.5 * recency.ln_1p()));
        rows.cutoff.push((customer / 500) as u16);
        rows.customer.push(customer % 500);
    }
    let silent = train(&rows, &label()).unwrap();
    assert_eq!(silent.columns.len(), 1);
    assert_eq!(silent.columns[0].feature, "recency_over_gap");
    assert!(silent.columns[0].coefficient > 0.0);
    let left_out = (
        feature("days_since_last_purchase").unwrap(),
        Dropped::AgainstSilence,
    );
    assert!(silent.design.dropped.contains(&left_out));
    let event = Label {
        kind: LabelKind::parse("account_closed"),
        ..label()
    };
    assert_eq!(
        train(&rows, &event).unwrap().columns.len(),
        2,
        "a named event may go either way"
    );
}

#[test]
fn what_the_customer_does_never_raises_the_risk_of_silence() {
    // The more visits of the last 90 days are old, the higher the risk: a free fit counts all visits as bad.
    let mut draw = SplitMix::new(6);
    let mut unit = || draw.below(1 << 53) as f64 / (1_u64 << 53) as f64;
    let mut rows = rows(0);
    let names = ["page_views_30d", "page_views_90d"];
    rows.features = names.iter().map(|name| feature(name).unwrap()).collect();
    for customer in 0..2_000 {
        let (new, old) = ((40.0 * unit()).floor(), (40.0 * unit()).floor());
        rows.values.extend([new, new + old]);
        let risk = (new + old).ln_1p() - 2.0 * new.ln_1p() + 2.0;
        rows.left.push(unit() < probability(risk));
        rows.cutoff.push((customer / 500) as u16);
        rows.customer.push(customer % 500);
    }
    let trained = train(&rows, &label()).unwrap();
    assert_eq!(trained.columns.len(), 1);
    assert_eq!(trained.columns[0].feature, "page_views_30d");
    assert!(trained.columns[0].coefficient < 0.0);
}
