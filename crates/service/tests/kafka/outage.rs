//! The broker goes away in the middle, for as long as a restart takes or for ten seconds. A broker of its own.

use std::time::Duration;

use crate::broker::Broker;
use crate::shop::{EVENT_CLOCK, Shop, assert_same, generated, plain_model, replayed};

/// A broker that stays the leader of its partitions while it hangs for less than so many seconds. One that is alone in its
/// cluster has nobody to hand them over to: once it is fenced, or shuts down in order, they have no leader, and Kafka (4.4.0)
/// then takes a transaction for completed without its markers ("these partitions are likely deleted already"). Such a one
/// stays open for ever, which nobody but an administrator can mend. Clusters with a second replica do not get there.
fn alone(seconds: u32) -> impl Fn(u16) -> String {
    move |_| format!("broker.session.timeout.ms={seconds}000")
}

#[test]
fn a_broker_that_hangs_for_longer_than_the_watchdog_waits_is_no_hang_of_ours() {
    let broker = Broker::start("hang", alone(600));
    let watchdog = format!("{EVENT_CLOCK}[run]\nwatchdog = \"30s\"\n");
    let mut shop = Shop::without_topics("hang", &plain_model(), &watchdog);
    shop.broker = broker.address();
    shop.create_topics(2);
    let events = generated(shop.dir.path(), 300);
    let lines = std::fs::read_to_string(&events).unwrap().lines().count();
    shop.load_range(&events, 0, lines / 3);
    let mut running = shop.start("", &[]);
    shop.wait_for_alerts(1);
    // Whether it is in the middle of a commit or has nothing to do when the broker hangs is left to chance.
    shop.load_range(&events, lines / 3, lines * 2 / 3);
    broker.signal("STOP");
    std::thread::sleep(Duration::from_secs(50));
    broker.signal("CONT");
    let seen = shop.read(&shop.alerts()).len();
    shop.load_range(&events, lines * 2 / 3, lines);
    shop.wait_for_alerts(seen + 1);
    running.signal("TERM");
    assert_eq!(running.wait(), Some(0), "{}", running.log());
    shop.run_to_end();
    assert_same(&shop.alert_values(), &replayed(&shop, &events));
}

#[test]
fn a_broker_that_goes_away_costs_no_alert_and_doubles_none() {
    let broker = Broker::start("outage", alone(20));
    let mut shop = Shop::without_topics("outage", &plain_model(), EVENT_CLOCK);
    shop.broker = broker.address();
    shop.create_topics(3);
    let events = generated(shop.dir.path(), 500);
    let lines = std::fs::read_to_string(&events).unwrap().lines().count();
    let feed = |quarter: usize| {
        let seen = shop.read(&shop.alerts()).len();
        shop.load_range(&events, lines * quarter / 4, lines * (quarter + 1) / 4);
        seen
    };
    feed(0);
    let mut running = shop.start("", &[]);
    shop.wait_for_alerts(1);

    // It hangs for ten seconds in the middle of work: sessions end, transactions may.
    feed(1);
    broker.signal("STOP");
    std::thread::sleep(Duration::from_secs(10));
    broker.signal("CONT");
    let seen = feed(2);
    shop.wait_for_alerts(seen + 1);

    // It is gone for ten seconds, once nothing is under way.
    let mut committed = 0;
    while committed != shop.read(&shop.alerts()).len() {
        committed = shop.read(&shop.alerts()).len();
        std::thread::sleep(Duration::from_secs(3));
    }
    broker.script("stop");
    std::thread::sleep(Duration::from_secs(10));
    broker.script("start");
    let seen = feed(3);
    shop.wait_for_alerts(seen + 1);
    running.signal("TERM");
    assert_eq!(running.wait(), Some(0), "{}", running.log());
    shop.run_to_end();
    assert_same(&shop.alert_values(), &replayed(&shop, &events));
}
