//! `holdfast replay` from a snapshot: what comes after it is what a replay from the start has from there on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use holdfast_producer::SegmentWriter;
use serde_json::Value;

use crate::ran::{done, holdfast, run, shop, text};

struct Place {
    dir: tempfile::TempDir,
    lines: Vec<String>,
}

impl Place {
    fn new(input: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let toml = format!(
            "[source]\nkind = \"log\"\n[log]\ninput = {input:?}\noutput = \"out\"\n[model]\npath = {:?}\n\
             [silence]\nclock = \"event\"\n[http]\nlisten = \"off\"\n[policy]\nopen = 0.7\n",
            shop().model
        );
        fs::write(dir.path().join("holdfast.toml"), toml).unwrap();
        let events = fs::read_to_string(&shop().events).unwrap();
        Self {
            dir,
            lines: events.lines().map(str::to_owned).collect(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn config(&self) -> String {
        text(&self.path("holdfast.toml")).to_owned()
    }

    /// Runs until everything there is worked, and stops it: no input ends.
    fn serve(&self) {
        let mut child = holdfast()
            .args(["run", "--config", &self.config()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let began = Instant::now();
        let alerts = self.path("out/alerts.jsonl");
        while fs::metadata(&alerts).map_or(0, |m| m.len()) == 0 {
            assert!(began.elapsed() < Duration::from_secs(60), "no alert");
            std::thread::sleep(Duration::from_millis(20));
        }
        let pid = child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", "TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        assert!(child.wait().unwrap().success());
    }

    fn replay(&self, args: &[&str]) -> String {
        let out = self.path("replayed");
        let common = [
            "replay",
            "--config",
            &self.config(),
            "--out-dir",
            text(&out),
        ];
        done(&[&common[..], args].concat());
        fs::read_to_string(out.join("alerts.jsonl")).unwrap()
    }
}

fn sorted<'a>(texts: &[&'a str]) -> Vec<&'a str> {
    let mut lines: Vec<&str> = texts.iter().flat_map(|text| text.lines()).collect();
    lines.sort_unstable();
    lines
}

fn append(path: &Path, lines: &[String]) {
    let before = fs::read_to_string(path).unwrap_or_default();
    let more: String = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(path, before + &more).unwrap();
}

#[test]
fn from_a_snapshot_it_writes_the_bytes_of_the_end_of_a_replay_from_the_start() {
    let place = Place::new("events.jsonl");
    let events = place.path("events.jsonl");
    let half = place.lines.len() / 2;
    append(&events, &place.lines[..half]);
    place.serve();
    append(&events, &place.lines[half..]);
    let whole = place.replay(&["--events", text(&events)]);
    let rest = place.replay(&["--events", text(&events), "--from-snapshot", "latest"]);
    assert!(
        !rest.is_empty() && rest.len() < whole.len(),
        "{} of {}",
        rest.len(),
        whole.len()
    );
    assert!(whole.ends_with(&rest), "it ends otherwise");
    let summary = fs::read_to_string(place.path("replayed/summary.json")).unwrap();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert!(summary["applied"].as_u64().unwrap() <= place.lines.len() as u64);
    // The same of the configuration's input, and with the file of an exported copy.
    assert_eq!(place.replay(&["--from-snapshot", "latest"]), rest);
    let copy = place.path("copy");
    let config = place.config();
    let export = [
        "snapshot",
        "export",
        "--config",
        &config,
        "--to",
        text(&copy),
    ];
    let name = done(&export).stdout;
    let file = copy.join(name.trim());
    assert_eq!(place.replay(&["--from-snapshot", text(&file)]), rest);
    assert_eq!(place.replay(&["--from-snapshot", name.trim()]), rest);
}

#[test]
fn from_the_snapshots_of_all_partitions_it_adds_what_was_not_served_yet() {
    let place = Place::new("log");
    let feed = |lines: &[String]| {
        let mut writer = SegmentWriter::open(&place.path("log"), 3).unwrap();
        for line in lines {
            let event: Value = serde_json::from_str(line).unwrap();
            let key = event["customer_id"].as_str().unwrap();
            writer
                .append(key.as_bytes(), Some(line.as_bytes()))
                .unwrap();
        }
        writer.flush().unwrap();
    };
    let half = place.lines.len() / 2;
    feed(&place.lines[..half]);
    place.serve();
    let served = fs::read_to_string(place.path("out/alerts.jsonl")).unwrap();
    feed(&place.lines[half..]);
    let whole = place.replay(&[]);
    let rest = place.replay(&["--from-snapshot", "latest"]);
    assert!(!rest.is_empty());
    assert_eq!(sorted(&[&served, &rest]), sorted(&[&whole]));
}

#[test]
fn a_snapshot_that_is_not_there_or_of_other_settings_is_refused() {
    let place = Place::new("events.jsonl");
    append(&place.path("events.jsonl"), &place.lines);
    let config = place.config();
    let out = place.path("replayed");
    let common = [
        "replay",
        "--config",
        &config,
        "--out-dir",
        text(&out),
        "--from-snapshot",
        "latest",
    ];
    fs::create_dir_all(place.path("out/snapshots")).unwrap();
    let none = run(&common);
    assert_eq!(none.code, 78);
    assert!(
        none.stderr.contains("there is no snapshot"),
        "{}",
        none.stderr
    );
    place.serve();
    let toml = fs::read_to_string(&config).unwrap();
    fs::write(&config, toml + "[features]\nmax_customers = 7\n").unwrap();
    let other = run(&common);
    assert_eq!(other.code, 78);
    assert!(other.stderr.contains("other settings"), "{}", other.stderr);
}
