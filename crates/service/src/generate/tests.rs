use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::*;

fn params(seed: u64) -> Params {
    Params {
        customers: 300,
        days: 120,
        seed,
        start_ms: DEFAULT_START_MS,
        abandons: true,
    }
}

fn made(params: &Params) -> (String, String, Summary) {
    let dir = tempfile::tempdir().unwrap();
    let to = Targets {
        events: dir.path().join("e.jsonl"),
        truth: Some(dir.path().join("t.csv")),
    };
    let summary = write(params, &to, |_| {}).unwrap();
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    (read(&to.events), read(&dir.path().join("t.csv")), summary)
}

fn parsed(events: &str) -> Vec<serde_json::Value> {
    events
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn equal_parameters_give_equal_bytes_and_another_seed_others() {
    assert_eq!(made(&params(1)), made(&params(1)));
    assert_ne!(made(&params(1)).0, made(&params(2)).0);
}

#[test]
fn a_name_in_gz_holds_the_same_events_compressed() {
    let dir = tempfile::tempdir().unwrap();
    let to = Targets {
        events: dir.path().join("e.jsonl.gz"),
        truth: None,
    };
    write(&params(1), &to, |_| {}).unwrap();
    let file = File::open(&to.events).unwrap();
    let text = io::read_to_string(flate2::read::GzDecoder::new(file)).unwrap();
    assert_eq!(text, made(&params(1)).0);
}

#[test]
fn events_stay_within_the_span_and_minutes_of_disorder() {
    let (events, ..) = made(&params(1));
    let times: Vec<i64> = parsed(&events)
        .iter()
        .map(|e| e["ts"].as_i64().unwrap())
        .collect();
    let end = params(1).end_ms();
    let mut latest = i64::MIN;
    let mut disorder = 0;
    for ts in times {
        assert!((DEFAULT_START_MS..end).contains(&ts), "{ts}");
        latest = latest.max(ts);
        disorder = disorder.max(latest - ts);
    }
    assert!(
        (1_000..=300_000).contains(&disorder),
        "disorder of {disorder} ms"
    );
}

#[test]
fn nobody_acts_after_leaving_and_everybody_is_in_the_truth() {
    let (events, truth, summary) = made(&params(1));
    let mut rows = truth.lines();
    assert_eq!(rows.next(), Some("customer_id,churn_ms"));
    let churn: BTreeMap<&str, Option<i64>> = rows
        .map(|row| row.split_once(',').unwrap())
        .map(|(id, ms)| (id, ms.parse().ok()))
        .collect();
    assert_eq!(churn.len(), 300);
    let mut seen = BTreeSet::new();
    for event in parsed(&events) {
        let id = event["customer_id"].as_str().unwrap().to_owned();
        if let Some(left) = churn[id.as_str()] {
            assert!(event["ts"].as_i64().unwrap() < left, "{event}");
        }
        seen.insert(id);
    }
    assert_eq!(seen.len(), 300);
    let churned = churn.values().flatten().count();
    assert_eq!(churned, summary.churned as usize);
    assert!((60..=220).contains(&churned), "{churned} of 300 left");
}

#[test]
fn all_main_types_occur_and_abandons_can_be_left_out() {
    let kinds = |params: &Params| -> BTreeSet<String> {
        parsed(&made(params).0)
            .iter()
            .map(|e| e["type"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = kinds(&params(1));
    for kind in [
        "sign_up",
        "page_view",
        "product_view",
        "search",
        "cart_add",
        "cart_remove",
        "cart_abandon",
        "checkout_start",
        "purchase",
        "refund",
        "order_delivered",
        "support_contact",
        "support_resolved",
        "survey_response",
        "review",
        "email_open",
        "campaign_clicked",
        "account_closed",
    ] {
        assert!(all.contains(kind), "{kind} is missing");
    }
    let fewer = kinds(&Params {
        abandons: false,
        ..params(1)
    });
    assert!(!fewer.contains("cart_abandon") && fewer.len() == all.len() - 1);
}

#[test]
fn people_leave_after_bad_service() {
    let params = Params {
        customers: 3000,
        ..params(1)
    };
    let (events, truth, _) = made(&params);
    // Those still there on day 60, by what they lived through in the two weeks before.
    let landmark = params.start_ms + 60 * DAY_MS;
    let mut contacts: BTreeMap<String, u32> = BTreeMap::new();
    for event in parsed(&events) {
        let ts = event["ts"].as_i64().unwrap();
        if (landmark - 14 * DAY_MS..landmark).contains(&ts) {
            let id = event["customer_id"].as_str().unwrap().to_owned();
            *contacts.entry(id).or_default() += u32::from(event["type"] == "support_contact");
        }
    }
    let share = |wanted: fn(u32) -> bool| {
        let group: Vec<bool> = truth
            .lines()
            .skip(1)
            .filter_map(|row| row.split_once(','))
            .filter(|(id, _)| contacts.get(*id).is_some_and(|n| wanted(*n)))
            .map(|(_, churn)| churn.parse().unwrap_or(i64::MAX))
            .filter(|churn| *churn >= landmark)
            .map(|churn| churn < landmark + 30 * DAY_MS)
            .collect();
        assert!(group.len() >= 50, "{} customers", group.len());
        group.iter().filter(|left| **left).count() as f64 / group.len() as f64
    };
    let (calm, bothered) = (share(|n| n == 0), share(|n| n > 0));
    assert!(
        bothered > 2.0 * calm,
        "{bothered} of the bothered left, {calm} of the others"
    );
}
