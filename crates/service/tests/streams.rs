//! What is told beside alerts: the same bytes for any number of partitions, as the schemas say, and true to the alerts.

#![allow(clippy::unwrap_used)] // in helpers of tests

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use holdfast_reports::Period;
use holdfast_service::config::{Layers, Settings as Config};
use holdfast_service::generate::{DEFAULT_START_MS, Params, Targets, write};
use holdfast_service::replay::{Args, run};
use holdfast_service::retention::{Request, report};
use holdfast_service::study::Source;
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
    for (stream, name) in STREAMS {
        let path = root().join(format!("schemas/{name}.schema.json"));
        let schema: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let schema = jsonschema::validator_for(&schema).unwrap();
        assert!(
            one[stream].len() > 20,
            "{} records in {stream}",
            one[stream].len()
        );
        for value in values(&one[stream]) {
            let faults: Vec<String> = schema
                .iter_errors(&value)
                .map(|fault| format!("{}: {fault}", fault.instance_path()))
                .collect();
            assert!(faults.is_empty(), "{stream}: {faults:?}\n{value}");
        }
    }
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

#[test]
fn figures_of_each_period_are_those_of_the_report_over_the_same_file() {
    let dir = shop();
    let config = configured(
        "[app]\ntime_zone = \"Europe/Berlin\"\n[kpis]\nperiods = [\"day\", \"week\", \"month\"]\n",
    );
    let kpis = values(&replay(dir.path(), 3, &config)["kpis"]);
    let model = model();
    for period in [Period::Day, Period::Week, Period::Month] {
        let request = Request {
            source: Source::new(dir.path().join("events.jsonl"), &config, None).unwrap(),
            model: Some(&model),
            period,
            zone: jiff::tz::TimeZone::get("Europe/Berlin").unwrap(),
            alive_days: None,
            goal: None,
            priors: &holdfast_playbook::Priors::default(),
        };
        let report = report(&request, |_| ()).unwrap().report;
        let own = |kpi: &&Value| kpi["period"] == period.name();
        let own: Vec<&Value> = kpis.iter().filter(own).collect();
        assert!(own.len() > 5, "{} of {}", own.len(), period.name());
        let last = own.iter().map(|kpi| kpi["end_ms"].as_i64().unwrap()).max();
        let due: Vec<_> = report
            .figures
            .periods
            .iter()
            .filter(|row| Some(row.end_ms) <= last)
            .collect();
        assert_eq!(own.len(), due.len());
        for row in due {
            let kpi = own
                .iter()
                .find(|kpi| kpi["start_ms"] == row.start_ms)
                .unwrap();
            for (name, value) in serde_json::to_value(row).unwrap().as_object().unwrap() {
                assert_eq!(
                    kpi[name],
                    *value,
                    "{name} of {} {}",
                    period.name(),
                    kpi["name"]
                );
            }
        }
        // Everybody who was ever in a segment is in one at the end.
        let newest = own.iter().max_by_key(|kpi| kpi["end_ms"].as_i64()).unwrap();
        let in_segments: u64 = newest["segments"]
            .as_object()
            .unwrap()
            .values()
            .map(|n| n.as_u64().unwrap())
            .sum();
        let moved = |kpi: &&Value| {
            let moves = kpi["transitions"].as_array().unwrap().iter();
            moves
                .filter(|m| m["from"].is_null())
                .map(|m| m["n"].as_u64().unwrap())
                .sum::<u64>()
        };
        assert_eq!(in_segments, own.iter().map(moved).sum::<u64>());
        assert!(own.iter().any(|kpi| kpi["nps"]["score"].is_number()));
    }
}

/// Gives each contact a ticket, an answer by a machine or a person around the 60 seconds, and every third its end.
fn with_tickets(path: &Path) {
    let log = fs::read_to_string(path).unwrap();
    let mut events: Vec<Value> = Vec::new();
    let mut n = 0;
    for line in log.lines() {
        let mut event: Value = serde_json::from_str(line).unwrap();
        if event["type"] == "support_resolved" {
            continue;
        }
        if event["type"] == "support_contact" {
            let ticket = format!("t{n}");
            event["ticket_id"] = ticket.clone().into();
            let mut follow = |kind: &str, after: i64| {
                let mut more = event.clone();
                more["type"] = kind.into();
                more["event_id"] = format!("{ticket}-{kind}").into();
                more["ts"] = (event["ts"].as_i64().unwrap() + after).into();
                more["bot"] = (n % 2 == 0).into();
                events.push(more);
            };
            follow("support_reply", [30_000, 60_000, 60_001, 300_000][n % 4]);
            if n % 3 == 0 {
                follow("support_resolved", 600_000);
            }
            n += 1;
        }
        events.push(event);
    }
    events.sort_by_key(|event| event["ts"].as_i64());
    let lines: Vec<String> = events.iter().map(Value::to_string).collect();
    fs::write(path, lines.join("\n")).unwrap();
}

#[test]
fn tickets_of_all_days_add_up_to_those_of_the_report_over_the_same_days() {
    let dir = shop();
    with_tickets(&dir.path().join("events.jsonl"));
    let config = configured("");
    let kpis = values(&replay(dir.path(), 3, &config)["kpis"]);
    let days = || kpis.iter().filter(|kpi| kpi["period"] == "day");
    let end = days().map(|kpi| kpi["end_ms"].as_i64().unwrap()).max();
    let ts = |line: &&str| serde_json::from_str::<Value>(line).unwrap()["ts"].as_i64();
    let log = fs::read_to_string(dir.path().join("events.jsonl")).unwrap();
    let within: Vec<&str> = log.lines().filter(|line| ts(line) < end).collect();
    let events = dir.path().join("within.jsonl");
    fs::write(&events, within.join("\n")).unwrap();
    let request = Request {
        source: Source::new(events, &config, None).unwrap(),
        model: None,
        period: Period::Month,
        zone: jiff::tz::TimeZone::UTC,
        alive_days: None,
        goal: None,
        priors: &holdfast_playbook::Priors::default(),
    };
    let expected = report(&request, |_| ()).unwrap().report.figures.service;
    let sum = |of: fn(&Value) -> &Value| {
        let all = days().map(|kpi| of(&kpi["service"]).as_u64().unwrap_or(0));
        all.sum::<u64>()
    };
    assert!(
        expected.human.answered > 20 && expected.bot.answered > 20,
        "{expected:?}"
    );
    assert_eq!(sum(|s| &s["tickets"]), expected.tickets);
    assert_eq!(sum(|s| &s["bot"]["answered"]), expected.bot.answered);
    assert_eq!(sum(|s| &s["human"]["answered"]), expected.human.answered);
    assert_eq!(sum(|s| &s["solved"]), expected.tickets - expected.open);
    // Shares and means of days, each by what it is of.
    let weighed = |of: fn(&Value) -> (&Value, &Value)| {
        let parts = days().map(|kpi| of(&kpi["service"]));
        let parts = parts.filter_map(|(part, of)| Some((part.as_f64()?, of.as_f64()?)));
        parts.map(|(part, of)| part * of).sum::<f64>()
    };
    let near = |found: f64, expected: f64| (found - expected).abs() < 1e-6 * expected.max(1.0);
    let answered = sum(|s| &s["first"]["answered"]) as f64;
    let waited = weighed(|s| (&s["first"]["mean_seconds"], &s["first"]["answered"]));
    assert!(near(
        waited / answered,
        expected.mean_first_reply_seconds.unwrap()
    ));
    let quick = weighed(|s| (&s["first"]["within_60s"], &s["first"]["answered"]));
    let of_all = expected.answered_within_60s.unwrap() * expected.tickets as f64;
    assert!(near(quick, of_all), "{quick} {of_all}");
    let once = weighed(|s| (&s["solved_at_first_contact"], &s["solved"]));
    let solved = (expected.tickets - expected.open) as f64;
    assert!(near(
        once,
        expected.solved_at_first_contact.unwrap() * solved
    ));
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
