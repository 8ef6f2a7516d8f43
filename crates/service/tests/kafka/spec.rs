//! The side-by-side workload of `benches/spec`, against its oracle.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Output};

use serde_json::Value;

use crate::process::succeed;
use crate::shop::{Shop, root};

fn python(script: &str, args: &[&str]) -> Output {
    succeed(
        Command::new("python3")
            .arg(root().join("benches").join(script))
            .args(args),
    )
}

/// Events as `benches/gen_events.py` makes them, which needs numpy: 90 days, up to five minutes of disorder, the same
/// mix of types.
fn workload(events: u64, customers: u64) -> String {
    const MIX: [(&str, u64); 7] = [
        ("page_view", 70),
        ("cart_add", 80),
        ("checkout_start", 85),
        ("purchase", 91),
        ("cart_abandon", 95),
        ("support_contact", 98),
        ("email_open", 100),
    ];
    let mut state = 7_u64;
    let mut random = |below: u64| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    };
    let mut text = String::new();
    for i in 0..events {
        let ts = 1_767_225_600_000 + i * 7_776_000_000 / events + 300_000 - random(300_001);
        // Few are often there, many rarely.
        let customer = random(customers) * random(customers) / customers;
        let roll = random(100);
        let kind = MIX.iter().find(|(_, up_to)| roll < *up_to).unwrap().0;
        let amount = if kind == "purchase" {
            random(20_000)
        } else {
            0
        };
        writeln!(
            text,
            "c{customer:07}\t{{\"event_id\":\"e{i:010}\",\"customer_id\":\"c{customer:07}\",\"type\":\"{kind}\",\
             \"ts\":{ts},\"amount\":{}.{:02},\"currency\":\"EUR\"}}",
            amount / 100,
            amount % 100
        )
        .unwrap();
    }
    text
}

fn pair(value: &Value) -> (String, String) {
    let text = |name: &str| value[name].as_str().unwrap().to_owned();
    (text("customer_id"), text("event_id"))
}

#[test]
fn the_side_by_side_workload_gives_the_oracles_alerts() {
    let dir = tempfile::tempdir().unwrap();
    let events = dir.path().join("events.tsv");
    let dump = dir.path().join("oracle.jsonl");
    fs::write(&events, workload(60_000, 900)).unwrap();
    python(
        "reference.py",
        &[events.to_str().unwrap(), "--dump", dump.to_str().unwrap()],
    );
    let want: BTreeSet<(String, String)> = fs::read_to_string(&dump)
        .unwrap()
        .lines()
        .map(|line| {
            let (customer, event) = line.split_once(',').unwrap();
            (customer.to_owned(), event.to_owned())
        })
        .collect();

    let spec = root().join("benches/spec");
    let settings: toml::Table = fs::read_to_string(spec.join("holdfast.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let mut kept = toml::Table::new();
    for name in ["policy", "silence", "events", "features", "alerts", "money"] {
        if let Some(table) = settings.get(name) {
            kept.insert(name.to_owned(), table.clone());
        }
    }
    let shop = Shop::new("spec", 4, &spec.join("model.json"), &kept.to_string());
    assert_eq!(shop.load(&events), 60_000);
    shop.run_to_end();
    let values: Vec<Value> = shop
        .alert_values()
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect();
    let got: BTreeSet<(String, String)> = values.iter().map(pair).collect();
    assert_eq!(got.len(), values.len(), "an alert came twice");
    assert!(!want.is_empty());
    assert_eq!(got, want);
}
