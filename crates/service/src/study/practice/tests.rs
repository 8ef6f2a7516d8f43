use std::collections::BTreeMap;
use std::fmt::Write as _;

use holdfast_model::{LabelKind, Model};
use serde_json::Value;

use super::super::tests::{DAY_MS, Shop, lesson, regulars};
use super::super::{Lesson, score, train};

/// The regulars with amounts of their own, every ninth purchase refunded by half an hour later.
fn shop() -> String {
    let mut out = String::new();
    for (i, line) in regulars("EUR").lines().enumerate() {
        let cents = 500 + i * 7_919 % 6_000;
        let amount = format!("\"amount\":{}.{:02}", cents / 100, cents % 100);
        let bought = line.replace("\"amount\":12.5", &amount);
        writeln!(out, "{bought}").unwrap();
        if i % 9 == 0 {
            let event: Value = serde_json::from_str(line).unwrap();
            let ts = event["ts"].as_i64().unwrap() + 1_800_000;
            let back = bought
                .replace("\"purchase\"", "\"refund\"")
                .replace("\"event_id\":\"e", "\"event_id\":\"r")
                .replace(&event["ts"].to_string(), &ts.to_string())
                .replace(&amount, "\"amount\":2.5");
            writeln!(out, "{back}").unwrap();
        }
    }
    out
}

/// Orders, last purchase and net cents of everybody up to an instant, from the lines themselves.
fn bought(lines: &str, until: i64) -> BTreeMap<String, (u32, i64, i64)> {
    let mut found: BTreeMap<String, (u32, i64, i64)> = BTreeMap::new();
    for line in lines.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let ts = event["ts"].as_i64().unwrap();
        if ts > until {
            continue;
        }
        let who = event["customer_id"].as_str().unwrap().to_owned();
        let cents = (event["amount"].as_f64().unwrap() * 100.0).round() as i64;
        let customer = found.entry(who).or_default();
        if event["type"] == "purchase" {
            customer.0 += 1;
            customer.1 = customer.1.max(ts);
            customer.2 += cents;
        } else {
            customer.2 -= cents;
        }
    }
    found
}

fn last_cutoff(model: &Model) -> i64 {
    model.training().unwrap().cutoffs.last().unwrap().cutoff_ms
}

/// How many of the values lie below or at a cut, against how many fifths should.
fn is_fifth(values: &[f64], cut: f64, k: usize) {
    let below = values.iter().filter(|x| **x < cut - 1e-6).count();
    let within = values.iter().filter(|x| **x <= cut + 1e-6).count();
    let wanted = (k + 1) * values.len();
    assert!(
        5 * below < wanted && wanted <= 5 * within,
        "{below} and {within} of {} at cut {k}, {cut}",
        values.len()
    );
}

#[test]
fn cuts_are_the_fifths_of_all_buyers_of_the_raw_log_at_the_last_cutoff() {
    let lines = shop();
    let model = train(&Shop::new(&lines).source(None), &lesson(14))
        .unwrap()
        .model;
    let cutoff = last_cutoff(&model);
    let all = bought(&lines, cutoff);
    assert!(
        all.values().any(|c| c.1 < cutoff - 28 * DAY_MS),
        "not only members"
    );
    let cuts = model.segments().unwrap();
    let values =
        |of: &dyn Fn(&(u32, i64, i64)) -> f64| -> Vec<f64> { all.values().map(of).collect() };
    let recency = values(&|c| (cutoff - c.1) as f64 / DAY_MS as f64);
    let orders = values(&|c| f64::from(c.0));
    let spend = values(&|c| c.2 as f64 / 100.0);
    for k in 0..4 {
        is_fifth(&recency, cuts.recency_days[k], k);
        is_fifth(&orders, f64::from(cuts.frequency[k]), k);
        is_fifth(&spend, cuts.monetary.unwrap()[k], k);
    }
    let top = cuts.top_spend.unwrap();
    let rich = spend.iter().filter(|x| **x >= top - 1e-6).count();
    assert_eq!(rich, spend.len().div_ceil(5));
}

#[test]
fn percentile_is_the_share_of_scored_members_at_lower_risk() {
    let shop = Shop::new(&shop());
    let model = train(&shop.source(None), &lesson(14)).unwrap().model;
    let scores = score(&shop.source(None), &model, &[last_cutoff(&model)], None).unwrap();
    let members: Vec<f64> = scores.rows.iter().map(|row| row.probability).collect();
    assert!(members.len() > 100);
    for p in members.iter().step_by(7) {
        let lower = members.iter().filter(|other| *other < p).count();
        let share = 100.0 * lower as f64 / members.len() as f64;
        let found = model.percentile(*p).unwrap();
        assert!((found - share).abs() < 2.0, "{found} is not {share}");
    }
}

#[test]
fn intervals_hold_the_rows_that_the_fit_had_not_seen() {
    let learned = train(&Shop::new(&shop()).source(None), &lesson(14)).unwrap();
    let unseen = learned.report.choices.unseen.unwrap();
    let bins = learned.model.intervals();
    let (rows, left) = bins.iter().fold((0, 0), |(rows, left), bin| {
        (rows + bin.rows, left + bin.left)
    });
    assert_eq!((rows, left), (unseen.rows, unseen.left));
    assert!(bins.iter().all(|bin| bin.rows >= 50));
    for p in [0.0, 0.01, 0.2, 0.5, 0.77, 1.0] {
        let (low, high) = learned.model.interval(p).unwrap();
        assert!((0.0..=p).contains(&low) && (p..=1.0).contains(&high));
    }
}

#[test]
fn file_with_the_parts_reads_back_and_says_what_the_report_says() {
    let learned = train(&Shop::new(&shop()).source(None), &lesson(14)).unwrap();
    let model = Model::from_json(learned.json.as_bytes()).unwrap();
    assert_eq!(model, learned.model);
    assert_eq!(model.to_json().unwrap(), learned.json);
    assert_eq!(model.percentiles().len(), 101);
    let told = learned.report.choices.practice.unwrap();
    assert_eq!(told.buyers, 200);
    assert_eq!(
        told.spend.map(|spend| spend.q),
        Some(model.value().unwrap().q)
    );
    assert!(learned.json.lines().all(|line| line.len() < 260));
}

#[test]
fn log_without_amounts_has_segments_but_no_money() {
    let lines = regulars("EUR").replace(",\"amount\":12.5,\"currency\":\"EUR\"", "");
    let model = train(&Shop::new(&lines).source(None), &lesson(14))
        .unwrap()
        .model;
    let cuts = model.segments().unwrap();
    assert_eq!((cuts.monetary, cuts.top_spend), (None, None));
    assert_eq!(model.value(), None);
    assert!(model.percentile(0.5).is_some());
}

#[test]
fn model_of_any_activity_knows_the_rhythm_of_purchases_beside_its_own() {
    let mut lines = shop();
    for customer in 0..200_i64 {
        for day in (0..115).step_by(2 + (customer % 3) as usize) {
            let ts = super::super::tests::T0 + day * DAY_MS + 7_000 * customer;
            writeln!(
                lines,
                r#"{{"event_id":"v{customer}-{day}","customer_id":"c{customer:03}","type":"page_view","ts":{ts}}}"#
            )
            .unwrap();
        }
    }
    let any = Lesson {
        label: LabelKind::parse("any"),
        ..lesson(7)
    };
    let shop = Shop::new(&lines);
    let of_purchases = train(&shop.source(None), &lesson(7)).unwrap().model;
    let of_purchases = of_purchases.value().unwrap();
    let found = match train(&shop.source(None), &any) {
        Ok(learned) => learned.model,
        Err(error) => panic!("{error}"),
    };
    let value = found.value().unwrap();
    assert_eq!(value.mbg, of_purchases.mbg);
    assert_ne!(value.mbg, found.constants().mbg);
}
