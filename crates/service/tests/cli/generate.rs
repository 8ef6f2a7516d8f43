use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::ran::{done, holdfast, run, text};

const SMALL: [&str; 6] = ["--customers", "40", "--days", "40", "--seed", "5"];

fn made(extra: &[&str]) -> String {
    done(&[&["generate", "--out", "-", "--quiet"][..], &SMALL, extra].concat()).stdout
}

#[test]
fn equal_arguments_give_equal_bytes() {
    assert_eq!(made(&[]), made(&[]));
    assert_ne!(made(&[]), made(&["--start", "1700000000000"]));
}

#[test]
fn the_first_day_is_2026_unless_another_start_is_given() {
    let first_ts = |text: &str| {
        let event: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        event["ts"].as_i64().unwrap()
    };
    let day = 86_400_000;
    assert!((1_767_225_600_000..1_767_225_600_000 + day).contains(&first_ts(&made(&[]))));
    let start = 1_700_000_000_000;
    let moved = made(&["--start", "1700000000000"]);
    assert!((start..start + day).contains(&first_ts(&moved)));
}

#[test]
fn the_truth_has_one_row_per_customer() {
    let dir = tempfile::tempdir().unwrap();
    let (events, truth) = (dir.path().join("e.jsonl"), dir.path().join("t.csv"));
    let files = [
        "generate",
        "--json",
        "--out",
        text(&events),
        "--truth",
        text(&truth),
    ];
    let ran = done(&[&files[..], &SMALL].concat());
    let summary: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let rows = fs::read_to_string(&truth).unwrap();
    assert_eq!(rows.lines().next(), Some("customer_id,churn_ms"));
    assert_eq!(rows.lines().count(), 41);
    let churned = rows
        .lines()
        .skip(1)
        .filter(|row| !row.ends_with(','))
        .count();
    assert_eq!(summary["churned"], churned);
    assert_eq!(
        summary["events"],
        fs::read_to_string(&events).unwrap().lines().count()
    );
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = holdfast()
        .args([
            "generate",
            "--customers",
            "2000",
            "--days",
            "200",
            "--out",
            "-",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.starts_with("{\"event_id\":\"e0000000000\""), "{line}");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn a_full_disk_is_1_and_names_the_file() {
    let ran = run(&[&["generate", "--out", "/dev/full"][..], &SMALL].concat());
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr.contains("cannot write /dev/full"),
        "{}",
        ran.stderr
    );
}
