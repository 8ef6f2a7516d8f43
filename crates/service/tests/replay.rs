//! `replay` as a whole: files in, files out.

#![allow(clippy::unwrap_used)] // in helpers of tests

#[path = "stream/stream.rs"]
mod stream;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use holdfast_service::config::Settings as Config;
use holdfast_service::replay::{Args, Summary, run};
use serde_json::Value;
use stream::{DAY, T0, config, event, model};

struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new(lines: &[String]) -> Self {
        let place = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(place.path("events.jsonl"), text).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn replay(&self, events: &str, partitions: u32, until: Option<i64>) -> (Summary, Vec<String>) {
        let out_dir = self.path(&format!("out-{partitions}"));
        let args = Args {
            events: Some(self.path(events)),
            out_dir: out_dir.clone(),
            partitions,
            from_snapshot: None,
            watch_report: None,
            until,
        };
        let summary = run(&args, &config(), &model()).unwrap();
        (summary, alerts(&out_dir))
    }
}

/// The alerts' lines, sorted by alert_id.
fn alerts(dir: &Path) -> Vec<String> {
    let text = fs::read_to_string(dir.join("alerts.jsonl")).unwrap();
    let id = |line: &str| -> String {
        let value: Value = serde_json::from_str(line).unwrap();
        value["alert_id"].as_str().unwrap().to_owned()
    };
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort_by_key(|line| id(line));
    lines
}

#[test]
fn alerts_are_the_same_bytes_for_every_partition_count() {
    let place = Place::new(&stream::lines(7, 6_000, 60, 120));
    let (alone, expected) = place.replay("events.jsonl", 1, None);
    assert!(expected.len() > 100, "{} alerts", expected.len());
    for kind in ["opened", "escalated", "recovered", "lapsed", "churned"] {
        let named = format!(r#""kind":"{kind}""#);
        assert!(
            expected.iter().any(|line| line.contains(&named)),
            "no {kind}"
        );
    }
    for partitions in [2, 4, 13] {
        let (summary, found) = place.replay("events.jsonl", partitions, None);
        assert_eq!(found, expected, "{partitions} partitions");
        assert_eq!(
            (summary.applied, summary.customers),
            (alone.applied, alone.customers)
        );
    }
    let mut ids: Vec<&String> = expected.iter().collect();
    ids.dedup();
    assert_eq!(ids.len(), expected.len(), "an alert_id stands twice");
}

#[test]
fn a_later_end_only_adds_what_silence_brings() {
    let place = Place::new(&[event("a", "purchase", T0, "1")]);
    let (summary, found) = place.replay("events.jsonl", 1, None);
    assert_eq!((summary.alerts, found.len()), (0, 0));
    let (summary, found) = place.replay("events.jsonl", 3, Some(T0 + 60 * DAY));
    assert_eq!(summary.alerts, found.len() as u64);
    assert!(
        found.iter().any(|line| line.contains(r#""kind":"lapsed""#)),
        "{found:?}"
    );
    let (_, earlier) = place.replay("events.jsonl", 1, Some(T0 - DAY));
    assert!(earlier.is_empty());
}

#[test]
fn packed_input_gives_the_same_alerts() {
    let lines = stream::lines(3, 500, 9, 60);
    let place = Place::new(&lines);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed
        .write_all(&fs::read(place.path("events.jsonl")).unwrap())
        .unwrap();
    fs::write(place.path("events.jsonl.gz"), packed.finish().unwrap()).unwrap();
    let (_, plain) = place.replay("events.jsonl", 1, None);
    let (_, unpacked) = place.replay("events.jsonl.gz", 2, None);
    assert_eq!(plain, unpacked);
    assert!(!plain.is_empty());
}

#[test]
fn the_summary_has_the_promised_fields_and_balances() {
    let place = Place::new(&stream::lines(5, 2_000, 20, 60));
    let (summary, _) = place.replay("events.jsonl", 2, None);
    let text = fs::read_to_string(place.path("out-2/summary.json")).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let fields: Vec<&str> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let promised = [
        "events",
        "applied",
        "dropped",
        "rejected",
        "customers",
        "alerts",
        "seconds",
        "events_per_s",
    ];
    assert_eq!(fields, promised);
    let sum = |name: &str| {
        value[name]
            .as_object()
            .unwrap()
            .values()
            .map(|n| n.as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!(
        summary.events,
        summary.applied + sum("dropped") + sum("rejected")
    );
    for reason in ["late", "duplicate", "cart_abandon_given"] {
        assert!(value["dropped"][reason].as_u64() > Some(0), "{reason}");
    }
    for reason in ["malformed", "key_mismatch"] {
        assert!(value["rejected"][reason].as_u64() > Some(0), "{reason}");
    }
    let letters = fs::read_to_string(place.path("out-2/dead-letters.jsonl")).unwrap();
    assert_eq!(letters.lines().count() as u64, sum("rejected"));
}

#[test]
fn a_dead_letter_names_the_line_of_the_file() {
    let lines = [
        event("a", "purchase", T0, "1"),
        String::new(),
        "a\tno json".to_owned(),
    ];
    let place = Place::new(&lines);
    place.replay("events.jsonl", 1, None);
    let text = fs::read_to_string(place.path("out-1/dead-letters.jsonl")).unwrap();
    let letters: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(letters[0]["line"], 2);
    assert_eq!(letters[0]["value"], "");
    assert_eq!(
        (&letters[1]["line"], &letters[1]["key"]),
        (&Value::from(3), &Value::from("a"))
    );
    assert!(
        letters
            .iter()
            .all(|letter| letter["reason"] == "malformed" && letter["offset"].is_i64())
    );
}

#[test]
fn an_empty_file_is_a_replay_of_nothing() {
    let place = Place::new(&[]);
    let (summary, found) = place.replay("events.jsonl", 4, Some(T0));
    assert_eq!((summary.events, summary.customers, found.len()), (0, 0, 0));
}

#[test]
fn a_missing_file_is_named_and_leaves_no_summary() {
    let place = Place::new(&[]);
    place.replay("events.jsonl", 1, None);
    let out_dir = place.path("out-1");
    let args = Args {
        events: Some(place.path("absent.jsonl")),
        out_dir,
        partitions: 1,
        from_snapshot: None,
        watch_report: None,
        until: None,
    };
    let error = run(&args, &Config::defaults(), &model()).unwrap_err();
    assert!(format!("{error:#}").contains("absent.jsonl"));
}
