//! `holdfast report`: the figures of an event file as JSON, table, page and list.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::ran::{done, run, shop, text};

const DAY_MS: i64 = 86_400_000;
/// 2026-01-01 and 2026-02-01, UTC.
const JANUARY: i64 = 1_767_225_600_000;
const FEBRUARY: i64 = JANUARY + 31 * DAY_MS;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Ten customers buy in January, eight of them again in February.
fn ten(dir: &Path) -> PathBuf {
    let mut lines = String::new();
    for (month, customers) in [(JANUARY, 10), (FEBRUARY, 8)] {
        for customer in 0..customers {
            let ts = month + 24 * DAY_MS;
            writeln!(
                lines,
                r#"{{"event_id":"e{ts}-{customer}","customer_id":"c{customer}","type":"purchase","ts":{ts},"amount":20.5,"currency":"EUR"}}"#
            )
            .unwrap();
        }
    }
    let path = dir.join("ten.jsonl");
    fs::write(&path, lines).unwrap();
    path
}

fn figures(events: &Path, flags: &[&str]) -> Value {
    let args = ["report", "--events", text(events), "--json", "-"];
    json(&done(&[&args[..], flags].concat()).stdout)
}

#[test]
fn figures_of_a_shop_match_their_schema_and_add_up() {
    let figures = figures(&shop().events, &["--goal-crr", "50"]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let schema = json(&fs::read_to_string(root.join("schemas/report.schema.json")).unwrap());
    let schema = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> = schema
        .iter_errors(&figures)
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{faults:?}");
    let periods = figures["periods"].as_array().unwrap();
    assert_eq!(periods.len(), 5, "150 days are five months");
    for pair in periods.windows(2) {
        assert_eq!(pair[0]["end_ms"], pair[1]["start_ms"]);
        assert_eq!(pair[0]["customers_end"], pair[1]["customers_start"]);
    }
    assert!(figures["value"]["top20_revenue_share"].as_f64().unwrap() > 20.0);
    assert!(figures["goal"]["allowed"].is_boolean());
}

#[test]
fn example_of_the_document_is_what_the_command_writes() {
    let dir = tempfile::tempdir().unwrap();
    let figures = figures(&ten(dir.path()), &["--alive-days", "28"]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let document = fs::read_to_string(root.join("docs/retention.md")).unwrap();
    let example = document.split("```json\n").nth(1).unwrap();
    let example = json(example.split("```").next().unwrap());
    assert_eq!(figures["periods"][1], example);
}

#[test]
fn rates_without_a_base_are_null() {
    let dir = tempfile::tempdir().unwrap();
    let figures = figures(&ten(dir.path()), &["--alive-days", "28"]);
    let (january, february) = (&figures["periods"][0], &figures["periods"][1]);
    for rate in [
        "crr",
        "churn_rate",
        "returning_buyer_rate",
        "cart_abandon_rate",
    ] {
        assert!(january[rate].is_null(), "{rate}");
    }
    assert_eq!(february["crr"], 80.0);
    assert_eq!(figures["value"]["clv_cac"], Value::Null);
    assert_eq!(figures["nps"]["score"], Value::Null);
}

#[test]
fn alive_days_come_from_the_flag_then_from_the_model_then_are_90() {
    let shop = shop();
    let model = ["--model", text(&shop.model)];
    let days = |flags: &[&str]| figures(&shop.events, flags)["alive_days"].clone();
    assert_eq!(days(&[]), 90);
    assert_eq!(days(&model), 30);
    assert_eq!(days(&[&model[..], &["--alive-days", "7"]].concat()), 7);
}

#[test]
fn periods_follow_flag_and_configuration_of_the_time_zone() {
    let dir = tempfile::tempdir().unwrap();
    let events = ten(dir.path());
    let config = dir.path().join("c.toml");
    fs::write(&config, "[app]\ntime_zone = \"Europe/Berlin\"\n").unwrap();
    let start = |flags: &[&str]| figures(&events, flags)["periods"][0]["start_ms"].clone();
    assert_eq!(start(&[]), JANUARY);
    let config = ["--config", text(&config)];
    assert_eq!(start(&config), JANUARY - 3_600_000);
    assert_eq!(
        start(&[&config[..], &["--time-zone", "UTC"]].concat()),
        JANUARY
    );
    let weeks = figures(&events, &["--period", "week"]);
    assert_eq!(weeks["period"], "week");
}

#[test]
fn duplicates_and_lines_that_are_no_events_are_left_out_and_told() {
    let dir = tempfile::tempdir().unwrap();
    let events = ten(dir.path());
    let lines = fs::read_to_string(&events).unwrap();
    fs::write(&events, format!("{lines}{lines}{{broken\n")).unwrap();
    let args = ["report", "--events", text(&events), "--json", "-"];
    let ran = done(&args);
    let figures = json(&ran.stdout);
    assert_eq!(figures["read"]["duplicates"], 18);
    assert_eq!(figures["read"]["rejected"]["malformed"], 1);
    assert_eq!(figures["periods"][0]["orders"], 10);
    assert!(ran.stderr.contains("18 duplicates"), "{}", ran.stderr);
}

#[test]
fn page_and_list_are_written_and_the_table_is_printed_without_them() {
    let dir = tempfile::tempdir().unwrap();
    let (page, list) = (dir.path().join("r.html"), dir.path().join("r.csv"));
    let events = text(&shop().events);
    let table = done(&["report", "--events", events]).stdout;
    assert!(
        table.starts_with("month ") && table.contains("NPS"),
        "{table}"
    );
    let outs = ["--out", text(&page), "--customers", text(&list)];
    done(&[&["report", "--events", events][..], &outs].concat());
    let page = fs::read_to_string(&page).unwrap();
    assert!(page.contains("<h1>Retention") && page.matches("<svg").count() >= 3);
    assert!(!page.contains("<script") && !page.contains("http"));
    let list = fs::read_to_string(&list).unwrap();
    let orders: Vec<u64> = list
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(1).unwrap().parse().unwrap())
        .collect();
    assert!(orders.len() > 10 && orders.is_sorted_by(|a, b| a >= b) && *orders.last().unwrap() > 1);
}

#[test]
fn wrong_usage_ends_with_2_and_a_missing_file_with_1() {
    let dir = tempfile::tempdir().unwrap();
    let events = ten(dir.path());
    let code = |flags: &[&str]| {
        let args = ["report", "--events", text(&events)];
        run(&[&args[..], flags].concat()).code
    };
    assert_eq!(code(&["--time-zone", "Mars/Olympus"]), 2);
    assert_eq!(code(&["--goal-crr", "101"]), 2);
    assert_eq!(code(&["--goods", "gifts"]), 2);
    assert_eq!(code(&["--prior", "luck=1..2"]), 2);
    assert_eq!(run(&["report", "--events", "nowhere.jsonl"]).code, 1);
    fs::write(&events, "\n").unwrap();
    assert_eq!(code(&[]), 3, "no event at all");
}

#[test]
fn quoted_figures_take_your_own_range_and_a_goal_out_of_reach_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let events = ten(dir.path());
    let flags = [
        "--alive-days",
        "28",
        "--prior",
        "acquisition_cost=4..6",
        "--goal-crr",
        "100",
    ];
    let figures = figures(&events, &[&flags[..], &["--goods", "gifts"]].concat());
    let prior = &figures["priors"][0];
    assert_eq!(
        (&prior["low"], &prior["overridden"]),
        (&json("4.0"), &json("true"))
    );
    // The base is February, the newest whole period with customers at its start, if it is over.
    assert_eq!(figures["goal"]["goods"], "gifts");
    assert_eq!(figures["goal"]["allowed"], false);
}

/// A customer with an event of each kind that says more than time and amount.
fn told(dir: &Path) -> PathBuf {
    let events = [
        (
            0,
            "sign_up",
            r#""source":"ads","partner":"club","cost":4.0"#,
        ),
        (1, "campaign_sent", r#""campaign_id":"spring","cost":1.0"#),
        (2, "email_open", r#""campaign_id":"spring""#),
        (
            3,
            "purchase",
            r#""amount":15.0,"currency":"EUR","coupon":"X","items":[{"product_id":"p1","category":"tea"}]"#,
        ),
        (4, "support_contact", r#""ticket_id":"t1""#),
        (5, "support_reply", r#""ticket_id":"t1","bot":true"#),
        (6, "support_reply", r#""ticket_id":"t1","speaker":"agent""#),
        (7, "support_resolved", r#""ticket_id":"t1""#),
        (
            8,
            "survey_response",
            r#""kind":"nps","score":9,"scale":10,"choices":["speed","price"],"text":"nobody may read this""#,
        ),
        (9, "survey_response", r#""kind":"csat","score":4"#),
        (10, "review", r#""score":3"#),
        (11, "order_delivered", r#""late_days":2"#),
        (12, "order_returned", r#""order_id":"o1""#),
        (13, "subscription_start", r#""subscription_id":"s1""#),
        (
            14,
            "subscription_cancel",
            r#""subscription_id":"s1","reason":"too dear","voluntary":true"#,
        ),
        (15, "campaign_sent", r#""campaign_id":"spring","cost":9.0"#),
    ];
    let mut lines = String::new();
    for (minute, kind, more) in events {
        let ts = JANUARY + minute * 60_000;
        writeln!(
            lines,
            r#"{{"event_id":"e{minute}","customer_id":"c1","type":"{kind}","ts":{ts},{more}}}"#
        )
        .unwrap();
    }
    let path = dir.join("told.jsonl");
    fs::write(&path, lines).unwrap();
    path
}

#[test]
fn what_events_say_beside_reaches_value_service_feedback_campaigns_and_reasons() {
    let dir = tempfile::tempdir().unwrap();
    let figures = figures(&told(dir.path()), &[]);
    let value = &figures["value"];
    // The second message was sent to a customer: keeping, not winning.
    assert_eq!(
        (&value["cac_mean"], &value["clv_mean"]),
        (&json("5.0"), &json("15.0"))
    );
    assert_eq!(
        (&value["clv_cac"], &value["healthy"]),
        (&json("3.0"), &json("true"))
    );
    assert_eq!(value["by_source"][0]["source"], "ads");
    let partner = &value["by_partner"][0];
    assert_eq!(
        (&partner["partner"], &partner["clv_cac"]),
        (&json("\"club\""), &json("3.0"))
    );
    assert_eq!(figures["cohorts"]["by_partner"][0]["size"], 1);
    let service = &figures["service"];
    assert_eq!(
        (&service["tickets"], &service["open"]),
        (&json("1"), &json("0"))
    );
    assert_eq!(service["answered_within_60s"], 100.0);
    assert_eq!(service["bot"]["mean_first_reply_seconds"], 60.0);
    assert_eq!(service["human"]["mean_first_reply_seconds"], 120.0);
    assert_eq!(service["solved_at_first_contact"], 100.0);
    assert_eq!(
        (&service["late_deliveries"], &service["returns"]),
        (&json("1"), &json("1"))
    );
    assert_eq!(
        (&figures["nps"]["promoters"], &figures["nps"]["score"]),
        (&json("1"), &json("100.0"))
    );
    assert_eq!(figures["feedback"]["csat"]["mean"], 4.0);
    assert_eq!(figures["feedback"]["stars"]["mean"], 3.0);
    assert_eq!(figures["feedback"]["choices"][0]["choice"], "price");
    assert_eq!(
        figures["reasons"],
        json(r#"[{"reason":"too dear","voluntary":true,"n":1}]"#)
    );
    let campaign = &figures["campaigns"][0];
    assert_eq!(
        (&campaign["sent"], &campaign["opened"], &campaign["won"]),
        (&json("2"), &json("1"), &json("1"))
    );
    assert_eq!(campaign["cost"], 10.0);
    assert_eq!(
        figures["second_purchase"]["first_orders"]["discounted"],
        100.0
    );
    assert!(
        !figures.to_string().contains("nobody may read"),
        "free text goes nowhere"
    );
}
