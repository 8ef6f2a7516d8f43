//! What is told beside alerts: the same bytes for any number of partitions, as the schemas say, and true to the alerts.

#![allow(clippy::unwrap_used)] // in helpers of tests

#[path = "stream/figures.rs"]
mod figures;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use holdfast_service::config::{Layers, Settings as Config};
use holdfast_service::generate::{DEFAULT_START_MS, Params, Targets, write};
use holdfast_service::replay::{Args, run};
use serde_json::Value;

const STREAMS: [(&str, &str); 6] = [
    ("segments", "segment"),
    ("lifecycle", "lifecycle"),
    ("carts", "cart"),
    ("decisions", "decision"),
    ("kpis", "kpi"),
    ("worklist", "worklist"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn model() -> holdfast_model::Model {
    holdfast_model::Model::from_json(&fs::read(root().join("models/shop/model.json")).unwrap())
        .unwrap()
}

/// A made-up shop's log in a directory of its own.
fn shop() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let params = Params {
        preset: holdfast_playbook::Preset::Ecommerce,
        customers: 300,
        days: 200,
        seed: 5,
        start_ms: DEFAULT_START_MS,
        abandons: false,
    };
    let to = Targets {
        events: dir.path().join("events.jsonl"),
        truth: None,
    };
    write(&params, &to, |_| ()).unwrap();
    dir
}

fn configured(text: &str) -> Config {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("holdfast.toml");
    fs::write(&path, text).unwrap();
    Layers::of_file(&path).load().unwrap().settings
}

/// Lines of every stream and of the alerts, sorted.
fn replay(dir: &Path, partitions: u32, config: &Config) -> BTreeMap<String, Vec<String>> {
    let out_dir = dir.join(format!("out-{partitions}"));
    let args = Args {
        events: Some(dir.join("events.jsonl")),
        out_dir: out_dir.clone(),
        partitions,
        from_snapshot: None,
        watch_report: None,
        until: None,
    };
    run(&args, config, &model()).unwrap();
    let lines = |name: &str| {
        let text = fs::read_to_string(out_dir.join(format!("{name}.jsonl"))).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        (name.to_owned(), lines)
    };
    let names = STREAMS
        .map(|(stream, _)| stream)
        .into_iter()
        .chain(["alerts"]);
    names.map(lines).collect()
}

fn values(lines: &[String]) -> Vec<Value> {
    lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn match_schemas(told: &BTreeMap<String, Vec<String>>) {
    for (stream, name) in STREAMS {
        let path = root().join(format!("schemas/{name}.schema.json"));
        let schema: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let schema = jsonschema::validator_for(&schema).unwrap();
        for value in values(&told[stream]) {
            let faults: Vec<String> = schema
                .iter_errors(&value)
                .map(|fault| format!("{}: {fault}", fault.instance_path()))
                .collect();
            assert!(faults.is_empty(), "{stream}: {faults:?}\n{value}");
        }
    }
}

#[test]
fn every_stream_is_the_same_bytes_for_every_partition_count_and_matches_its_schema() {
    let dir = shop();
    let one = replay(dir.path(), 1, &Config::defaults());
    for partitions in [3, 8] {
        let many = replay(dir.path(), partitions, &Config::defaults());
        for (name, lines) in &one {
            assert!(
                many[name] == *lines,
                "{name} differs with {partitions} partitions"
            );
        }
    }
    for (stream, _) in STREAMS {
        assert!(
            one[stream].len() > 20,
            "{} records in {stream}",
            one[stream].len()
        );
    }
    match_schemas(&one);
    let kinds: BTreeSet<String> = values(&one["lifecycle"])
        .iter()
        .map(|value| value["kind"].as_str().unwrap().to_owned())
        .collect();
    for kind in [
        "lapsed",
        "dormant",
        "recovered",
        "churned",
        "survey_eligible",
        "reward_due",
    ] {
        assert!(kinds.contains(kind), "no record of {kind}");
    }
}

#[test]
fn segments_follow_on_each_other_and_never_move_to_themselves() {
    let dir = shop();
    let told = replay(dir.path(), 1, &Config::defaults());
    let mut moves = values(&told["segments"]);
    moves.sort_by_key(|value| value["as_of"].as_i64());
    let mut last: BTreeMap<String, (Value, i64)> = BTreeMap::new();
    for value in &moves {
        let customer = value["customer_id"].as_str().unwrap().to_owned();
        let as_of = value["as_of"].as_i64().unwrap();
        assert_ne!(value["from"], value["to"]);
        let before = last.insert(customer, (value["to"].clone(), as_of));
        let (from, at) = before.unwrap_or((Value::Null, i64::MIN));
        assert_eq!(value["from"], from, "{value}");
        assert!(
            as_of >= at.saturating_add(86_400_000),
            "within the dwell: {value}"
        );
    }
    let bought = values(&told["alerts"]);
    assert!(
        bought
            .iter()
            .all(|alert| alert["segment"]["to"].is_string())
    );
}

#[test]
fn the_control_group_is_decided_on_and_not_alerted_and_the_others_are_alerted_as_before() {
    let dir = shop();
    let all = replay(dir.path(), 1, &Config::defaults());
    let with = configured("[policy]\ncontrol_share = 0.3\n");
    let part = replay(dir.path(), 2, &with);
    let arms: BTreeMap<String, String> = values(&part["decisions"])
        .iter()
        .map(|value| {
            let text = |field: &str| value[field].as_str().unwrap().to_owned();
            assert_eq!(value["alerted"], value["arm"] == "treat");
            (text("alert_id"), text("arm"))
        })
        .collect();
    assert_eq!(arms.len(), all["alerts"].len());
    let control = arms.values().filter(|arm| *arm == "control").count();
    assert!(control > 0 && control < arms.len());
    let treated = |line: &&String| {
        let alert: Value = serde_json::from_str(line).unwrap();
        arms[alert["alert_id"].as_str().unwrap()] == "treat"
    };
    let expected: Vec<&String> = all["alerts"].iter().filter(treated).collect();
    assert!(part["alerts"].iter().eq(expected));
}

/// A configuration with a rule table that leaves room for two a day.
fn budget(dir: &Path) -> String {
    let rules = dir.join("rules.toml");
    let preset = fs::read_to_string(root().join("crates/playbook/presets/ecommerce.toml")).unwrap();
    let stage = "[stage]\nname = \"growth\"\ndaily_contact_budget = 6\n";
    fs::write(&rules, format!("{preset}\n{stage}")).unwrap();
    format!("[playbook]\nrules = {:?}\n", rules.display().to_string())
}

#[test]
fn list_of_a_day_never_holds_more_than_the_budget_and_everybody_else_is_suppressed_by_name() {
    let dir = shop();
    let config = configured(&budget(dir.path()));
    let told = replay(dir.path(), 3, &config);
    let list = values(&told["worklist"]);
    let mut days: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for entry in &list {
        days.entry(entry["day"].as_str().unwrap().to_owned())
            .or_default()
            .push(entry);
    }
    assert!(days.len() > 50);
    let mut room = 0;
    for entries in days.values_mut() {
        entries.sort_by_key(|entry| entry["rank"].as_u64());
        assert!(entries.len() <= 2, "a share of 35 % of 6 is 2");
        let stakes: Vec<f64> = entries
            .iter()
            .map(|entry| entry["priority"].as_f64().unwrap())
            .collect();
        assert!(stakes.is_sorted_by(|a, b| a >= b));
        let candidates = entries[0]["candidates"].as_u64().unwrap();
        room += candidates - entries.len() as u64;
        for entry in entries {
            assert_eq!(entry["alert"]["alert_id"], entry["alert_id"]);
        }
    }
    let suppressed = values(&told["decisions"]);
    let suppressed = suppressed
        .iter()
        .filter(|decision| decision["suppressed"] == "capacity");
    assert_eq!(suppressed.count() as u64, room);
    assert!(room > 20);
}

#[test]
fn where_nobody_reads_lists_none_is_made_and_nobody_is_suppressed() {
    let dir = shop();
    let rules = budget(dir.path());
    let suppressed = |more: &str| {
        let told = replay(dir.path(), 3, &configured(&format!("{rules}{more}")));
        assert!(!told["kpis"].is_empty());
        let decisions = values(&told["decisions"]);
        let suppressed = decisions.iter().filter(|d| d["suppressed"] == "capacity");
        (told["worklist"].len(), suppressed.count())
    };
    let (listed, left_out) = suppressed("");
    assert!(listed > 50 && left_out > 20);
    assert_eq!(suppressed("[topics]\nworklist = \"off\"\n"), (0, 0));
}

#[test]
fn without_a_life_cycle_alerts_are_sent_and_nothing_else() {
    let dir = shop();
    let told = replay(dir.path(), 1, &configured("[lifecycle]\nenabled = false\n"));
    for (stream, _) in STREAMS {
        assert!(told[stream].is_empty(), "{stream}");
    }
    let alerts = values(&told["alerts"]);
    assert!(alerts.len() > 20);
    assert!(alerts.iter().all(|alert| alert.get("segment").is_none()));
}

/// A table that names every kind of notice, by conditions that hold where they are told.
const NOTICES: &str = r#"
[[rule]]
name = "left_cart"
when = { kind = "cart_abandoned", orders = ">= 1", cart_open_value = "> 0" }
action = "cart_message"
text = "what is in the cart, and until when it is kept."
route = "automation"
owner = "shop"
expires = "2d"

[[rule]]
name = "scored"
when = { kind = ["segment_changed", "lapsed"], p = ">= 0" }
action = "gift"
text = "never: of a notice the probability is not known."
route = "automation"
owner = "shop"
saved = 0.1

[[rule]]
name = "told"
when = { kind = ["lapsed", "dormant", "survey_eligible", "reward_due", "late_activation", "signed_up", "segment_changed"], value_tier = ["top", "base"] }
action = "we_miss_you"
text = "what is new."
route = "marketing"
owner = "shop"

[default]
action = "proactive_help"
text = "ask."
route = "service"
owner = "shop"

[economics]
saved = 0.1
value = 50
"#;

#[test]
fn notices_have_the_action_of_the_rule_that_names_them_for_any_partition_count() {
    let dir = shop();
    fs::write(dir.path().join("rules.toml"), NOTICES).unwrap();
    let rules = dir.path().join("rules.toml");
    let config = format!("[playbook]\nrules = {rules:?}\n[policy]\ncontrol_share = 0.2\n");
    let config = configured(&config);
    let one = replay(dir.path(), 1, &config);
    assert_eq!(one, replay(dir.path(), 7, &config));
    match_schemas(&one);
    let control: BTreeSet<String> = values(&one["decisions"])
        .iter()
        .filter(|decision| decision["arm"] == "control")
        .map(|decision| decision["customer_id"].as_str().unwrap().to_owned())
        .collect();
    let text = fs::read_to_string(dir.path().join("events.jsonl")).unwrap();
    let events = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let closed = events.filter(|event| event["type"] == "account_closed");
    let closed: BTreeMap<String, i64> = closed
        .map(|event| {
            let id = event["customer_id"].as_str().unwrap().to_owned();
            (id, event["ts"].as_i64().unwrap())
        })
        .collect();
    assert!(closed.len() > 5);
    let mut rules: BTreeMap<(String, Option<String>), usize> = BTreeMap::new();
    for stream in ["lifecycle", "carts", "segments"] {
        for record in values(&one[stream]) {
            let kind = record["kind"].as_str().unwrap_or("segment_changed");
            let action = record.get("recommended_action");
            let id = record["customer_id"].as_str().unwrap();
            assert!(action.is_none() || !control.contains(id), "{record}");
            let left = closed
                .get(id)
                .is_some_and(|at| record["as_of"].as_i64() > Some(*at));
            assert!(action.is_none() || !left, "{record}");
            if let Some(action) = action {
                assert_eq!(action["expected_profit"], Value::Null, "{record}");
                let expires = action["rule"] == "left_cart";
                assert_eq!(action["expires_at"].is_i64(), expires, "{record}");
            }
            let rule = action.and_then(|it| Some(it["rule"].as_str()?.to_owned()));
            *rules.entry((kind.to_owned(), rule)).or_default() += 1;
        }
    }
    let count = |kind: &str, rule| {
        let rule = Option::map(rule, str::to_owned);
        rules.get(&(kind.to_owned(), rule)).copied().unwrap_or(0)
    };
    assert!(count("abandoned", Some("left_cart")) > 50, "{rules:?}");
    for kind in ["lapsed", "survey_eligible", "signed_up", "segment_changed"] {
        assert!(count(kind, Some("told")) > 10, "{kind}: {rules:?}");
        assert_eq!(count(kind, Some("scored")), 0, "{kind}: {rules:?}");
    }
    // A cart that came back has no word in rule tables, and nothing is to be done about who never bought.
    assert_eq!(count("recovered", Some("told")), 0, "{rules:?}");
    assert!(count("abandoned", None) > 10, "{rules:?}");
}
