//! The real purchases of 23,570 people, from training to alerts.

use std::process::Command;

use crate::process::succeed;
use crate::shop::{EVENT_CLOCK, Shop, assert_same, binary, replayed, root};

#[test]
fn cdnow_through_kafka_gives_the_alerts_of_replay() {
    let events = root().join("models/cdnow/events.jsonl.gz");
    let dir = tempfile::tempdir().unwrap();
    let model = dir.path().join("model.json");
    succeed(
        Command::new(binary())
            .args([
                "train",
                "--horizon-days",
                "90",
                "--label",
                "purchase",
                "--events",
            ])
            .arg(&events)
            .arg("--out")
            .arg(&model),
    );

    let shop = Shop::new("cdnow", 4, &model, EVENT_CLOCK);
    let sent = shop.load(&events);
    assert_eq!(sent, 69_659);
    let output = shop.run_to_end();
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["events"], 69_659);
    assert_eq!(summary["customers"], 23_570);
    let alerts = shop.alert_values();
    assert_same(&alerts, &replayed(&shop, &events));

    // Nothing more comes of it, and every alert is where its customer's events are.
    shop.run_to_end();
    let again = shop.read(&shop.alerts());
    assert_eq!(again.len(), alerts.len());
    for alert in &again {
        let key = alert.key.as_deref().unwrap();
        let partition = holdfast_consumer::murmur2_partition(key, 4);
        assert_eq!(alert.partition, i32::try_from(partition).unwrap());
    }
}
