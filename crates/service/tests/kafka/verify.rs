//! `holdfast verify` against a broker: after a kill, beside a live run, with silence that wall time brought.

use std::process::{Command, Output};
use std::time::{SystemTime, UNIX_EPOCH};

use holdfast_producer::{Feeder, Outgoing};
use serde_json::Value;

use crate::shop::{EVENT_CLOCK, Shop, binary, event, generated, plain_model};

/// Days without a purchase after which the plain model reaches 0.8: (ln 4 + 3) / 0.2.
const DAYS: f64 = 21.931_471_805_599;

fn verify(shop: &Shop, args: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command
        .args(["verify", "--json", "--config"])
        .arg(shop.config(""))
        .args(args);
    command.output().unwrap()
}

fn report(shop: &Shop, args: &[&str], code: i32) -> Value {
    let output = verify(shop, args);
    let said = String::from_utf8_lossy(&output.stderr);
    let out = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(code), "{out}\n{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn alerts_of_runs_that_were_killed_come_out_again_and_strangers_are_told() {
    let shop = Shop::new("verify", 2, &plain_model(), EVENT_CLOCK);
    let events = generated(shop.dir.path(), 400);
    let lines = std::fs::read_to_string(&events).unwrap().lines().count();
    for round in 0..3 {
        shop.load_range(&events, lines * round / 3, lines * (round + 1) / 3);
        let seen = shop.read(&shop.alerts()).len();
        let mut running = shop.start("", &[]);
        shop.wait_for_alerts(seen + 1);
        // Beside a run that commits.
        let live = report(&shop, &[], 0);
        assert!(live["alerts"]["equal"].as_u64().unwrap() > 0, "{live}");
        running.kill();
    }
    shop.run_to_end();
    let count = shop.alert_values().len();
    let whole = report(&shop, &[], 0);
    assert_eq!(whole["alerts"]["equal"], count, "{whole}");
    let latest = report(&shop, &["--from-snapshot", "latest"], 0);
    let checked = |kind: &str| latest["alerts"][kind].as_u64().unwrap();
    assert_eq!(
        checked("equal") + checked("by_id"),
        count as u64,
        "{latest}"
    );

    let alerts = shop.read(&shop.alerts());
    let feeder = Feeder::new(&shop.client()).unwrap();
    let mut changed = String::from_utf8(alerts[0].value.clone().unwrap()).unwrap();
    changed = changed.replacen("\"alert_id\":\"", "\"alert_id\":\"x", 1);
    for value in [alerts[1].value.as_deref(), Some(changed.as_bytes())] {
        let record = Outgoing {
            key: alerts[1].key.as_deref(),
            value,
            ..Outgoing::default()
        };
        feeder.send(&shop.alerts(), record).unwrap();
    }
    feeder.finish().unwrap();
    let report = report(&shop, &[], 1);
    let told = |kind: &str| report["alerts"][kind].as_u64().unwrap();
    assert_eq!((told("doubled"), told("unexpected")), (1, 1), "{report}");
    assert_eq!(told("equal"), count as u64);
}

#[test]
fn an_alert_that_wall_time_brought_comes_out_again() {
    let extra = "[silence]\ngrace = \"1s\"\nidle_after = \"1s\"\n";
    let shop = Shop::new("verify-tick", 2, &plain_model(), extra);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = i64::try_from(now.as_millis()).unwrap();
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds of some days")]
    let ts = now + 3_000 - (DAYS * 86_400_000.0) as i64;
    let money = ",\"amount\":10,\"currency\":\"EUR\"";
    let value = event("e1", "c1", "purchase", ts, money);
    shop.send(&[Outgoing {
        key: Some(b"c1"),
        value: Some(value.as_bytes()),
        ..Outgoing::default()
    }]);
    let mut running = shop.start("", &[]);
    shop.wait_for_alerts(1);
    running.kill();
    let report = report(&shop, &[], 0);
    assert_eq!(report["alerts"]["equal"], 1, "{report}");
    let partitions = report["partitions"].as_array().unwrap();
    let ticks: u64 = partitions
        .iter()
        .map(|p| p["ticks"].as_u64().unwrap())
        .sum();
    assert!(ticks >= 1, "{report}");
}
