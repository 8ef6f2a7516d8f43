//! Where the facts that rules ask for come from: events in, the rule that was for the customer out.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::ran::done;

const DAY_MS: i64 = 86_400_000;
/// 2026-01-01.
const START_MS: i64 = 1_767_225_600_000;

const RULES: &str = r#"
[economics]
saved = 0.5
cost = 0
network_weight = 0.5

[special_days]
soon = "2026-06-01"

[application]
newest = "4.10"

[[rule]]
name = "old_app"
when = { app_version_old = true }
action = "app_update"
route = "automation"
owner = "product"

[[rule]]
name = "low_use"
when = { low_use = true }
action = "enablement"
route = "enablement"
owner = "success"

[[rule]]
name = "reviewed"
when = { reviewed = true }
action = "thanks"
route = "automation"
owner = "product"

[[rule]]
name = "near"
when = { region = ["AT", "CH"] }
action = "local_content"
route = "automation"
owner = "campaigns"

[[rule]]
name = "day"
when = { special_day_in_days = "0..200" }
action = "special_day"
route = "marketing"
owner = "campaigns"

[default]
action = "we_miss_you"
route = "automation"
owner = "retention"
"#;

/// A customer for each fact, and one whose page view moves the clock.
fn log() -> String {
    let mut events: Vec<(i64, String)> = Vec::new();
    let mut add = |customer: &str, day: i64, rest: &str| {
        let (n, ts) = (events.len() as i64, START_MS + day * DAY_MS);
        events.push((
            ts,
            format!(r#"{{"event_id":"e{n}","customer_id":"{customer}","ts":{ts},{rest}}}"#),
        ));
    };
    let purchase = r#""type":"purchase","amount":50.00,"currency":"EUR""#;
    for customer in ["old", "new", "lazy", "rater", "near", "day", "herald"] {
        add(customer, 0, purchase);
        add(customer, 40, purchase);
    }
    add("old", 41, r#""type":"login","app_version":"v4.9""#);
    add(
        "new",
        41,
        r#""type":"login","app_version":"4.10.1","region":"CH""#,
    );
    // Every day at first, then hardly.
    for day in (0..22).chain([26, 30, 34, 38, 41]) {
        add("lazy", day, r#""type":"feature_use","feature":"list""#);
    }
    add(
        "rater",
        41,
        r#""type":"survey_response","kind":"csat","score":4"#,
    );
    add("near", 41, r#""type":"profile_update","region":"AT""#);
    add("herald", 41, r#""type":"referral","referred_id":"x""#);
    add("herald", 42, r#""type":"referral","referred_id":"y""#);
    add("zoe", 140, r#""type":"page_view""#);
    events.sort();
    let lines: Vec<String> = events.into_iter().map(|(_, line)| line + "\n").collect();
    lines.concat()
}

#[test]
fn facts_of_rules_and_priorities_are_told_by_events() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("events.jsonl"), log()).unwrap();
    fs::write(path("rules.toml"), RULES).unwrap();
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/shop/model.json");
    let config = format!(
        "[model]\npath = \"{model}\"\n[playbook]\nrules = \"rules.toml\"\n[policy]\nopen = 0.7\nclose = 0.4\nbands = []\n"
    );
    fs::write(path("holdfast.toml"), config).unwrap();
    let (config, out) = (path("holdfast.toml"), path("out"));
    done(&[
        "replay",
        "--config",
        &config,
        "--events",
        &path("events.jsonl"),
        "--out-dir",
        &out,
    ]);
    let alerts = fs::read_to_string(path("out/alerts.jsonl")).unwrap();
    let alerts = alerts
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let opened: BTreeMap<String, Value> = alerts
        .filter(|alert| alert["kind"] == "opened")
        .map(|alert| (alert["customer_id"].as_str().unwrap().to_owned(), alert))
        .collect();
    let rule = |customer: &str| {
        opened[customer]["recommended_action"]["rule"]
            .as_str()
            .unwrap()
    };
    let found = ["old", "new", "lazy", "rater", "near", "day", "herald"].map(rule);
    let expected = [
        "old_app", "near", "low_use", "reviewed", "near", "day", "day",
    ];
    assert_eq!(found, expected, "{}", opened["lazy"]);
    let weighed = |customer: &str| {
        let of = |name: &str| opened[customer][name].as_f64();
        let stake = opened[customer]["value_at_stake"]["mid"].as_f64().unwrap();
        of("priority").unwrap() / stake
    };
    assert_eq!((weighed("day"), weighed("herald")), (1.0, 2.0));
}
