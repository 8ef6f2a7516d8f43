//! The side-by-side job: `benches/spec` against the steps of `benches/reference.py`, written out here once more.

#![allow(clippy::unwrap_used)] // in helpers of tests

#[path = "stream/stream.rs"]
mod stream;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use holdfast_model::Model;
use holdfast_service::config::Layers;
use holdfast_service::replay::{Args, run};
use serde_json::Value;
use stream::{DAY, Draw, T0};

/// One customer of the oracle.
#[derive(Default)]
struct Customer {
    last_purchase: Option<i64>,
    last_alert: Option<i64>,
    /// Day: purchases, their sum, support contacts, abandons.
    days: BTreeMap<i64, [f64; 4]>,
}

impl Customer {
    /// Whether this event raises an alert, by the steps of the oracle.
    fn step(&mut self, kind: &str, ts: i64, amount: f64) -> bool {
        let day = ts / DAY;
        let bucket = self.days.entry(day).or_default();
        match kind {
            "purchase" => {
                bucket[0] += 1.0;
                bucket[1] += amount;
                self.last_purchase = self.last_purchase.max(Some(ts));
            }
            "support_contact" => bucket[2] += 1.0,
            "cart_abandon" => bucket[3] += 1.0,
            _ => {}
        }
        let Some(last) = self.last_purchase else {
            return false;
        };
        let recency = (ts - last).max(0) as f64 / DAY as f64;
        let mut sums = [0.0; 4];
        for bucket in self.days.range(day - 29..=day).map(|(_, bucket)| bucket) {
            for (sum, n) in sums.iter_mut().zip(bucket) {
                *sum += n;
            }
        }
        let [f, m, s, a] = sums;
        let p =
            1.0 / (1.0 + (1.5 - 0.05 * recency + 0.35 * f + 0.004 * m - 0.6 * s - 0.4 * a).exp());
        let due = p >= 0.8 && self.last_alert.is_none_or(|at| ts - at >= 7 * DAY);
        if due {
            self.last_alert = Some(ts);
        }
        due
    }
}

/// Lines as `gen_events.py` writes them, over 90 days and with up to five minutes of disorder, and the oracle's answer.
fn workload(events: i64, customers: u64) -> (String, Vec<(String, String)>) {
    let kinds = [
        "page_view",
        "page_view",
        "page_view",
        "cart_add",
        "purchase",
        "cart_abandon",
        "support_contact",
    ];
    let mut draw = Draw(11);
    let (mut text, mut right) = (String::new(), Vec::new());
    let mut state: BTreeMap<String, Customer> = BTreeMap::new();
    for n in 0..events {
        let customer = format!(
            "c{:07}",
            draw.below(customers) * draw.below(customers) / customers
        );
        let kind = kinds[draw.below(kinds.len() as u64) as usize];
        let ts = (T0 + n * 90 * DAY / events - draw.below(300_001) as i64).max(T0);
        let cents = if kind == "page_view" {
            0
        } else {
            1 + draw.below(20_000)
        };
        let amount = format!("{}.{:02}", cents / 100, cents % 100);
        let currency = ["EUR", "USD", "GBP"][draw.below(3) as usize];
        text += &format!(
            "{customer}\t{{\"event_id\":\"e{n:010}\",\"customer_id\":\"{customer}\",\"type\":\"{kind}\",\"ts\":{ts},\
             \"amount\":{amount},\"currency\":\"{currency}\",\"channel\":\"web\",\"session_id\":\"s1\"}}\n"
        );
        if state
            .entry(customer.clone())
            .or_default()
            .step(kind, ts, amount.parse().unwrap())
        {
            right.push((customer, format!("e{n:010}")));
        }
    }
    right.sort();
    (text, right)
}

#[test]
fn replay_of_the_side_by_side_job_gives_the_oracles_alerts() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| -> PathBuf { dir.path().join(name) };
    let (text, right) = workload(40_000, 400);
    assert!(right.len() > 200, "{} alerts", right.len());
    fs::write(at("events.tsv"), text).unwrap();
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/spec/holdfast.toml");
    let settings = Layers::of_file(&config).load().unwrap().settings;
    let model =
        Model::from_json(&fs::read(settings.model_path.as_ref().unwrap()).unwrap()).unwrap();
    for partitions in [1, 4] {
        let args = Args {
            events: Some(at("events.tsv")),
            out_dir: at("out"),
            partitions,
            from_snapshot: None,
            watch_report: None,
            until: None,
        };
        let summary = run(&args, &settings, &model).unwrap();
        assert_eq!((summary.events, summary.applied), (40_000, 40_000));
        let found = fs::read_to_string(at("out/alerts.jsonl")).unwrap();
        let pair = |line: &str| {
            let value: Value = serde_json::from_str(line).unwrap();
            let field = |name: &str| value[name].as_str().unwrap().to_owned();
            (field("customer_id"), field("event_id"))
        };
        let mut found: Vec<(String, String)> = found.lines().map(pair).collect();
        found.sort();
        assert_eq!(found, right);
    }
}
