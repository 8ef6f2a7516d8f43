//! A made-up shop for tests of the watch, and models that were trained on its first days.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test file uses a part"
)]

use std::path::PathBuf;
use std::sync::OnceLock;

use holdfast_consumer::murmur2_partition;
use holdfast_model::{LabelKind, Model};
use holdfast_service::config::Settings as Config;
use holdfast_service::generate::{self, Params, Targets};
use holdfast_service::study::{Horizon, Lesson, Seasonal, Source, Threshold, train};
use serde_json::Value;

pub const DAY: i64 = 86_400_000;
pub const HOUR: i64 = 3_600_000;
pub const START: i64 = generate::DEFAULT_START_MS;
/// Models learn from events up to here.
pub const UNTIL: i64 = START + 100 * DAY - 1;
pub const END: i64 = START + 160 * DAY - 1;
pub const HORIZON: i64 = 14;

/// A made-up shop, in disorder of less than an hour, and models that were trained on its first days.
pub struct Shop {
    _dir: tempfile::TempDir,
    pub path: PathBuf,
    pub lines: Vec<(String, i64, String)>,
    pub champion: Model,
    pub challenger: Model,
}

pub fn lesson(until: i64, kind: LabelKind) -> Lesson {
    Lesson {
        label: kind,
        horizon: Horizon::Days(HORIZON as u32),
        active_days: Some(28),
        until_ms: Some(until),
        train_cutoffs_ms: Vec::new(),
        threshold: Threshold::default(),
        seasonal: Seasonal::Off,
    }
}

/// Made once: a training takes its time.
pub fn shop() -> &'static Shop {
    static SHOP: OnceLock<Shop> = OnceLock::new();
    SHOP.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let params = Params {
            preset: holdfast_playbook::Preset::Ecommerce,
            customers: 300,
            days: 160,
            seed: 11,
            // Its busiest hours are those around the cutoffs.
            start_ms: START - 15 * HOUR,
            abandons: false,
        };
        let targets = Targets {
            events: path.clone(),
            truth: None,
        };
        generate::write(&params, &targets, |_| ()).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let mut lines: Vec<(String, i64, String)> = text.lines().map(parsed).collect();
        let shuffle = |line: &(String, i64, String)| {
            let hash = murmur2_partition(line.2.as_bytes(), 55);
            line.1 + i64::from(hash) * 60_000
        };
        lines.sort_by_key(shuffle);
        let source = Source::new(path.clone(), &Config::defaults(), None).unwrap();
        let learned = |until| {
            train(&source, &lesson(until, LabelKind::Purchase))
                .unwrap()
                .model
        };
        Shop {
            _dir: dir,
            champion: learned(UNTIL),
            challenger: learned(UNTIL - 20 * DAY),
            path,
            lines,
        }
    })
}

pub fn parsed(line: &str) -> (String, i64, String) {
    let value: Value = serde_json::from_str(line).unwrap();
    let customer = value["customer_id"].as_str().unwrap().to_owned();
    (customer, value["ts"].as_i64().unwrap(), line.to_owned())
}
