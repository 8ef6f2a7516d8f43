//! Alerts as subscribers see them: the schema, the golden examples, and what the fields promise.

#![allow(clippy::unwrap_used)] // in helpers of tests

#[path = "stream/stream.rs"]
mod stream;

use std::fs;
use std::path::{Path, PathBuf};

use holdfast_events::Record;
use holdfast_policy::{Kind, alert::alert_id};
use holdfast_producer::Outputs;
use holdfast_service::pipeline::{Partition, Settings};
use serde_json::Value;
use stream::{DAY, HOUR, T0, config, contract, event, model};

fn schemas() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas")
}

/// The lines' alerts, as they are sent.
fn alerts(lines: &[String], until: i64) -> Vec<String> {
    let settings = Settings::new(&config(), &model(), false).unwrap();
    let (mut partition, mut out) = (Partition::new(&settings).unwrap(), Outputs::default());
    for (n, line) in lines.iter().enumerate() {
        partition.record(&Record::line(n as i64, line.as_bytes()), &mut out);
    }
    assert_eq!(out.dead_letters, []);
    partition.end_of_input(until, &mut out);
    out.alerts
        .into_iter()
        .map(|alert| String::from_utf8(alert.value).unwrap())
        .collect()
}

/// A few customers' stories: every kind of alert, every kind of trigger.
fn stories() -> Vec<String> {
    let mut lines = vec![
        event("müller", "purchase", T0, "m1"),
        event("kim", "purchase", T0 + HOUR, "k1"),
        event("lee", "purchase", T0 + 2 * HOUR, "l1"),
    ];
    lines.extend((0..2).map(|n| {
        event(
            "kim",
            "support_contact",
            T0 + 5 * DAY + n,
            &format!("k2{n}"),
        )
    }));
    lines.push(event("kim", "purchase", T0 + 16 * DAY, "k3"));
    lines.push(event("lee", "cart_add", T0 + 17 * DAY + 3 * HOUR, "l2"));
    lines.push(event("lee", "account_closed", T0 + 19 * DAY, "l3"));
    lines
}

#[test]
fn the_examples_are_what_is_sent() {
    let sent = alerts(&stories(), T0 + 40 * DAY);
    for kind in Kind::ALL {
        let named = format!(r#""kind":"{}""#, kind.name());
        assert!(
            sent.iter().any(|line| line.contains(&named)),
            "no {}",
            kind.name()
        );
    }
    for trigger in ["event", "silence", "timer"] {
        let named = format!(r#""trigger":{{"kind":"{trigger}""#);
        assert!(
            sent.iter().any(|line| line.contains(&named)),
            "none by {trigger}"
        );
    }
    let path = schemas().join("examples/alert.jsonl");
    let text: String = sent.iter().map(|line| format!("{line}\n")).collect();
    if std::env::var_os("HOLDFAST_WRITE_EXAMPLES").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        text,
        "set HOLDFAST_WRITE_EXAMPLES=1 to accept a change"
    );
}

#[test]
fn a_contract_that_nobody_renews_closes_the_episode_at_its_date_and_none_opens_after() {
    let mut lines = vec![
        event("pat", "purchase", T0, "p1"),
        contract("pat", "start", T0 + 2 * DAY, "p2"),
    ];
    let ask = |n| {
        event(
            "pat",
            "support_contact",
            T0 + 5 * DAY + n,
            &format!("p3{n}"),
        )
    };
    lines.extend((0..2).map(ask));
    let sent = alerts(&lines, T0 + 60 * DAY);
    let sent: Vec<Value> = sent
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let kinds: Vec<&Value> = sent.iter().map(|alert| &alert["kind"]).collect();
    assert_eq!(kinds, ["opened", "churned"]);
    // A week and three days of grace.
    assert_eq!(sent[1]["as_of"], T0 + 12 * DAY);
    assert_eq!(
        sent[1]["trigger"],
        serde_json::json!({"kind": "timer", "name": "renewal"})
    );
    assert_eq!(sent[1]["text"], "Gone: not_renewed.");
    // One that is renewed in time goes on.
    lines.push(contract("pat", "renew", T0 + 9 * DAY, "p4"));
    let sent = alerts(&lines, T0 + 12 * DAY);
    assert!(!sent.iter().any(|line| line.contains("churned")));
}

#[test]
fn every_alert_matches_the_schema() {
    let schema: Value =
        serde_json::from_slice(&fs::read(schemas().join("alert.schema.json")).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for line in alerts(&stories(), T0 + 40 * DAY) {
        let value: Value = serde_json::from_str(&line).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(&value)
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert_eq!(faults, [] as [String; 0], "{line}");
        let described = schema["properties"].as_object().unwrap();
        let unknown: Vec<&String> = value
            .as_object()
            .unwrap()
            .keys()
            .filter(|k| !described.contains_key(*k))
            .collect();
        assert!(unknown.is_empty(), "the schema does not say {unknown:?}");
    }
}

#[test]
fn the_fields_of_an_alert_agree_with_each_other() {
    for line in alerts(&stories(), T0 + 40 * DAY) {
        let value: Value = serde_json::from_str(&line).unwrap();
        let number = |name: &str| value[name].as_f64().unwrap();
        let sum: f64 = value["reasons"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["contribution"].as_f64().unwrap())
            .sum();
        assert!((number("base") + sum - number("log_odds")).abs() < 1e-9);
        assert!(
            (holdfast_model::probability(number("log_odds")) - number("churn_probability")).abs()
                < 1e-15
        );
        let kind = Kind::ALL
            .into_iter()
            .find(|kind| kind.name() == value["kind"])
            .unwrap();
        let (customer, as_of) = (
            value["customer_id"].as_str().unwrap(),
            value["as_of"].as_i64().unwrap(),
        );
        let (named, episode) = value["episode_id"]
            .as_str()
            .unwrap()
            .rsplit_once(':')
            .unwrap();
        assert_eq!(named, customer);
        assert_eq!(
            value["alert_id"],
            alert_id("default", customer, episode.parse().unwrap(), kind, as_of)
        );
        assert_eq!(value["expires_at"].is_null(), !kind.leaves_open());
        match kind {
            Kind::Opened | Kind::Escalated => {
                assert!(number("churn_probability") >= number("threshold"))
            }
            Kind::Recovered => assert!(number("churn_probability") <= number("threshold")),
            Kind::Lapsed | Kind::Churned => {}
        }
    }
}
