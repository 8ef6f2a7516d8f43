//! `holdfast products` and what alerts suggest with its catalogue, as their reader runs them.

use std::fs;

use serde_json::Value;

use crate::ran::{done, run};

const DAY_MS: i64 = 86_400_000;
const START_MS: i64 = 1_767_225_600_000;

/// Orders of a shop for cameras; the last customer bought a camera at the beginning, and looked at a bag and a strap.
fn log() -> String {
    let mut lines = String::new();
    let mut number = 0;
    let mut add = |customer: &str, day: i64, rest: &str| {
        number += 1;
        let ts = START_MS + day * DAY_MS + number;
        lines.push_str(&format!(
            "{{\"event_id\":\"e{number}\",\"customer_id\":\"{customer}\",\"ts\":{ts},{rest}}}\n"
        ));
    };
    let camera = r#"{"product_id":"camera","category":"cameras","quantity":1,"price":300.00}"#;
    let bag = r#"{"product_id":"bag","category":"bags","quantity":1,"price":40.00}"#;
    let card = r#"{"product_id":"card","category":"cards","quantity":2,"price":20.00}"#;
    let purchase = |items: &[&str]| {
        let items = items.join(",");
        format!(r#""type":"purchase","amount":99.00,"currency":"EUR","items":[{items}]"#)
    };
    add("anna", 0, &purchase(&[camera]));
    for n in 0..5 {
        add(&format!("c{n}"), n, &purchase(&[camera, card]));
    }
    for n in 0..3 {
        add(&format!("d{n}"), n, &purchase(&[bag, camera]));
    }
    add(
        "anna",
        1,
        r#""type":"product_view","product_id":"bag","category":"bags""#,
    );
    add(
        "anna",
        1,
        r#""type":"login","account_id":"acme","region":"AT""#,
    );
    add("zoe", 100, r#""type":"page_view""#);
    lines
}

#[test]
fn an_alert_suggests_what_goes_with_what_the_customer_has() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("events.jsonl"), log()).unwrap();
    let (events, products) = (path("events.jsonl"), path("products.jsonl"));
    let said = done(&["products", "--events", &events, "--out", &products]).stderr;
    assert!(said.contains("3 products of 9 orders"), "{said}");
    let text = fs::read_to_string(&products).unwrap();
    let card = text
        .lines()
        .find(|line| line.contains("\"product_id\":\"card\""));
    let card: Value = serde_json::from_str(card.unwrap()).unwrap();
    let expected = serde_json::json!({
        "product_id": "card", "category": "cards", "price_minor": 2000, "orders": 5, "with": [["camera", 5]],
    });
    assert_eq!(card, expected);

    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/shop/model.json");
    let config = format!(
        "[model]\npath = \"{model}\"\n[playbook]\nproducts = \"products.jsonl\"\n[policy]\nopen = 0.5\nclose = 0.4\nbands = []\n"
    );
    fs::write(path("holdfast.toml"), config).unwrap();
    let out = path("out");
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
    let anna = alerts
        .lines()
        .find(|line| line.contains("\"customer_id\":\"anna\""));
    let anna: Value = serde_json::from_str(anna.expect("she has left")).unwrap();
    assert_eq!(anna["account_id"], "acme");
    // She has the camera: what goes with the bag is nothing that she lacks, and there is no dearer camera.
    let expected = serde_json::json!([
        {"kind": "cross_sell", "products": ["card"], "reason": "bought with camera in 5 orders"},
    ]);
    assert_eq!(anna["suggestions"], expected);
}

#[test]
fn a_log_whose_orders_name_no_product_and_a_catalogue_that_is_none_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let line = "{\"event_id\":\"e\",\"customer_id\":\"c\",\"type\":\"purchase\",\"ts\":1,\"amount\":5,\"currency\":\"EUR\"}\n";
    fs::write(path("events.jsonl"), line).unwrap();
    let refused = run(&["products", "--events", &path("events.jsonl"), "--out", "-"]);
    assert_eq!(refused.code, 1);
    assert!(
        refused.stderr.contains("names a product"),
        "{}",
        refused.stderr
    );
    fs::write(
        path("products.jsonl"),
        "{\"product_id\":\"a\",\"catgory\":\"b\"}\n",
    )
    .unwrap();
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/shop/model.json");
    let config =
        format!("[model]\npath = \"{model}\"\n[playbook]\nproducts = \"products.jsonl\"\n");
    fs::write(path("holdfast.toml"), config).unwrap();
    let refused = run(&["check", "--config", &path("holdfast.toml")]);
    assert_eq!(refused.code, 78, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("line 1: unknown field `catgory`"),
        "{}",
        refused.stderr
    );
}
