//! Ends and starts in the middle of the work: nothing is lost, nothing comes twice.

use holdfast_producer::Stream;

use crate::shop::{
    EVENT_CLOCK, Shop, assert_same, generated, plain_model, replayed, replayed_file,
};

const LINES: usize = usize::MAX;

#[test]
fn killed_and_started_again_it_sends_every_alert_once() {
    let shop = Shop::new("kill", 3, &plain_model(), EVENT_CLOCK);
    let events = generated(shop.dir.path(), 600);
    let lines = std::fs::read_to_string(&events).unwrap().lines().count();
    for round in 0..4 {
        let from = lines * round / 4;
        shop.load_range(&events, from, lines * (round + 1) / 4);
        let seen = shop.read(&shop.alerts()).len();
        let mut running = shop.start("", &[]);
        // In the middle of a commit, of a rebuild, of reading: wherever this finds it.
        shop.wait_for_alerts(seen + 1);
        running.kill();
    }
    shop.run_to_end();
    assert_same(&shop.alert_values(), &replayed(&shop, &events));
}

#[test]
fn killed_and_started_again_it_tells_every_change_of_a_customer_once() {
    let mut shop = Shop::without_topics("told", &plain_model(), EVENT_CLOCK);
    shop.streams = true;
    shop.create_topics(3);
    let events = generated(shop.dir.path(), 300);
    let lines = std::fs::read_to_string(&events).unwrap().lines().count();
    for round in 0..3 {
        let from = lines * round / 3;
        shop.load_range(&events, from, lines * (round + 1) / 3);
        let seen = shop.read(&shop.alerts()).len();
        let mut running = shop.start("", &[]);
        shop.wait_for_alerts(seen + 1);
        running.kill();
    }
    shop.run_to_end();
    // What partitions say is added up in a replay, and told by kpis and worklist.
    let told = Stream::ALL
        .into_iter()
        .filter(|stream| *stream != Stream::Partials);
    for stream in told {
        let told = shop.values(&shop.stream(stream));
        assert!(told.len() > 20, "{} records of {stream}", told.len());
        let want = replayed_file(&shop, &events, &format!("{stream}.jsonl"));
        assert_eq!(told.len(), want.len(), "{stream}");
        assert_same(&told, &want);
    }
}

#[test]
fn a_term_signal_ends_it_cleanly_and_the_next_run_goes_on() {
    let shop = Shop::new("term", 2, &plain_model(), EVENT_CLOCK);
    let events = generated(shop.dir.path(), 400);
    let lines = std::fs::read_to_string(&events).unwrap().lines().count();
    shop.load_range(&events, 0, lines / 2);
    let mut running = shop.start("", &[]);
    shop.wait_for_alerts(1);
    // Fresh records arrive while it is told to stop.
    shop.load_range(&events, lines / 2, LINES);
    running.signal("TERM");
    assert_eq!(running.wait(), Some(0), "{}", running.log());
    shop.run_to_end();
    assert_same(&shop.alert_values(), &replayed(&shop, &events));
}

#[test]
fn a_run_of_nothing_new_sends_nothing() {
    let shop = Shop::new("again", 2, &plain_model(), EVENT_CLOCK);
    let events = generated(shop.dir.path(), 200);
    shop.load(&events);
    shop.run_to_end();
    let first = shop.alert_values();
    let output = shop.run_to_end();
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["events"], 0);
    assert_eq!(summary["alerts"], 0);
    assert_same(&shop.alert_values(), &first);
    assert_same(&first, &replayed(&shop, &events));
}
