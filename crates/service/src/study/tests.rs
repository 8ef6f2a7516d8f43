use std::fmt::Write as _;
use std::path::PathBuf;

use holdfast_model::{LabelKind, Model};
use serde_json::Value;

use super::*;
use crate::config::Settings;

pub(super) const DAY_MS: i64 = 86_400_000;
pub(super) const T0: i64 = 1_767_225_600_000;

/// Writes lines into a file of a directory that lives as long as the test.
pub(super) struct Shop {
    dir: tempfile::TempDir,
}

impl Shop {
    pub(super) fn new(lines: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("events.jsonl"), lines).unwrap();
        Self { dir }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("events.jsonl")
    }

    pub(super) fn source(&self, currency: Option<&str>) -> Source {
        Source::new(self.path(), &Settings::defaults(), currency).unwrap()
    }
}

fn line(out: &mut String, customer: &str, at: i64, currency: &str) {
    let id = out.len();
    let ts = T0 + at;
    writeln!(
        out,
        r#"{{"event_id":"e{id}","customer_id":"{customer}","type":"purchase","ts":{ts},"amount":12.5,"currency":"{currency}"}}"#
    )
    .unwrap();
}

/// 200 customers over 120 days: regular ones buy every 4 to 9 days, every third stops at a day of its own.
pub(super) fn regulars(currency: &str) -> String {
    let mut out = String::new();
    for customer in 0..200_i64 {
        let gap = 4 + customer % 6;
        let stop = if customer % 3 == 0 {
            20 + (customer * 7) % 100
        } else {
            120
        };
        let mut day = customer % 11;
        while day < stop {
            let at = day * DAY_MS + (customer % 24) * 3_600_000;
            line(&mut out, &format!("c{customer:03}"), at, currency);
            // Some skip a turn, so that no rule tells all of them apart.
            day += gap
                + if (day * 31 + customer * 17) % 5 == 0 {
                    gap
                } else {
                    0
                };
        }
    }
    out
}

pub(super) fn lesson(horizon_days: u32) -> Lesson {
    Lesson {
        label: LabelKind::Purchase,
        horizon: Horizon::Days(horizon_days),
        active_days: None,
        until_ms: None,
        train_cutoffs_ms: Vec::new(),
        threshold: Threshold::default(),
        seasonal: Seasonal::Off,
    }
}

#[test]
fn equal_input_gives_equal_bytes_and_a_file_that_loads() {
    let shop = Shop::new(&regulars("EUR"));
    let source = shop.source(None);
    let (a, b) = (
        train(&source, &lesson(14)).unwrap(),
        train(&source, &lesson(14)).unwrap(),
    );
    assert_eq!(a.json, b.json);
    let model = Model::from_json(a.json.as_bytes()).unwrap();
    assert_eq!(model, a.model);
    assert_eq!(model.currency(), Some("EUR"));
    assert_eq!(
        (model.label().horizon_days, model.label().active_days),
        (14, 28)
    );
    let made = model.training().unwrap();
    assert_eq!(made.customers, 200);
    assert_eq!(made.rows, a.report.fit.rows);
    assert_eq!(a.report.sha256, model.sha256());
}

#[test]
fn nothing_after_until_reaches_the_model() {
    let until = T0 + 90 * DAY_MS - 1;
    let cut = Lesson {
        until_ms: Some(until),
        ..lesson(14)
    };
    let all = regulars("EUR");
    let early: String = all
        .lines()
        .filter(|l| ts(l) <= until)
        .map(|l| format!("{l}\n"))
        .collect();
    assert!(early.len() < all.len());
    let (whole, part) = (Shop::new(&all), Shop::new(&early));
    let a = train(&whole.source(None), &cut).unwrap();
    let b = train(&part.source(None), &cut).unwrap();
    assert_eq!(a.json, b.json);
    let last = a.model.training().unwrap().cutoffs.last().unwrap();
    assert_eq!(last.cutoff_ms, until - 14 * DAY_MS);
}

fn ts(line: &str) -> i64 {
    serde_json::from_str::<Value>(line).unwrap()["ts"]
        .as_i64()
        .unwrap()
}

#[test]
fn order_of_lines_does_not_matter_to_the_model() {
    let forward = regulars("EUR");
    let backward: String = forward.lines().rev().map(|l| format!("{l}\n")).collect();
    let a = train(&Shop::new(&forward).source(None), &lesson(14)).unwrap();
    let b = train(&Shop::new(&backward).source(None), &lesson(14)).unwrap();
    assert_eq!(a.model.columns(), b.model.columns());
}

#[test]
fn log_of_two_currencies_is_refused_unless_told_what_to_do() {
    let mut lines = regulars("EUR");
    line(&mut lines, "c001", 5 * DAY_MS, "USD");
    let shop = Shop::new(&lines);
    let error = train(&shop.source(None), &lesson(14)).unwrap_err();
    assert_eq!(error.exit_code(), 1);
    assert!(error.to_string().contains("EUR and USD"), "{error}");
    let chosen = train(&shop.source(Some("EUR")), &lesson(14)).unwrap();
    assert_eq!(chosen.read.other_currency, 1);
    assert_eq!(chosen.model.currency(), Some("EUR"));
    let summed = train(&shop.source(Some("ignore")), &lesson(14)).unwrap();
    assert_eq!(summed.read.other_currency, 0);
    assert_eq!(summed.model.currency(), Some("ignore"));
    let wrong = Source::new(shop.path(), &Settings::defaults(), Some("euro"));
    assert_eq!(wrong.unwrap_err().exit_code(), 2);
}

#[test]
fn log_too_short_for_the_horizon_or_without_events_ends_with_three() {
    let shop = Shop::new(&regulars("EUR"));
    let error = train(&shop.source(None), &lesson(90)).unwrap_err();
    assert_eq!(error.exit_code(), 3);
    assert!(error.to_string().contains("needs 180 days"), "{error}");
    let empty = Shop::new("not an event\n\n");
    let error = train(&empty.source(None), &lesson(14)).unwrap_err();
    assert_eq!(error.exit_code(), 3);
    assert!(error.to_string().contains("malformed 2"), "{error}");
    let missing = Source::new("no/such/file".into(), &Settings::defaults(), None).unwrap();
    assert_eq!(train(&missing, &lesson(14)).unwrap_err().exit_code(), 1);
}

#[test]
fn training_cutoff_whose_label_is_not_over_is_refused() {
    let shop = Shop::new(&regulars("EUR"));
    let given = |cutoffs: Vec<i64>| Lesson {
        train_cutoffs_ms: cutoffs,
        ..lesson(14)
    };
    let found = train(&shop.source(None), &given(vec![T0 + 60 * DAY_MS])).unwrap();
    assert_eq!(found.report.fit.cutoffs.len(), 1);
    let error = train(&shop.source(None), &given(vec![T0 + 110 * DAY_MS])).unwrap_err();
    assert_eq!(error.exit_code(), 2);
}

#[test]
fn scores_come_by_cutoff_then_id_for_the_population_only() {
    let shop = Shop::new(&regulars("EUR"));
    let model = train(&shop.source(None), &lesson(14)).unwrap().model;
    let cutoffs = [T0 + 100 * DAY_MS, T0 + 80 * DAY_MS];
    let found = score(&shop.source(None), &model, &cutoffs, None).unwrap();
    let keys: Vec<(i64, &str)> = found
        .rows
        .iter()
        .map(|r| (r.cutoff_ms, r.customer_id.as_str()))
        .collect();
    assert!(keys.is_sorted_by(|a, b| a < b));
    assert!(
        found
            .rows
            .iter()
            .all(|r| (0.0..=1.0).contains(&r.probability))
    );
    assert!(
        found.rows.len() < 400,
        "those who stopped long ago don't belong"
    );
    let ever = score(&shop.source(None), &model, &cutoffs, Some(0)).unwrap();
    assert_eq!(ever.rows.len(), 400);
    let mut csv = Vec::new();
    found.write_csv(&mut csv).unwrap();
    let csv = String::from_utf8(csv).unwrap();
    assert!(
        csv.starts_with("customer_id,cutoff_ms,p_churn\nc0"),
        "{csv}"
    );
    assert_eq!(csv.lines().count(), found.rows.len() + 1);
}

#[test]
fn two_more_weeks_without_events_raise_the_risk() {
    let shop = Shop::new(&regulars("EUR"));
    let model = train(&shop.source(None), &lesson(14)).unwrap().model;
    let cutoffs = [T0 + 120 * DAY_MS, T0 + 134 * DAY_MS];
    let found = score(&shop.source(None), &model, &cutoffs, Some(0)).unwrap();
    let mean = |rows: &[Score]| rows.iter().map(|r| r.probability).sum::<f64>() / 200.0;
    let (before, after) = found.rows.split_at(200);
    assert!(
        mean(after) > mean(before) + 0.1,
        "{} {}",
        mean(before),
        mean(after)
    );
}

#[test]
fn backtest_of_a_small_shop_beats_its_base_rate() {
    let shop = Shop::new(&regulars("EUR"));
    let found = evaluate(&shop.source(None), &lesson(14), &Means::default()).unwrap();
    let overall = found.figures.overall.metrics;
    let left: f64 = found
        .report
        .curves
        .calibration
        .iter()
        .map(|b| b.left as f64)
        .sum();
    let rows: f64 = found.figures.cutoffs.iter().map(|c| c.rows as f64).sum();
    let share = left / rows;
    let of_base = -share * share.ln() - (1.0 - share) * (1.0 - share).ln();
    assert!(
        overall.log_loss.value < of_base,
        "{:?} {of_base}",
        overall.log_loss
    );
    assert!(overall.roc_auc.value > 0.65, "{:?}", overall.roc_auc);
}

#[test]
fn log_or_configuration_that_contradicts_the_model_ends_with_78() {
    let shop = Shop::new(&regulars("EUR"));
    let model = train(&shop.source(None), &lesson(14)).unwrap().model;
    let dollars = Shop::new(&regulars("USD"));
    let error = score(&dollars.source(None), &model, &[T0], None).unwrap_err();
    assert_eq!(error.exit_code(), 78);
    assert!(error.to_string().contains("trained with EUR"), "{error}");
    let mut config = Settings::defaults();
    config.features.cart_abandon = Some(crate::config::CartAbandon::Given);
    let given = Source::new(shop.path(), &config, None).unwrap();
    let error = score(&given, &model, &[T0], None).unwrap_err();
    assert_eq!(error.exit_code(), 78);
    assert!(error.to_string().contains("cart_abandon"), "{error}");
}

#[test]
fn named_event_label_predicts_the_event() {
    let mut lines = regulars("EUR");
    for customer in (0..200).filter(|c| c % 3 == 0) {
        let ts = T0 + (20 + (customer * 7) % 100) * DAY_MS;
        writeln!(
            lines,
            r#"{{"event_id":"x{customer}","customer_id":"c{customer:03}","type":"account_closed","ts":{ts}}}"#
        )
        .unwrap();
    }
    let shop = Shop::new(&lines);
    let lesson = Lesson {
        label: LabelKind::parse("account_closed"),
        ..lesson(14)
    };
    let found = train(&shop.source(None), &lesson).unwrap();
    assert_eq!(found.model.label().kind.name(), "account_closed");
    let base = found.model.training().unwrap().base_rate;
    assert!((0.005..0.2).contains(&base), "{base}");
}

#[test]
fn label_that_nothing_in_the_log_can_decide_is_refused_with_the_nearest_type() {
    let shop = Shop::new(&regulars("EUR"));
    let lesson = Lesson {
        label: LabelKind::parse("subscription_cancl"),
        ..lesson(14)
    };
    let error = train(&shop.source(None), &lesson).unwrap_err();
    assert_eq!(error.exit_code(), 3);
    assert!(
        error.to_string().contains("\"subscription_cancel\""),
        "{error}"
    );
    assert_eq!(
        evaluate(&shop.source(None), &lesson, &Means::default())
            .unwrap_err()
            .exit_code(),
        3
    );
}
