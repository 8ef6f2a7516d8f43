use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::*;

fn params(seed: u64) -> Params {
    Params {
        preset: Preset::Ecommerce,
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

fn accounts(customers: u32) -> Params {
    Params {
        preset: Preset::Saas,
        customers,
        abandons: false,
        ..params(1)
    }
}

/// Who left, and when.
fn left(truth: &str) -> BTreeMap<&str, i64> {
    let rows = truth.lines().skip(1).filter_map(|row| row.split_once(','));
    rows.filter_map(|(id, ms)| Some((id, ms.parse().ok()?)))
        .collect()
}

#[test]
fn an_account_that_left_cancelled_once_and_did_nothing_after() {
    let (events, truth, summary) = made(&accounts(400));
    let left = left(&truth);
    assert_eq!(left.len(), summary.churned as usize);
    assert!(left.len() > 100, "{} left", left.len());
    let mut cancels: BTreeMap<String, i64> = BTreeMap::new();
    for event in parsed(&events) {
        let (id, ts) = (event["customer_id"].as_str().unwrap(), event["ts"].as_i64());
        assert!(left.get(id).is_none_or(|at| ts <= Some(*at)), "{event}");
        if event["type"] == "subscription_cancel" {
            let before = cancels.insert(id.to_owned(), ts.unwrap());
            assert_eq!(before, None, "{event}");
            assert_eq!(event["voluntary"], event["reason"] != "payment_failed");
        }
    }
    let told: BTreeMap<&str, i64> = cancels.iter().map(|(id, ts)| (id.as_str(), *ts)).collect();
    assert_eq!(told, left);
}

#[test]
fn accounts_bring_every_kind_of_event_of_a_contract_and_its_use() {
    let (events, ..) = made(&accounts(400));
    let events = parsed(&events);
    let kinds: BTreeSet<&str> = events.iter().filter_map(|e| e["type"].as_str()).collect();
    for kind in [
        "sign_up",
        "subscription_start",
        "subscription_renew",
        "subscription_change",
        "subscription_cancel",
        "payment_failed",
        "purchase",
        "activate",
        "login",
        "feature_use",
        "integration_connected",
        "report_seen",
        "webinar",
        "support_contact",
        "support_resolved",
        "survey_response",
    ] {
        assert!(kinds.contains(kind), "{kind} is missing");
    }
    let trials = events.iter().filter(|e| e["plan"] == "trial");
    assert!(trials.clone().count() > 100);
    for trial in trials {
        let days = (trial["period_end"].as_i64().unwrap() - trial["ts"].as_i64().unwrap()) / DAY_MS;
        assert!((13..=14).contains(&days), "{trial}");
    }
}

#[test]
fn every_paid_period_of_an_account_is_a_purchase_of_its_price() {
    let (events, ..) = made(&accounts(400));
    let mut due: BTreeMap<String, f64> = BTreeMap::new();
    let mut paid = 0;
    let mut events = parsed(&events);
    events.sort_by_key(|event| event["ts"].as_i64());
    for event in events {
        let id = event["customer_id"].as_str().unwrap().to_owned();
        let amount = event["amount"].as_f64();
        match event["type"].as_str().unwrap() {
            "subscription_renew" | "subscription_change" => {
                assert_eq!(due.insert(id, amount.unwrap()), None, "{event}");
            }
            "purchase" => {
                assert_eq!(due.remove(&id), amount, "{event}");
                paid += 1;
            }
            _ => {}
        }
    }
    assert!(due.is_empty() && paid > 400, "{paid} paid, {due:?} not");
}

#[test]
fn accounts_leave_where_the_product_is_little_used() {
    let params = accounts(3000);
    let (events, truth, _) = made(&params);
    let left = left(&truth);
    // Those still there on day 60, by how often they used it in the four weeks before.
    let landmark = params.start_ms + 60 * DAY_MS;
    let mut uses: BTreeMap<String, u32> = BTreeMap::new();
    for event in parsed(&events) {
        let ts = event["ts"].as_i64().unwrap();
        let id = event["customer_id"].as_str().unwrap();
        if ts < landmark && left.get(id).is_none_or(|at| *at >= landmark) {
            let recent = ts >= landmark - 28 * DAY_MS && event["type"] == "feature_use";
            *uses.entry(id.to_owned()).or_default() += u32::from(recent);
        }
    }
    let share = |wanted: fn(u32) -> bool| {
        let group = uses.iter().filter(|(_, uses)| wanted(**uses));
        let group: Vec<bool> = group
            .map(|(id, _)| {
                left.get(id.as_str())
                    .is_some_and(|at| *at < landmark + 30 * DAY_MS)
            })
            .collect();
        assert!(group.len() >= 100, "{} accounts", group.len());
        group.iter().filter(|left| **left).count() as f64 / group.len() as f64
    };
    let (idle, busy) = (share(|uses| uses < 10), share(|uses| uses >= 30));
    assert!(
        idle > 2.0 * busy,
        "{idle} of the idle left, {busy} of the busy"
    );
}
