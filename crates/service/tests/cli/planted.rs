//! Churn that bad service causes, planted into a log: a model that is trained on it has to name service first.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::ran::done;

const DAY_MS: i64 = 86_400_000;
const START_MS: i64 = 1_767_225_600_000;
const DAYS: i64 = 330;

/// A number from 0 to `below` that depends on the others only.
fn dice(customer: i64, what: i64, below: i64) -> i64 {
    let mut x = (customer as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ^ (what as u64).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 31)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (x >> 33) as i64 % below
}

/// Everybody buys every eighteen days or so; a third one day writes to the support three times, hears nothing, and is
/// gone. Who left later than the log's first 200 days, and the log.
fn log() -> (BTreeSet<String>, String) {
    let mut lines: Vec<(i64, String)> = Vec::new();
    let mut left_late = BTreeSet::new();
    for customer in 0..700_i64 {
        let id = format!("c{customer:03}");
        let leaves = (dice(customer, 1, 3) == 0).then(|| 40 + dice(customer, 2, DAYS - 70));
        let mut day = dice(customer, 3, 20);
        let mut visit = 10;
        let mut add = |at: i64, rest: &str| {
            let n = lines.len();
            let line = format!(r#"{{"event_id":"e{n}","customer_id":"{id}","ts":{at},{rest}}}"#);
            lines.push((at, line));
        };
        while day < leaves.unwrap_or(DAYS) {
            let at = START_MS + day * DAY_MS + dice(customer, visit, DAY_MS);
            add(at, r#""type":"purchase","amount":30.00,"currency":"EUR""#);
            visit += 1;
            day += 15 + dice(customer, visit, 7);
        }
        if let Some(left) = leaves {
            for ticket in 0..3 {
                let at = START_MS + (left + ticket) * DAY_MS;
                add(
                    at,
                    &format!(r#""type":"support_contact","ticket_id":"t{ticket}""#),
                );
            }
            if left > 200 {
                left_late.insert(id);
            }
        }
    }
    lines.sort();
    let lines: Vec<String> = lines.into_iter().map(|(_, line)| line + "\n").collect();
    (left_late, lines.concat())
}

#[test]
fn churn_planted_through_bad_service_puts_service_first_and_the_route_is_service() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (left, log) = log();
    fs::write(path("events.jsonl"), log).unwrap();
    let (events, model, out) = (path("events.jsonl"), path("model.json"), path("out"));
    let until = (START_MS + 200 * DAY_MS).to_string();
    done(&[
        "train",
        "--events",
        &events,
        "--horizon-days",
        "30",
        "--until",
        &until,
        "--out",
        &model,
    ]);
    let config =
        format!("[model]\npath = \"{model}\"\n[policy]\nopen = 0.6\nclose = 0.4\nbands = []\n");
    fs::write(path("holdfast.toml"), config).unwrap();
    done(&[
        "replay",
        "--config",
        &path("holdfast.toml"),
        "--events",
        &events,
        "--out-dir",
        &out,
    ]);
    let alerts = fs::read_to_string(path("out/alerts.jsonl")).unwrap();
    let alerts = alerts
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let opened: Vec<Value> = alerts
        .filter(|alert| {
            alert["kind"] == "opened" && left.contains(alert["customer_id"].as_str().unwrap())
        })
        .filter(|alert| alert["as_of"].as_i64().unwrap() > START_MS + 200 * DAY_MS)
        .collect();
    assert!(
        opened.len() * 10 > left.len() * 8,
        "{} of {} were alerted",
        opened.len(),
        left.len()
    );
    let by_service = opened.iter().filter(|alert| {
        alert["reasons"][0]["theme"] == "support"
            && alert["recommended_action"]["route"] == "service"
    });
    let by_service = by_service.count();
    assert!(
        by_service * 10 > opened.len() * 9,
        "{by_service} of {}: {}",
        opened.len(),
        opened[0]
    );
}
