//! The scripts under `models/`: with nothing but Python's standard library they say what the binary says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::ran::{Ran, done, ran, shop, text};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn python(script: &str, args: &[&str]) -> Ran {
    let there = Command::new("python3").arg("--version").output();
    there.expect("python3 is missing: scripts/need.sh python");
    // -B: nothing is left behind in the tree.
    ran(Command::new("python3")
        .arg("-B")
        .arg(root().join("models").join(script))
        .args(args))
}

/// The answer of `models/score.py --json`.
fn scored(model: &Path, values: &Value) -> Value {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("values.json");
    fs::write(&file, values.to_string()).unwrap();
    let ran = python("score.py", &[text(model), text(&file), "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

fn close(a: &Value, b: &Value, what: &str) {
    let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
    assert!((a - b).abs() < 1e-9, "{what}: {a} and {b}");
}

/// Contributions, or the parts of an alert's reasons, by feature.
fn by_feature(parts: &Value) -> BTreeMap<&str, &Value> {
    let own = std::slice::from_ref;
    let themes = parts.as_array().unwrap().iter();
    themes
        .flat_map(|theme| theme["parts"].as_array().map_or(own(theme), Vec::as_slice))
        .map(|part| (part["feature"].as_str().unwrap(), &part["contribution"]))
        .collect()
}

fn same_reasons(a: &Value, b: &Value) {
    let (a, b) = (by_feature(a), by_feature(b));
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    for (feature, contribution) in &a {
        close(contribution, b[feature], feature);
    }
}

fn by_hand(dir: &Path, columns: &Value) -> PathBuf {
    let path = dir.join("by-hand.json");
    let model = json!({
        "format": "holdfast-model/1",
        "id": "by-hand",
        "label": {"kind": "purchase", "horizon_days": 30, "active_days": 60},
        "cart_abandon": {"source": "given"},
        "intercept": -0.5,
        "constants": {"gap_mean": 3.0, "gap_sd": 0.7, "mbg": [0.8, 30.0, 0.6, 2.5]},
        "columns": columns,
        "calibration": {"slope": 0.8, "intercept": 0.3},
        "season": {"from_ms": 1_771_000_000_000_i64, "step_days": 25, "shifts": [0.31, -0.27, 0.0, 0.4, 0.08]},
        "policy": {"open": 0.6, "close": 0.4},
    });
    fs::write(&path, model.to_string()).unwrap();
    path
}

/// Customers of the shop, asked about one by one.
fn agrees_with_explain(model: &Path) {
    let log = ["--events", text(&shop().events), "--model", text(model)];
    let cutoffs = ["--cutoff-ms", "1772323200000,1778976000000", "--out", "-"];
    let csv = done(&[&["score"][..], &log, &cutoffs].concat()).stdout;
    let rows: Vec<Vec<&str>> = csv
        .lines()
        .skip(1)
        .map(|l| l.split(',').collect())
        .collect();
    let asked: Vec<&Vec<&str>> = rows.iter().step_by(rows.len() / 8).collect();
    assert!(asked.len() >= 8);
    for row in asked {
        let who = ["--customer", row[0], "--at", row[1], "--json"];
        let explained = done(&[&["explain"][..], &log, &who].concat()).stdout;
        let explained: Value = serde_json::from_str(&explained).unwrap();
        let found = scored(model, &explained);
        for name in ["log_odds", "base", "churn_probability"] {
            close(&found[name], &explained[name], name);
        }
        let streamed: f64 = row[2].parse().unwrap();
        close(&found["churn_probability"], &streamed.into(), "p_churn");
        same_reasons(&found["contributions"], &explained["contributions"]);
    }
}

#[test]
fn score_py_agrees_with_explain_within_1e_9() {
    agrees_with_explain(&shop().model);
}

#[test]
fn score_py_agrees_with_explain_on_splines_and_every_transform() {
    let dir = tempfile::tempdir().unwrap();
    let spline = |basis: u32, knots: &[f64]| json!({"knots": knots, "basis": basis});
    let (few, many) = ([0.2, 0.9, 1.7, 2.6], [-3.0, -1.0, 0.5, 1.0, 2.0]);
    let columns = json!([
        {"feature": "buying_days_ever", "transform": "log", "mean": 1.1, "scale": 0.8, "coefficient": -0.7},
        {"feature": "buying_days_ever", "transform": "log", "spline": spline(0, &few), "mean": 0.3, "coefficient": 0.9},
        {"feature": "buying_days_ever", "transform": "log", "spline": spline(1, &few), "scale": 0.4, "coefficient": -0.6},
        {"feature": "buying_none_expected", "transform": "logit", "clip": [0.02, 0.97], "spline": spline(2, &many), "coefficient": 1.3},
        {"feature": "buying_still_there", "transform": "logit", "coefficient": -0.4},
        {"feature": "spend_30d", "transform": "signed_log1p", "clip": [-50.0, 90.0], "mean": 2.0, "coefficient": -0.2},
        {"feature": "days_since_last_purchase", "transform": "log1p", "mean": 2.5, "scale": 0.9, "coefficient": 0.8},
        {"feature": "purchases_90d", "coefficient": -0.1},
    ]);
    agrees_with_explain(&by_hand(dir.path(), &columns));
}

#[test]
fn score_py_gives_every_example_alert_its_log_odds() {
    let model = root().join("crates/service/tests/fixtures/every-kind.json");
    let alerts = fs::read_to_string(root().join("schemas/examples/alert.jsonl")).unwrap();
    for line in alerts.lines() {
        let alert: Value = serde_json::from_str(line).unwrap();
        let found = scored(&model, &alert);
        for name in ["log_odds", "base", "churn_probability"] {
            close(&found[name], &alert[name], name);
        }
        same_reasons(&found["contributions"], &alert["reasons"]);
    }
}

#[test]
fn score_py_refuses_what_would_make_another_score() {
    let dir = tempfile::tempdir().unwrap();
    let values = dir.path().join("values.json");
    fs::write(&values, r#"{"purchases_90d": 1}"#).unwrap();
    let trained = fs::read_to_string(&shop().model).unwrap();
    let changed = dir.path().join("changed.json");
    fs::write(&changed, trained.replacen("\"scale\": ", "\"scale\": 1", 1)).unwrap();
    let column = json!({"feature": "purchases_30d", "coefficient": 1.0, "cubed": true});
    let unknown = by_hand(dir.path(), &json!([column]));
    let other = tempfile::tempdir().unwrap();
    let column = json!({"feature": "purchases_90d", "coefficient": 1.0});
    let seasonal = by_hand(other.path(), &json!([column]));
    for (model, word) in [
        (&changed, "was changed after training"),
        (&unknown, "does not know cubed"),
        (&shop().model, "no value for "),
        (&seasonal, "no instant given"),
        (&dir.path().join("gone.json"), "gone.json"),
    ] {
        let ran = python("score.py", &[text(model), text(&values)]);
        assert_eq!(ran.code, 1, "{}", ran.stdout);
        assert!(
            ran.stderr.starts_with("error: ") && ran.stderr.contains(word),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn alerts_py_tells_every_alert_and_keeps_those_who_are_at_risk() {
    let examples = root().join("schemas/examples/alert.jsonl");
    let ran = python("alerts.py", &["--file", text(&examples)]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let (told, kept) = ran.stdout.split_once("\n\n").unwrap();
    let mut open = BTreeSet::new();
    let alerts = fs::read_to_string(examples).unwrap();
    assert_eq!(told.lines().count(), alerts.lines().count());
    for (line, alert) in told.lines().zip(alerts.lines()) {
        let alert: Value = serde_json::from_str(alert).unwrap();
        for name in ["kind", "customer_id", "text"] {
            let said = alert[name].as_str().unwrap();
            assert!(line.contains(said), "no {said} in {line}");
        }
        let who = alert["customer_id"].as_str().unwrap().to_owned();
        match alert["kind"].as_str().unwrap() {
            "opened" | "escalated" => open.insert(who),
            _ => open.remove(&who),
        };
    }
    assert!(kept.starts_with(&format!("at risk: {}\n", open.len())));
    assert_eq!(kept.lines().count(), 1 + open.len());
    for who in &open {
        assert!(kept.contains(who.as_str()), "no {who} in {kept}");
    }
}
