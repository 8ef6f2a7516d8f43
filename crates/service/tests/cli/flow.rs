//! From events to a model, scores, a backtest, alerts and reasons.

use std::fs;

use serde_json::Value;

use crate::ran::{done, run, shop, text};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn training_twice_gives_equal_bytes_and_a_summary() {
    let dir = tempfile::tempdir().unwrap();
    let again = dir.path().join("again.json");
    let (report, card) = (dir.path().join("r.html"), dir.path().join("c.md"));
    let args = [
        "train",
        "--json",
        "--events",
        text(&shop().events),
        "--out",
        text(&again),
    ];
    let files = ["--report", text(&report), "--card", text(&card)];
    let summary = json(&done(&[&args[..], &files].concat()).stdout);
    let bytes = fs::read(&again).unwrap();
    assert_eq!(bytes, fs::read(&shop().model).unwrap());
    assert_eq!(
        summary["model"]["sha256"],
        json(std::str::from_utf8(&bytes).unwrap())["sha256"]
    );
    assert!(fs::read_to_string(&report).unwrap().contains("<svg"));
    assert!(fs::read_to_string(&card).unwrap().starts_with("# "));
}

#[test]
fn a_model_on_stdout_is_nothing_but_the_model() {
    let ran = done(&["train", "--events", text(&shop().events), "--out", "-"]);
    assert_eq!(ran.stdout, fs::read_to_string(&shop().model).unwrap());
}

#[test]
fn scores_come_by_cutoff_and_then_by_id() {
    let (late, early) = ("1777593600000", "1775001600000");
    let cutoffs = format!("{late},{early}");
    let events = text(&shop().events);
    let model = text(&shop().model);
    let args = [
        "score",
        "--events",
        events,
        "--model",
        model,
        "--cutoff-ms",
        &cutoffs,
        "--out",
        "-",
    ];
    let csv = done(&args).stdout;
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("customer_id,cutoff_ms,p_churn"));
    let rows: Vec<(i64, &str, f64)> = lines
        .map(|line| line.split(',').collect::<Vec<_>>())
        .map(|row| (row[1].parse().unwrap(), row[0], row[2].parse().unwrap()))
        .collect();
    assert!(rows.len() > 200);
    assert!(
        rows.windows(2)
            .all(|pair| (pair[0].0, pair[0].1) < (pair[1].0, pair[1].1))
    );
    assert!(rows.iter().all(|(.., p)| (0.0..=1.0).contains(p)));
    let cutoffs: Vec<i64> = [early, late].map(|ms| ms.parse().unwrap()).to_vec();
    assert!(rows.iter().all(|(cutoff, ..)| cutoffs.contains(cutoff)));
}

/// What 20 contacts a cutoff would have brought.
fn contacting(found: &Value) {
    assert_eq!(found["are_terms_assumed"], false);
    assert_eq!(found["rule"]["threshold"], 0.2);
    for top in found["cutoffs"].as_array().unwrap() {
        assert_eq!(top["rows"], 20);
    }
    for figure in [
        &found["overall"]["precision"],
        &found["overall"]["profit"],
        &found["rule"]["profit"],
        &found["lead"]["overall"]["warned"],
        &found["lead"]["overall"]["days"],
    ] {
        let [value, lo, hi] = ["value", "lo", "hi"].map(|key| figure[key].as_f64().unwrap());
        assert!(lo <= value && value <= hi, "{figure}");
    }
    let lead = found["lead"]["overall"]["days"]["value"].as_f64().unwrap();
    assert!(
        (0.0..=14.0).contains(&lead),
        "{lead} days before 14 are over"
    );
}

#[test]
fn a_backtest_prints_a_table_and_writes_metrics_and_report() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("backtest");
    let events = text(&shop().events);
    let args = [
        "evaluate",
        "--events",
        events,
        "--horizon-days",
        "14",
        "--out-dir",
        text(&out),
    ];
    let team = [
        "--capacity",
        "20",
        "--value",
        "50",
        "--saved",
        "0.2",
        "--cost",
        "2",
    ];
    let args = [&args[..], &team].concat();
    let table = done(&args).stdout;
    for said in [
        "ROC AUC",
        "rfm_rule",
        "rfm_logistic",
        "mbg_nbd",
        "bg_nbd",
        "lead days",
    ] {
        assert!(table.contains(said), "{said} is missing in\n{table}");
    }
    assert!(
        table.lines().all(|line| line.chars().count() <= 100),
        "{table}"
    );
    let metrics = json(&fs::read_to_string(out.join("metrics.json")).unwrap());
    assert_eq!(metrics["horizon_days"], 14);
    assert_eq!(metrics["label"], "purchase");
    assert_eq!(metrics["active_days"], 28);
    assert_eq!(metrics["cutoffs"].as_array().unwrap().len(), 3);
    for name in ["roc_auc", "pr_auc", "log_loss", "brier", "ece", "lift10"] {
        let figure = &metrics["overall"]["metrics"][name];
        let [value, lo, hi] = ["value", "lo", "hi"].map(|key| figure[key].as_f64().unwrap());
        assert!(lo <= value && value <= hi, "{name}: {figure}");
    }
    contacting(&metrics["contacting"]);
    let auc = metrics["overall"]["metrics"]["roc_auc"]["value"]
        .as_f64()
        .unwrap();
    assert!(auc > 0.7, "the made-up shop is predictable: {auc}");
    assert!(
        fs::read_to_string(out.join("report.html"))
            .unwrap()
            .contains("</html>")
    );
    assert_eq!(
        json(&done(&[&args[..], &["--json"]].concat()).stdout),
        metrics
    );
}

#[test]
fn alerts_are_the_same_for_every_number_of_partitions() {
    let dir = tempfile::tempdir().unwrap();
    let alerts = |partitions: &str| {
        let out = dir.path().join(partitions);
        let (events, model) = (text(&shop().events), text(&shop().model));
        let args = [
            "replay",
            "--json",
            "--events",
            events,
            "--model",
            model,
            "--out-dir",
            text(&out),
        ];
        let summary = json(&done(&[&args[..], &["--partitions", partitions]].concat()).stdout);
        let sum = |name: &str| {
            summary[name]
                .as_object()
                .unwrap()
                .values()
                .map(|n| n.as_u64().unwrap())
                .sum::<u64>()
        };
        let applied = summary["applied"].as_u64().unwrap();
        assert_eq!(
            summary["events"].as_u64().unwrap(),
            applied + sum("dropped") + sum("rejected")
        );
        assert_eq!(
            json(&fs::read_to_string(out.join("summary.json")).unwrap()),
            summary
        );
        let text = fs::read_to_string(out.join("alerts.jsonl")).unwrap();
        let mut lines: Vec<(String, String)> = text
            .lines()
            .map(|line| {
                (
                    json(line)["alert_id"].as_str().unwrap().to_owned(),
                    line.to_owned(),
                )
            })
            .collect();
        assert_eq!(summary["alerts"], lines.len());
        lines.sort();
        lines
    };
    let one = alerts("1");
    assert!(one.len() > 50, "{} alerts", one.len());
    assert_eq!(one, alerts("4"));
}

#[test]
fn reasons_add_up_to_the_score() {
    let (events, model) = (text(&shop().events), text(&shop().model));
    let args = [
        "explain",
        "--events",
        events,
        "--model",
        model,
        "--customer",
        "c0000007",
    ];
    let explained = json(&done(&[&args[..], &["--json"]].concat()).stdout);
    let number = |name: &str| explained[name].as_f64().unwrap();
    let parts = explained["contributions"].as_array().unwrap();
    let sum: f64 = parts
        .iter()
        .map(|part| part["contribution"].as_f64().unwrap())
        .sum();
    assert!((number("base") + sum - number("log_odds")).abs() < 1e-9);
    let p = 1.0 / (1.0 + (-number("log_odds")).exp());
    assert!((p - number("churn_probability")).abs() < 1e-9);
    assert_eq!(explained["customer_id"], "c0000007");
    assert!(explained["deadline_ms"].is_null() || explained["deadline_ms"].is_i64());
    assert!(done(&args).stdout.starts_with("c0000007 at 2026-"));
}

#[test]
fn what_cannot_be_done_has_its_own_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let purchase = |n: u32, currency: &str| {
        format!(
            "{{\"event_id\":\"e{n}\",\"customer_id\":\"c{n}\",\"type\":\"purchase\",\"ts\":{},\
             \"amount\":1.0,\"currency\":\"{currency}\"}}\n",
            1_767_225_600_000_i64 + i64::from(n) * 86_400_000
        )
    };
    let small = file("small.jsonl", &purchase(1, "EUR"));
    let mixed = file("mixed.jsonl", &(purchase(1, "EUR") + &purchase(2, "USD")));
    let out = dir.path().join("m.json");
    for (events, code, word) in [
        (dir.path().join("gone.jsonl"), 1, "gone.jsonl"),
        (mixed, 1, "--currency"),
        (small, 3, ""),
    ] {
        let ran = run(&["train", "--events", text(&events), "--out", text(&out)]);
        assert_eq!(ran.code, code, "{}", ran.stderr);
        assert!(
            ran.stderr.starts_with("error: ") && ran.stderr.contains(word),
            "{}",
            ran.stderr
        );
        assert!(!out.exists(), "no model is written");
    }
    let events = text(&shop().events);
    let gone = [
        "score",
        "--events",
        events,
        "--model",
        "gone.json",
        "--cutoff-ms",
        "1",
        "--out",
        "-",
    ];
    assert_eq!(run(&gone).code, 78);
}
