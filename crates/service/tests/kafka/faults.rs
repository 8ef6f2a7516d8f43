//! What keeps a run from starting, and with which exit code it says so.

use std::fs;
use std::process::Command;

use holdfast_consumer::OwnedRecord;
use holdfast_producer::{Admin, Outgoing};

use crate::process::succeed;
use crate::shop::{EVENT_CLOCK, Shop, assert_same, binary, event, plain_model};

const TS: i64 = 1_767_225_600_000;

fn filled(name: &str, extra: &str) -> Shop {
    let shop = Shop::new(name, 1, &plain_model(), extra);
    let values: Vec<String> = (0..10)
        .map(|i| event(&format!("e{i}"), "c", "page_view", TS + i, ""))
        .collect();
    let records: Vec<Outgoing<'_>> = values
        .iter()
        .map(|v| Outgoing {
            key: Some(b"c"),
            value: Some(v.as_bytes()),
            ..Outgoing::default()
        })
        .collect();
    shop.send(&records);
    shop
}

/// Runs until the end of the input, which ends with this exit code, and gives what it said.
fn ended(shop: &Shop, more: &str, args: &[&str], code: i32) -> String {
    let output = shop.run(more, &[&["--until-end"], args].concat());
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{text}");
    text
}

fn assert_refused(shop: &Shop, more: &str, words: &str) {
    let text = ended(shop, more, &[], 78);
    assert!(text.contains(words), "{text}");
    ended(shop, more, &["--on-gap=accept"], 0);
}

#[test]
fn absent_topics_are_named_with_the_command_that_makes_them() {
    let shop = Shop::without_topics("topics", &plain_model(), EVENT_CLOCK);
    let text = ended(&shop, "", &[], 78);
    for words in [
        &shop.input()[..],
        &shop.alerts(),
        &shop.dead_letters(),
        "holdfast topics apply",
    ] {
        assert!(text.contains(words), "{words} is not in: {text}");
    }
    let topics = |args: &[&str]| {
        let output = succeed(
            Command::new(binary())
                .arg("topics")
                .args(args)
                .arg("--config")
                .arg(shop.config("")),
        );
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(topics(&["plan"]).contains(&shop.input()));
    topics(&["apply", "--dry-run"]);
    // A dry run makes nothing.
    ended(&shop, "", &[], 78);
    topics(&["apply"]);
    assert!(topics(&["plan"]).contains("there"));
    shop.run_to_end();
}

#[test]
fn an_absent_broker_is_waited_for_and_a_term_signal_ends_the_wait() {
    let mut shop = Shop::without_topics("absent", &plain_model(), EVENT_CLOCK);
    shop.broker = "127.0.0.1:9".to_owned();
    let mut running = shop.start("", &[]);
    running.wait_for_log("no broker at 127.0.0.1:9");
    running.signal("TERM");
    assert_eq!(running.wait(), Some(0), "{}", running.log());
    shop.broker = crate::shop::broker();
}

#[test]
fn a_log_whose_start_is_gone_is_refused_unless_a_snapshot_holds_it() {
    let shop = filled("gap", EVENT_CLOCK);
    shop.run_to_end();
    Admin::new(&shop.client())
        .unwrap()
        .delete_before(&shop.input(), 0, 4)
        .unwrap();
    // The snapshot that the run ended with holds what is gone; without it nothing does.
    shop.run_to_end();
    fs::remove_dir_all(shop.dir.path().join("snapshots")).unwrap();
    assert_refused(&shop, "", "there is no snapshot");
    let fresh = filled("gap-first", EVENT_CLOCK);
    Admin::new(&fresh.client())
        .unwrap()
        .delete_before(&fresh.input(), 0, 4)
        .unwrap();
    assert_refused(&fresh, "", "log starts at offset 4");
}

#[test]
fn another_model_is_taken_over_at_a_start_and_other_settings_of_the_state_are_refused() {
    let shop = filled("state", EVENT_CLOCK);
    shop.run_to_end();
    assert_refused(&shop, "[events]\ndedupe = false\n", "other settings");

    let mut shop = filled("model", EVENT_CLOCK);
    shop.run_to_end();
    let other = shop.dir.path().join("other.json");
    let text = fs::read_to_string(plain_model())
        .unwrap()
        .replace("-3.0", "-2.5");
    fs::write(&other, text).unwrap();
    shop.set_model(&other);
    shop.run_to_end();
    let activated = |record: &OwnedRecord| {
        let value = record.value.as_deref().unwrap();
        let text = std::str::from_utf8(value).unwrap();
        text.matches("\"activated\"").count()
    };
    let journal = shop.read(&shop.journal());
    assert_eq!(journal.iter().map(activated).sum::<usize>(), 2);
}

/// Under another group the same deployment has journal and snapshots, and no offsets.
#[test]
fn a_group_whose_offsets_are_gone_is_refused_until_it_is_told_where_to_resume() {
    let shop = Shop::new("resume", 1, &plain_model(), EVENT_CLOCK);
    let days = |n: i64| TS + n * 86_400_000;
    let bought: Vec<(String, String)> = [("a", 0), ("b", 1), ("c", 2), ("d", 40)]
        .iter()
        .map(|(id, day)| ((*id).to_owned(), event(id, id, "purchase", days(*day), "")))
        .collect();
    let records: Vec<Outgoing<'_>> = bought
        .iter()
        .map(|(id, value)| Outgoing {
            key: Some(id.as_bytes()),
            value: Some(value.as_bytes()),
            ..Outgoing::default()
        })
        .collect();
    shop.send(&records);
    shop.run_to_end();
    let alerts = shop.alert_values();
    assert!(alerts.len() >= 3, "{alerts:?}");
    let run_as = |group: &str, args: &[&str], code: i32| {
        let output = Command::new(binary())
            .args(["run", "--until-end", "--config"])
            .arg(shop.config(""))
            .args(args)
            .env("HOLDFAST__KAFKA__GROUP_ID", format!("{}-{group}", shop.id))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert_same(&shop.alert_values(), &alerts);
        text
    };
    let text = run_as("1", &[], 78);
    for choice in ["snapshot", "earliest", "latest"] {
        assert!(text.contains(&format!("--resume={choice}")), "{text}");
    }
    assert!(run_as("1", &["--resume=snapshot"], 0).contains("snapshot loaded"));
    run_as("1", &[], 0);
    run_as("2", &["--resume=earliest"], 0);
    run_as("3", &["--resume=latest"], 0);
}

#[test]
fn a_topic_that_is_compacted_is_called_wrong() {
    let shop = Shop::without_topics("compact", &plain_model(), "");
    let config = [("cleanup.policy".to_owned(), "compact".to_owned())].into();
    let spec = holdfast_producer::TopicSpec {
        name: shop.input(),
        partitions: 1,
        replication: 1,
        config,
    };
    Admin::new(&shop.client())
        .unwrap()
        .create(&spec, false)
        .unwrap();
    let output = Command::new(binary())
        .args(["topics", "plan", "--config"])
        .arg(shop.config(""))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(78));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cleanup.policy is compact"));
}
