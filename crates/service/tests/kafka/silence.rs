//! Silence alone raises an alert, on a partition where nothing happens, and raises it once.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use holdfast_producer::Outgoing;
use serde_json::Value;

use crate::shop::{Shop, event, plain_model};

/// Days without a purchase after which the plain model reaches 0.8: (ln 4 + 3) / 0.2.
const DAYS: f64 = 21.931_471_805_599;

#[test]
fn a_deadline_fires_on_an_idle_partition_and_not_again_after_a_restart() {
    let extra = "[silence]\ngrace = \"1s\"\nidle_after = \"1s\"\n";
    let shop = Shop::new("silence", 2, &plain_model(), extra);
    let now = i64::try_from(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_millis(),
    )
    .unwrap();
    // Crosses three seconds from now.
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds of some days")]
    let ts = now + 3_000 - (DAYS * 86_400_000.0) as i64;
    let value = event(
        "e1",
        "c1",
        "purchase",
        ts,
        ",\"amount\":10,\"currency\":\"EUR\"",
    );
    shop.send(&[Outgoing {
        key: Some(b"c1"),
        value: Some(value.as_bytes()),
        ..Outgoing::default()
    }]);
    let mut running = shop.start("", &[]);
    shop.wait_for_alerts(1);
    running.kill();

    let alerts = shop.read(&shop.alerts());
    let alert: Value = serde_json::from_slice(alerts[0].value.as_deref().unwrap()).unwrap();
    assert_eq!(alert["trigger"]["kind"], "silence");
    let as_of = alert["as_of"].as_i64().unwrap();
    assert!(
        (as_of - (now + 3_000)).abs() <= 1_000,
        "dated {as_of}, not at the crossing {}",
        now + 3_000
    );
    assert!(
        alerts[0]
            .headers
            .iter()
            .all(|(name, _)| name != "holdfast-input-offset")
    );
    let seen = alerts[0].timestamp.unwrap();
    assert!(
        seen >= as_of + 1_000 && seen <= as_of + 10_000,
        "seen {} ms after the crossing",
        seen - as_of
    );

    let mut running = shop.start("", &[]);
    running.wait_for_log("live");
    std::thread::sleep(Duration::from_secs(4));
    running.signal("TERM");
    assert_eq!(running.wait(), Some(0), "{}", running.log());
    assert_eq!(shop.read(&shop.alerts()).len(), 1);
}
