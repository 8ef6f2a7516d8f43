//! What `holdfast train` refuses, chooses for itself, and writes beside the weights.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::ran::{done, run, shop, text};

const DAY_MS: i64 = 86_400_000;
const T0: i64 = 1_767_225_600_000;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Customers who buy on a day with the same chance, whatever they did before: nothing can be told of them.
fn noise(dir: &Path, customers: u32) -> PathBuf {
    // A hash of both, so that no draw leans on another one.
    let draw = |day: i64, customer: u32| {
        let mut x = (day as u64) << 32 | u64::from(customer);
        for _ in 0..3 {
            x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            x = (x ^ (x >> 31)).wrapping_add(0x9e37_79b9_7f4a_7c15);
        }
        x % 100
    };
    let mut lines = String::new();
    for day in 0..150 {
        for customer in (0..customers).filter(|customer| draw(day, *customer) < 4) {
            let ts = T0 + day * DAY_MS + i64::from(customer);
            writeln!(
                lines,
                r#"{{"event_id":"e{day}-{customer}","customer_id":"c{customer}","type":"purchase","ts":{ts},"amount":5.0,"currency":"EUR"}}"#
            )
            .unwrap();
        }
    }
    let path = dir.join("noise.jsonl");
    fs::write(&path, lines).unwrap();
    path
}

/// Trains on the shop with these flags as well; what was said, and the model's text.
fn trained(dir: &Path, flags: &[&str]) -> (String, String, PathBuf) {
    let out = dir.join("model.json");
    let args = [
        "train",
        "--events",
        text(&shop().events),
        "--out",
        text(&out),
    ];
    let ran = done(&[&args[..], flags].concat());
    (ran.stderr, fs::read_to_string(&out).unwrap(), out)
}

#[test]
fn a_model_no_better_than_chance_is_refused_with_3_and_what_would_be_enough() {
    let dir = tempfile::tempdir().unwrap();
    let (events, out) = (noise(dir.path(), 300), dir.path().join("m.json"));
    let args = ["train", "--events", text(&events), "--horizon-days", "14"];
    let ran = run(&[&args[..], &["--out", text(&out)]].concat());
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("no better than chance"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("another horizon"), "{}", ran.stderr);
    assert!(!out.exists(), "no model is written");
}

#[test]
fn a_horizon_longer_than_the_log_is_refused_with_one_that_would_do() {
    let events = text(&shop().events);
    let args = [
        "train",
        "--events",
        events,
        "--horizon-days",
        "90",
        "--out",
        "-",
    ];
    let ran = run(&args);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("needs 180 days"), "{}", ran.stderr);
    assert!(ran.stderr.contains("days would do"), "{}", ran.stderr);
}

#[test]
fn the_horizon_follows_the_gaps_where_it_is_left_to_them() {
    let dir = tempfile::tempdir().unwrap();
    let (said, model, _) = trained(dir.path(), &["--horizon-days", "auto"]);
    let horizon = json(&model)["label"]["horizon_days"].as_u64().unwrap();
    assert!(
        said.contains(&format!("horizon {horizon} days: 80 % of ")),
        "{said}"
    );
    assert!(said.contains(&format!("*    {horizon} d ")), "{said}");
    assert!(
        [14, 30].contains(&horizon),
        "the shop's customers buy every few weeks: {horizon}"
    );
    let out = dir.path().join("backtest");
    let args = [
        "evaluate",
        "--events",
        text(&shop().events),
        "--horizon-days",
        "auto",
    ];
    done(&[&args[..], &["--out-dir", text(&out)]].concat());
    let metrics = json(&fs::read_to_string(out.join("metrics.json")).unwrap());
    assert_eq!(metrics["horizon_days"], horizon);
}

#[test]
fn gaps_of_later_days_do_not_reach_the_horizon() {
    let dir = tempfile::tempdir().unwrap();
    let until = (T0 + 100 * DAY_MS).to_string();
    let flags = ["--horizon-days", "auto", "--until", &until];
    let (whole, ..) = trained(dir.path(), &flags);
    let early = dir.path().join("early.jsonl");
    let all = fs::read_to_string(&shop().events).unwrap();
    let kept: Vec<&str> = all
        .lines()
        .filter(|line| json(line)["ts"].as_i64().unwrap() <= T0 + 100 * DAY_MS)
        .collect();
    fs::write(&early, kept.join("\n")).unwrap();
    let args = ["train", "--events", text(&early), "--out", "-"];
    let part = done(&[&args[..], &flags].concat()).stderr;
    let table = |said: &str| said.lines().take(5).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(table(&whole), table(&part));
}

#[test]
fn a_named_event_has_no_gaps_to_tell_its_horizon_from() {
    let events = text(&shop().events);
    let args = [
        "train", "--events", events, "--label", "refund", "--out", "-",
    ];
    let ran = run(&[&args[..], &["--horizon-days", "auto"]].concat());
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("--horizon-days 30"), "{}", ran.stderr);
}

/// The alerts of a replay of the shop with this model and the configuration's defaults.
fn alerts(dir: &Path, model: &Path) -> Vec<Value> {
    let out = dir.join("replayed");
    let args = [
        "replay",
        "--events",
        text(&shop().events),
        "--model",
        text(model),
    ];
    done(&[&args[..], &["--out-dir", text(&out)]].concat());
    let lines = fs::read_to_string(out.join("alerts.jsonl")).unwrap();
    lines.lines().map(json).collect()
}

#[test]
fn capacity_sets_the_threshold_that_alerts_open_at() {
    let dir = tempfile::tempdir().unwrap();
    let (said, model, path) = trained(dir.path(), &["--capacity", "2"]);
    let policy = &json(&model)["policy"];
    let [open, close] = ["open", "close"].map(|key| policy[key].as_f64().unwrap());
    assert!(0.0 < close && close < open && open < 1.0, "{policy}");
    assert!(
        said.contains(&format!("Alerts open at {open} and close at {close}")),
        "{said}"
    );
    let opened = |model: &Path| -> Vec<f64> {
        let all = alerts(dir.path(), model);
        let opened = all.iter().filter(|alert| alert["kind"] == "opened");
        opened
            .map(|alert| alert["churn_probability"].as_f64().unwrap())
            .collect()
    };
    let own = opened(&path);
    assert!(own.len() > 10 && own.iter().all(|p| *p >= open - 1e-9));
    let (_, _, wide) = trained(dir.path(), &["--capacity", "4"]);
    assert!(
        opened(&wide).len() > own.len(),
        "twice the capacity, more alerts"
    );
}

#[test]
fn profit_sets_the_threshold_and_the_card_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let card = dir.path().join("card.md");
    let money = ["--value", "100", "--saved", "0.1", "--cost", "6"];
    let (said, model, _) = trained(dir.path(), &[&money[..], &["--card", text(&card)]].concat());
    assert_eq!(json(&model)["policy"]["open"], 0.6);
    assert!(said.contains("is more than the cost of 6"), "{said}");
    let card = fs::read_to_string(&card).unwrap();
    for part in [
        "## Alert threshold",
        "would have brought",
        "customers a day",
        "## On rows it had not seen",
    ] {
        assert!(card.contains(part), "{part} is not in\n{card}");
    }
    let events = text(&shop().events);
    let args = [
        "train", "--events", events, "--out", "-", "--value", "100", "--saved", "0.1",
    ];
    assert_eq!(run(&args).code, 2, "a profit needs its cost");
    let ran = run(&[&args[..], &["--cost", "20"]].concat());
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("none is worth it"), "{}", ran.stderr);
}

#[test]
fn the_configurations_thresholds_win_and_check_says_whose_hold() {
    let dir = tempfile::tempdir().unwrap();
    let money = ["--value", "100", "--saved", "0.1", "--cost", "6"];
    let (.., model) = trained(dir.path(), &money);
    let check = |rest: &str, flags: &[&str]| {
        let path = dir.path().join("holdfast.toml");
        fs::write(&path, format!("[model]\npath = {model:?}\n{rest}")).unwrap();
        run(&[&["check", "--config", text(&path)][..], flags].concat())
    };
    for (rest, said) in [
        (
            "",
            "alerts open at 0.6 (the model's) and close at 0.4666 (the model's)",
        ),
        (
            "[policy]\nclose = 0.3\n",
            "open at 0.6 (the model's) and close at 0.3 (configured)",
        ),
        (
            "[policy]\nbands = [0.7, 0.9]\n",
            "open at 0.6 (the model's)",
        ),
        (
            "[policy]\nopen = 0.75\n",
            "open at 0.75 (configured) and close at 0.4666 (the model's)",
        ),
    ] {
        let ran = check(rest, &[]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
    for (rest, fault) in [
        (
            "[policy]\nclose = 0.65\n",
            "above the model's policy.open, 0.6",
        ),
        ("[policy]\nbands = [0.55, 0.9]\n", "policy.bands has 0.55"),
    ] {
        let ran = check(rest, &[]);
        assert_eq!(ran.code, 78, "{}", ran.stderr);
        assert!(ran.stderr.contains(fault), "{}", ran.stderr);
    }
    let shown = check("", &["--show"]).stdout;
    let line = shown
        .lines()
        .find(|line| line.starts_with("policy.open"))
        .unwrap();
    assert!(
        line.contains("0.6") && line.contains("# model purchase-30d-"),
        "{line}"
    );
}

#[test]
fn the_usual_hour_is_the_one_in_which_most_was_done_by_the_last_cutoff() {
    let dir = tempfile::tempdir().unwrap();
    let (_, model, _) = trained(dir.path(), &[]);
    let model = json(&model);
    let cutoffs = model["training"]["cutoffs"].as_array().unwrap();
    let last = cutoffs.last().unwrap()["cutoff_ms"].as_i64().unwrap();
    // Hours since a Monday, as UTC is the business's zone.
    let monday = 4 * DAY_MS;
    let mut counts = [0_u64; 168];
    for line in fs::read_to_string(&shop().events).unwrap().lines() {
        let event = json(line);
        let kind = holdfast_events::EventType::from_name(event["type"].as_str().unwrap());
        let ts = event["ts"].as_i64().unwrap();
        let kind = kind.unwrap_or(holdfast_events::EventType::Other);
        if ts <= last && holdfast_features::activity::is_activity(kind) {
            counts[((ts - monday) / 3_600_000 % 168) as usize] += 1;
        }
    }
    let most = counts.iter().max().unwrap();
    let hour = counts.iter().position(|n| n == most).unwrap();
    let usual = (
        &model["usual_hour"]["weekday"],
        &model["usual_hour"]["hour"],
    );
    assert_eq!(usual, (&(hour / 24 + 1).into(), &(hour % 24).into()));
}
