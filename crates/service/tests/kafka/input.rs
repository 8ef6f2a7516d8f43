//! How the input topic is set and filled: what is refused, and what is only told.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use holdfast_producer::{Admin, Outgoing, TopicSpec};

use crate::shop::{EVENT_CLOCK, Shop, binary, event, plain_model, wait_for};

const TS: i64 = 1_767_225_600_000;

#[test]
fn a_compacted_input_is_refused_at_the_start() {
    let shop = Shop::without_topics("compact", &plain_model(), EVENT_CLOCK);
    let admin = Admin::new(&shop.client()).unwrap();
    let made = |name: String, config: BTreeMap<String, String>| {
        let spec = TopicSpec {
            name,
            partitions: 1,
            replication: 1,
            config,
        };
        admin.create(&spec, false).unwrap();
    };
    let compact = BTreeMap::from([("cleanup.policy".to_owned(), "compact".to_owned())]);
    made(shop.input(), compact);
    let said = |command: &mut Command| {
        let output = command
            .arg("--config")
            .arg(shop.config(""))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(78), "{text}");
        assert!(text.contains("cleanup.policy is compact"), "{text}");
    };
    said(Command::new(binary()).args(["topics", "plan"]));
    for name in [shop.alerts(), shop.dead_letters(), shop.journal()] {
        made(name, BTreeMap::new());
    }
    said(Command::new(binary()).args(["run", "--until-end"]));
}

/// The lines of /metrics of a run that says where it serves them.
fn metrics(log: &str) -> Option<String> {
    let line = log.lines().find(|line| line.contains("serving /metrics"))?;
    let said: serde_json::Value = serde_json::from_str(line).ok()?;
    let mut stream = TcpStream::connect(said["addr"].as_str()?).ok()?;
    write!(
        stream,
        "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    .ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text)
}

#[test]
fn a_key_in_the_wrong_partition_is_counted() {
    let shop = Shop::new("misplaced", 2, &plain_model(), EVENT_CLOCK);
    let value = event("e", "c", "page_view", TS, "");
    let both: Vec<Outgoing<'_>> = (0..2)
        .map(|partition| Outgoing {
            key: Some(b"c"),
            value: Some(value.as_bytes()),
            partition: Some(partition),
            ..Outgoing::default()
        })
        .collect();
    shop.send(&both);
    let mut running = shop.start("", &["--listen", "127.0.0.1:0"]);
    let value = |name: &str| {
        let text = metrics(&running.log())?;
        let of = |line: &str| line.rsplit_once(' ')?.1.parse::<f64>().ok();
        let lines = text.lines().filter(|line| line.starts_with(name));
        Some(lines.filter_map(of).sum::<f64>())
    };
    wait_for("both records", || {
        value("holdfast_events_consumed_total").filter(|n| *n == 2.0)
    });
    assert_eq!(value("holdfast_key_partition_mismatch_total"), Some(1.0));
    running.signal("TERM");
    assert_eq!(running.wait(), Some(0), "{}", running.log());
}

#[test]
fn a_snapshot_behind_which_records_grow_old_has_headroom_until_they_are_removed() {
    let shop = Shop::new("headroom", 1, &plain_model(), EVENT_CLOCK);
    let send = |from: i64, to: i64| {
        let values: Vec<String> = (from..to)
            .map(|i| event(&format!("e{i}"), "c", "page_view", TS + i, ""))
            .collect();
        let records: Vec<Outgoing<'_>> = values
            .iter()
            .enumerate()
            .map(|(i, value)| Outgoing {
                key: Some(b"c"),
                value: Some(value.as_bytes()),
                // A second apart, beginning an hour after the events.
                timestamp: Some(TS + 3_600_000 + (from + i as i64) * 1000),
                ..Outgoing::default()
            })
            .collect();
        shop.send(&records);
    };
    send(0, 100);
    shop.run_to_end();
    send(100, 200);
    Admin::new(&shop.client())
        .unwrap()
        .delete_before(&shop.input(), 0, 40)
        .unwrap();
    // The next snapshot is far away: the one of the last run, at offset 100, is what a start would take.
    let far = "[snapshot]\ninterval = \"1h\"\n";
    let mut running = shop.start(far, &["--listen", "127.0.0.1:0"]);
    let line = "holdfast_snapshot_headroom_seconds{partition=\"0\"} 60";
    wait_for("headroom from offset 40 to offset 100", || {
        metrics(&running.log())?
            .lines()
            .any(|l| l == line)
            .then_some(())
    });
    running.signal("TERM");
    assert_eq!(running.wait(), Some(0), "{}", running.log());
}
