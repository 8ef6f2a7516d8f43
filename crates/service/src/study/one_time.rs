//! Customers who bought once: all that is known of their rhythm is the others'.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use holdfast_model::LabelKind;
use holdfast_model::metrics::{Scored, metrics};

use super::{Horizon, Lesson, Seasonal, Source, Threshold, score, train};
use crate::config::Settings;

const DAY_MS: i64 = 86_400_000;
const T0: i64 = 1_600_000_000_000;
const HORIZON_DAYS: i64 = 60;
/// Purchases, ms after [`T0`], by customer.
type Shop = BTreeMap<String, Vec<i64>>;

/// Customers who come within 400 days, each at a pace of their own, and are gone for good after any purchase with a
/// chance of 0.4.
fn shop(customers: u64) -> Shop {
    let mut state = 3_u64;
    let mut unit = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut shop = Shop::new();
    for customer in 0..customers {
        let gap = 10.0 * 8.0_f64.powf(unit());
        let mut day = 400.0 * unit();
        let bought = shop.entry(format!("c{customer:05}")).or_default();
        while day < 480.0 {
            bought.push((day * DAY_MS as f64) as i64);
            if unit() < 0.4 {
                break;
            }
            day += -gap * (1.0 - unit()).ln();
        }
    }
    shop
}

fn file(dir: &tempfile::TempDir, shop: &Shop) -> Source {
    let mut lines = String::new();
    for (customer, bought) in shop {
        for at in bought {
            let ts = T0 + at;
            writeln!(
                lines,
                r#"{{"event_id":"{customer}-{at}","customer_id":"{customer}","type":"purchase","ts":{ts},"amount":20.0,"currency":"EUR"}}"#
            )
            .unwrap();
        }
    }
    let path = dir.path().join("events.jsonl");
    std::fs::write(&path, lines).unwrap();
    Source::new(path, &Settings::defaults(), None).unwrap()
}

#[test]
fn one_time_buyers_are_told_apart_and_on_average_leave_as_often_as_said() {
    let dir = tempfile::tempdir().unwrap();
    let shop = shop(4_000);
    let source = file(&dir, &shop);
    let until = T0 + 360 * DAY_MS;
    let lesson = Lesson {
        label: LabelKind::Purchase,
        horizon: Horizon::Days(HORIZON_DAYS as u32),
        active_days: None,
        until_ms: Some(until),
        train_cutoffs_ms: Vec::new(),
        threshold: Threshold::default(),
        seasonal: Seasonal::Off,
    };
    let model = train(&source, &lesson).unwrap().model;
    let mut rows = Vec::new();
    // Later than all that training has seen, labels included.
    let cutoffs = [until, until + 60 * DAY_MS];
    for found in score(&source, &model, &cutoffs, None).unwrap().rows {
        let at = found.cutoff_ms - T0;
        let bought = &shop[&found.customer_id];
        let before = bought.iter().filter(|ts| **ts <= at).count();
        if before == 1 {
            let end = at + HORIZON_DAYS * DAY_MS;
            let left = bought.get(1).is_none_or(|next| *next > end);
            let customer = found.customer_id[1..].parse().unwrap();
            rows.push(Scored {
                p: found.probability,
                left,
                customer,
            });
        }
    }
    let n = rows.len() as f64;
    assert!(n > 500.0, "{n} one-time buyers");
    let share = rows.iter().filter(|row| row.left).count() as f64 / n;
    let said = rows.iter().map(|row| row.p).sum::<f64>() / n;
    assert!((said - share).abs() < 0.04, "said {said}, came {share}");
    let found = metrics(&rows);
    assert!(found.roc_auc.lo > 0.6, "{:?}", found.roc_auc);
    let of_base = -share * share.ln() - (1.0 - share) * (1.0 - share).ln();
    assert!(
        found.log_loss.hi < of_base,
        "{:?} {of_base}",
        found.log_loss
    );
    assert!(found.ece.value < 0.06, "{:?}", found.ece);
}
