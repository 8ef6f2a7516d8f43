//! `holdfast forget`: erasures asked for on the command line.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use holdfast_consumer::murmur2_partition;
use serde_json::Value;

use crate::ran::{done, holdfast, run, shop, text};

/// A configuration over this input, and its path.
fn config(dir: &Path, input: &Path) -> String {
    let path = dir.join("holdfast.toml");
    let toml = format!(
        "[source]\nkind = \"log\"\n[log]\ninput = {input:?}\noutput = \"out\"\n[model]\npath = {:?}\n[silence]\nclock = \"event\"\n[http]\nlisten = \"off\"\n",
        shop().model
    );
    fs::write(&path, toml).unwrap();
    text(&path).to_owned()
}

fn summary(config: &str) -> Value {
    let ran = done(&["run", "--config", config, "--until-end"]);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn a_customer_who_is_forgotten_leaves_the_state_and_events_under_way_stay_out() {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("events.jsonl");
    let events = fs::read_to_string(&shop().events).unwrap();
    fs::write(&input, &events).unwrap();
    let config = config(dir.path(), &input);
    let before = summary(&config);
    let last = events.lines().last().unwrap();
    let last: Value = serde_json::from_str(last).unwrap();
    let id = last["customer_id"].as_str().unwrap();

    let asked = done(&["forget", id, "--config", &config]);
    let told: Value = serde_json::from_str(&asked.stdout).unwrap();
    assert_eq!(
        (&told["erasures"], &told["sent"]),
        (&1.into(), &true.into())
    );
    assert!(!asked.stderr.contains(id), "{}", asked.stderr);
    let late = format!("{last}\n");
    let mut file = fs::OpenOptions::new().append(true).open(&input).unwrap();
    file.write_all(late.as_bytes()).unwrap();

    let after = summary(&config);
    assert_eq!(after["dropped"]["erased"], 1, "{after}");
    assert_eq!(after["applied"], 1, "the tombstone: {after}");
    assert_eq!(
        after["customers"].as_u64().unwrap() + 1,
        before["customers"].as_u64().unwrap()
    );
}

#[test]
fn tombstones_go_where_their_customers_are() {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("log");
    for n in 0..3 {
        fs::create_dir_all(input.join(n.to_string())).unwrap();
    }
    let config = config(dir.path(), &input);
    let mut child = holdfast()
        .args(["forget", "-", "--config", &config])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let ids = ["c1", "c2", "c3", "c4", "c5"];
    let mut stdin = child.stdin.take().unwrap();
    stdin
        .write_all((ids.join("\n") + "\n\n").as_bytes())
        .unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
    for n in 0..3_u32 {
        let expected: String = ids
            .iter()
            .filter(|id| murmur2_partition(id.as_bytes(), 3) == n)
            .map(|id| format!("{id}\t\n"))
            .collect();
        let segments = fs::read_dir(input.join(n.to_string())).unwrap();
        let found: String = segments
            .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
            .collect();
        assert_eq!(found, expected, "partition {n}");
    }
}

#[test]
fn nothing_is_written_by_a_dry_run_or_when_one_id_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("events.jsonl");
    fs::write(&input, "").unwrap();
    let config = config(dir.path(), &input);
    let asked = done(&["forget", "c1", "--config", &config, "--dry-run"]);
    assert!(asked.stdout.contains("\"sent\":false"), "{}", asked.stdout);
    let long = "x".repeat(257);
    let refused = run(&["forget", "c1", &long, "--config", &config]);
    assert_eq!(refused.code, 1);
    assert!(
        refused.stderr.contains("id 2 is no customer id"),
        "{}",
        refused.stderr
    );
    assert_eq!(fs::read_to_string(&input).unwrap(), "");
}

#[test]
fn the_exit_code_says_whether_a_snapshot_holds_them() {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("events.jsonl");
    let events = fs::read_to_string(&shop().events).unwrap();
    fs::write(&input, &events).unwrap();
    let config = config(dir.path(), &input);
    summary(&config);
    let last: Value = serde_json::from_str(events.lines().last().unwrap()).unwrap();
    let held = run(&[
        "forget",
        last["customer_id"].as_str().unwrap(),
        "--config",
        &config,
        "--check",
    ]);
    assert_eq!(held.code, 1, "{}", held.stderr);
    assert!(
        held.stderr.contains("1 of 1 snapshot in") && held.stderr.contains("holds them"),
        "{}",
        held.stderr
    );
    let absent = run(&["forget", "nobody", "--config", &config, "--check"]);
    assert_eq!(absent.code, 0, "{}", absent.stderr);
    assert!(absent.stderr.contains("1 snapshot in"), "{}", absent.stderr);
}

#[test]
fn without_a_snapshot_nothing_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path(), &dir.path().join("events.jsonl"));
    let missing = run(&["forget", "c1", "--config", &config, "--check"]);
    assert_eq!(missing.code, 78, "{}", missing.stderr);
    fs::create_dir_all(dir.path().join("out/snapshots")).unwrap();
    let empty = run(&["forget", "c1", "--config", &config, "--check"]);
    assert_eq!(empty.code, 78);
    assert!(empty.stderr.contains("shows nothing"), "{}", empty.stderr);
}
