//! Figures of all customers against those of the report over the same file.

use std::fs;
use std::path::Path;

use holdfast_reports::Period;
use holdfast_service::retention::{Request, report};
use holdfast_service::study::Source;
use serde_json::Value;

use super::{configured, model, replay, shop, values};

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
            cuts: config.lifecycle.cuts,
            dwell_ms: config.lifecycle.settings.dwell_ms,
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
        cuts: config.lifecycle.cuts,
        dwell_ms: config.lifecycle.settings.dwell_ms,
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
