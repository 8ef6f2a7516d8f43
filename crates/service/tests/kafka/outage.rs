//! The broker goes away in the middle, for as long as a restart takes or for ten seconds. A broker of its own.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::shop::{EVENT_CLOCK, Shop, assert_same, generated, plain_model, replayed, root};

const PORT: &str = "19594";

/// A broker that the test may stop.
struct Broker {
    dir: PathBuf,
}

impl Broker {
    fn start() -> Self {
        let broker = Self {
            dir: root().join(".kafka/outage"),
        };
        broker.script("wipe");
        broker.script("start");
        broker
    }

    fn script(&self, command: &str) {
        let output = Command::new(root().join("benches/kafka/kafka.sh"))
            .arg(command)
            .env("KAFKA_DIR", &self.dir)
            .env("KAFKA_PORT", PORT)
            .env("KAFKA_HEAP", "384m")
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{command}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    fn signal(&self, name: &str) {
        let pid = std::fs::read_to_string(self.dir.join("kafka.pid")).unwrap();
        assert!(
            Command::new("kill")
                .args(["-s", name, pid.trim()])
                .status()
                .unwrap()
                .success()
        );
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.script("wipe");
    }
}

#[test]
fn a_broker_that_goes_away_costs_no_alert_and_doubles_none() {
    let broker = Broker::start();
    let mut shop = Shop::without_topics("outage", &plain_model(), EVENT_CLOCK);
    shop.broker = format!("127.0.0.1:{PORT}");
    shop.create_topics(3);
    let events = generated(shop.dir.path(), 500);
    let lines = std::fs::read_to_string(&events).unwrap().lines().count();
    shop.load_range(&events, 0, lines / 3);
    let mut running = shop.start("", &[]);
    shop.wait_for_alerts(1);

    // It hangs for ten seconds: sessions end, transactions may.
    shop.load_range(&events, lines / 3, lines * 2 / 3);
    broker.signal("STOP");
    std::thread::sleep(Duration::from_secs(10));
    broker.signal("CONT");
    let seen = shop.read(&shop.alerts()).len();
    shop.wait_for_alerts(seen.max(2));

    // It is gone for ten seconds.
    broker.script("stop");
    std::thread::sleep(Duration::from_secs(10));
    broker.script("start");
    let seen = shop.read(&shop.alerts()).len();
    shop.load_range(&events, lines * 2 / 3, usize::MAX);
    shop.wait_for_alerts(seen + 1);
    running.signal("TERM");
    assert_eq!(running.wait(), Some(0), "{}", running.log());
    shop.run_to_end();
    assert_same(&shop.alert_values(), &replayed(&shop, &events));
}
