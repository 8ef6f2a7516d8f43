//! What an alert says would win the customer back does so, once it happens.

use std::fs;

use serde_json::{Value, json};

use crate::ran::{done, shop, text};

const CLOSE: f64 = 0.4;

fn explained(config: &str, events: &str, customer: &str, at: i64) -> Value {
    let ran = done(&[
        "explain",
        "--config",
        config,
        "--events",
        events,
        "--model",
        text(&shop().model),
        "--customer",
        customer,
        "--at",
        &at.to_string(),
        "--json",
    ]);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn an_alerts_counterfactual_once_injected_brings_the_score_below_the_closing_threshold() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| text(&dir.path().join(name)).to_owned();
    let (config, out, more) = (path("holdfast.toml"), path("out"), path("more.jsonl"));
    fs::write(&config, format!("[policy]\nopen = 0.5\nclose = {CLOSE}\n")).unwrap();
    let (events, model) = (text(&shop().events), text(&shop().model));
    done(&[
        "replay",
        "--config",
        &config,
        "--events",
        events,
        "--model",
        model,
        "--out-dir",
        &out,
    ]);
    let alerts = fs::read_to_string(dir.path().join("out/alerts.jsonl")).unwrap();
    let log = fs::read_to_string(events).unwrap();
    let opened = alerts
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|alert| alert["kind"] == "opened" && !alert["counterfactual"].is_null());
    let mut tried = 0;
    for alert in opened.take(6) {
        let (customer, at) = (
            alert["customer_id"].as_str().unwrap(),
            alert["as_of"].as_i64().unwrap(),
        );
        let promised = explained(&config, events, customer, at)["counterfactual"].clone();
        let injected = json!({
            "event_id": "the-way-back", "customer_id": customer, "type": promised["type"], "ts": at,
            "amount": promised["amount"], "currency": "EUR",
        });
        fs::write(&more, format!("{log}{injected}\n")).unwrap();
        let then = explained(&config, &more, customer, at);
        let p = then["churn_probability"].as_f64().unwrap();
        assert!(p < CLOSE, "{promised}: {p}");
        assert_eq!(then["churn_probability"], promised["churn_probability"]);
        assert_eq!(then["counterfactual"], Value::Null);
        tried += 1;
    }
    assert!(tried >= 3, "only {tried} alerts with a counterfactual");
    assert!(alerts.lines().all(|line| {
        let alert: Value = serde_json::from_str(line).unwrap();
        let wins_back = alert["kind"] == "opened" || alert["kind"] == "escalated";
        wins_back || alert["counterfactual"].is_null()
    }));
}
