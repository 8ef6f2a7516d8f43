use std::fs;

use crate::ran::{done, run, text};

const SMALL: [&str; 8] = [
    "--customers",
    "200",
    "--days",
    "120",
    "--stream-days",
    "6",
    "--port",
    "0",
];

#[test]
fn a_small_demo_ends_by_itself_with_alerts_a_summary_and_files() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("demo");
    let args = [&["demo", "--speed", "max", "--out", text(&out)][..], &SMALL].concat();
    let shown = done(&args).stdout;
    for words in [
        "holdfast demo",
        "backtest",
        "/readyz",
        "at risk",
        "Done after",
        "truth",
        "explain --config",
    ] {
        assert!(shown.contains(words), "{words} is missing in\n{shown}");
    }
    for file in [
        "events.jsonl",
        "truth.csv",
        "model.json",
        "model.html",
        "model-card.md",
        "backtest/report.html",
        "backtest/metrics.json",
        "holdfast.toml",
        "alerts/alerts.jsonl",
    ] {
        assert!(out.join(file).exists(), "{file}");
    }
    let alerts = fs::read_to_string(out.join("alerts/alerts.jsonl")).unwrap();
    let stream_from = 1_767_225_600_000 + 120 * 86_400_000_i64;
    let mut silent = 0;
    for line in alerts.lines() {
        let alert: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(alert["as_of"].as_i64().unwrap() >= stream_from, "{alert}");
        silent += usize::from(alert["trigger"]["kind"] == "silence");
    }
    assert!(silent > 0, "silence alone raises alerts");
    assert_eq!(
        shown.matches("at risk").count() - 1,
        alerts.matches("\"kind\":\"opened\"").count()
    );

    // Again over the same directory: the same alerts, none from before.
    let quiet = done(&[&args[..], &["--quiet"]].concat()).stdout;
    assert!(!quiet.contains("·"), "{quiet}");
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let again = fs::read_to_string(out.join("alerts/alerts.jsonl")).unwrap();
    assert_eq!(sorted(&again), sorted(&alerts));
}

#[test]
fn a_directory_with_other_things_in_it_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("thesis.txt"), "years of work").unwrap();
    let ran = run(&[&["demo", "--out", text(dir.path())][..], &SMALL].concat());
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr
            .contains("is not empty; choose another directory with --out"),
        "{}",
        ran.stderr
    );
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_broker_that_is_not_there_is_75() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("demo");
    let args = [
        &["demo", "--kafka", "127.0.0.1:1", "--out", text(&out)][..],
        &SMALL,
    ]
    .concat();
    let ran = run(&args);
    assert_eq!(ran.code, 75, "{}", ran.stderr);
    assert!(ran.stderr.contains("127.0.0.1:1"), "{}", ran.stderr);
}
