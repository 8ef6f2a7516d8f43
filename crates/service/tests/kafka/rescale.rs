//! More partitions: the state moves, and subscribers notice nothing.

use std::path::Path;
use std::process::{Command, Output};

use crate::shop::{
    EVENT_CLOCK, Shop, assert_same, binary, generated, plain_model, replayed, wait_for,
};

fn rescale(config: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command
        .arg("rescale")
        .arg("--config")
        .arg(config)
        .args(args);
    command.output().unwrap()
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The run goes on, so there is no snapshot of its newest position; that is all that is missing then.
fn wait_until_worked(config: &Path) {
    wait_for("everything to be worked", || {
        let said = words(&rescale(config, &["--partitions", "5", "--dry-run"]));
        said.contains("no snapshot of partition").then_some(())
    });
}

#[test]
fn alerts_are_those_of_replay_through_a_change_from_two_partitions_to_five() {
    let shop = Shop::new("rescale", 2, &plain_model(), EVENT_CLOCK);
    let events = generated(shop.dir.path(), 400);
    let lines = std::fs::read_to_string(&events).unwrap().lines().count();
    shop.load_range(&events, 0, lines / 2);
    let config = shop.config("");
    let five = ["--partitions", "5"];
    std::fs::create_dir(shop.dir.path().join("snapshots")).unwrap();
    let early = words(&rescale(&config, &five));
    assert!(early.contains("no offset is committed"), "{early}");

    let mut running = shop.start("", &[]);
    wait_until_worked(&config);
    running.signal("TERM");
    assert_eq!(running.wait(), Some(0), "{}", running.log());

    for (partitions, why) in [("1", "only adds partitions"), ("2", "already")] {
        let refused = rescale(&config, &["--partitions", partitions]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(words(&refused).contains(why), "{}", words(&refused));
    }
    let moved = rescale(&config, &["--partitions", "5", "--json"]);
    assert!(moved.status.success(), "{}", words(&moved));
    let moved: serde_json::Value = serde_json::from_slice(&moved.stdout).unwrap();
    assert_eq!((&moved["from"], &moved["to"]), (&2.into(), &5.into()));
    assert_eq!(moved["snapshots"].as_array().unwrap().len(), 5);
    let again = rescale(&config, &five);
    assert!(words(&again).contains("already"), "{}", words(&again));

    shop.load_range(&events, lines / 2, usize::MAX);
    shop.run_to_end();
    assert_same(&shop.alert_values(), &replayed(&shop, &events));
    let mut verify = Command::new(binary());
    verify.arg("verify").arg("--config").arg(&config);
    let verified = verify.output().unwrap();
    assert!(verified.status.success(), "{}", words(&verified));
}

#[test]
fn records_that_were_not_worked_keep_the_state_where_it_is() {
    let shop = Shop::new("rescale-lag", 2, &plain_model(), EVENT_CLOCK);
    let events = generated(shop.dir.path(), 200);
    shop.load_range(&events, 0, 500);
    let mut running = shop.start("", &[]);
    let config = shop.config("");
    wait_until_worked(&config);
    running.signal("TERM");
    assert_eq!(running.wait(), Some(0), "{}", running.log());
    shop.load_range(&events, 500, usize::MAX);
    let said = words(&rescale(&config, &["--partitions", "4"]));
    assert!(said.contains("not worked yet"), "{said}");
}
