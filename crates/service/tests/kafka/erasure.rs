//! Erasures through the topic: asked for by `holdfast forget`, and what becomes of events under way.

use std::process::Command;

use holdfast_producer::Outgoing;
use serde_json::Value;

use crate::shop::{EVENT_CLOCK, Shop, binary, event, plain_model};

const TS: i64 = 1_767_225_600_000;

fn summary(shop: &Shop) -> Value {
    serde_json::from_slice(&shop.run_to_end().stdout).unwrap()
}

#[test]
fn a_forgotten_customer_stays_away_also_after_a_restart() {
    let shop = Shop::new("forget", 3, &plain_model(), EVENT_CLOCK);
    let ids = ["c1", "c2", "c3", "c4", "c5", "c6"];
    let send = |id: &str, ts: i64| {
        let value = event(&format!("{id}-{ts}"), id, "page_view", ts, "");
        shop.send(&[Outgoing {
            key: Some(id.as_bytes()),
            value: Some(value.as_bytes()),
            ..Outgoing::default()
        }]);
    };
    for id in ids {
        send(id, TS);
    }
    assert_eq!(summary(&shop)["customers"], 6);

    let asked = Command::new(binary())
        .args(["forget", "c2", "c5", "--config"])
        .arg(shop.config(""))
        .output()
        .unwrap();
    assert!(asked.status.success(), "{asked:?}");
    let asked: Value = serde_json::from_slice(&asked.stdout).unwrap();
    let records = shop.read(&shop.input());
    for id in ["c2", "c5"] {
        let of: Vec<_> = records
            .iter()
            .filter(|r| r.key.as_deref() == Some(id.as_bytes()))
            .collect();
        assert_eq!(of.len(), 2, "an event and the tombstone");
        assert_eq!((&of[1].value, of[0].partition), (&None, of[1].partition));
        assert_eq!(of[1].timestamp, asked["at"].as_i64());
    }

    // Under way since before, and of a shop that has not heard of it yet.
    send("c2", TS + 1);
    send("c5", asked["at"].as_i64().unwrap());
    send("c6", TS + 2);
    let after = summary(&shop);
    assert_eq!(after["dropped"]["erased"], 2, "{after}");
    assert_eq!(
        (&after["applied"], &after["customers"]),
        (&3.into(), &4.into())
    );
    send("c2", TS + 3);
    let again = summary(&shop);
    assert_eq!(again["dropped"]["erased"], 1, "{again}");
    assert_eq!(again["customers"], 4);
}
