use std::fs;

use crate::ran::{done, run, text};

const SMALL: [&str; 8] = [
    "--customers",
    "400",
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

/// Needs a broker at `HOLDFAST_TEST_KAFKA`, as `make test` starts one.
#[cfg(feature = "broker-tests")]
#[test]
fn through_kafka_come_the_same_alerts_as_through_the_embedded_log() {
    let broker = std::env::var("HOLDFAST_TEST_KAFKA").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let unique = format!("demo-{}", std::process::id());
    let shown = |way: &str, extra: &[&str]| {
        let out = dir.path().join(way);
        let args = [
            &["demo", "--speed", "max", "--out", text(&out)][..],
            &SMALL,
            extra,
        ]
        .concat();
        let mut command = crate::ran::holdfast();
        command.args(args).env("HOLDFAST__APP__ID", &unique);
        command.env("HOLDFAST__TOPICS__INPUT", format!("{unique}-events"));
        command.env("HOLDFAST__TOPICS__ALERTS", format!("{unique}-at-risk"));
        crate::ran::ran(&mut command)
    };
    let told = |shown: &str| {
        let lines = shown
            .lines()
            .filter(|l| l.starts_with("  alerts ") || l.starts_with("  truth "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let kafka = shown("kafka", &["--kafka", &broker]);
    assert_eq!(kafka.code, 0, "{}", kafka.stderr);
    assert!(
        kafka.stdout.contains(&format!("topic {unique}-at-risk")),
        "{}",
        kafka.stdout
    );
    let log = shown("log", &[]);
    assert_eq!(log.code, 0, "{}", log.stderr);
    assert_eq!(told(&kafka.stdout).len(), 2);
    assert_eq!(told(&kafka.stdout), told(&log.stdout));

    // The topic is in use now.
    let again = shown("again", &["--kafka", &broker]);
    assert_eq!(again.code, 78, "{}", again.stderr);
    assert!(
        again.stderr.contains("holds records already"),
        "{}",
        again.stderr
    );
}

#[test]
fn a_demo_of_accounts_asks_who_cancels() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("demo");
    let of = [
        "demo",
        "--preset",
        "saas",
        "--speed",
        "max",
        "--out",
        text(&out),
    ];
    let shown = done(&[&of[..], &SMALL].concat()).stdout;
    for words in [
        "made-up software by subscription",
        "chance of a cancelled contract within 30 days",
        "at risk",
        "cancel in the 30 days that follow",
    ] {
        assert!(shown.contains(words), "{words} is missing in\n{shown}");
    }
    let model: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(out.join("model.json")).unwrap()).unwrap();
    assert_eq!(model["label"]["kind"], "subscription_cancel");
}
