//! `holdfast run` over the embedded log: killed, stopped, out of room, fed by a pipe; the outputs are those of `replay`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use holdfast_producer::SegmentWriter;

fn holdfast() -> Command {
    Command::new(env!("CARGO_BIN_EXE_holdfast"))
}

/// A directory with a configuration over `log/` and `out/`, and a made-up shop's events.
struct Place {
    dir: tempfile::TempDir,
    lines: Vec<(String, String)>,
}

impl Place {
    fn new(customers: u32) -> Self {
        let place = Self {
            dir: tempfile::tempdir().unwrap(),
            lines: Vec::new(),
        };
        let status = holdfast()
            .args([
                "generate",
                "--customers",
                &customers.to_string(),
                "--days",
                "120",
                "--seed",
                "5",
                "--out",
            ])
            .arg(place.path("events.jsonl"))
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success());
        place.write_config("log", "out");
        let key = |line: &str| {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            event["customer_id"].as_str().unwrap().to_owned()
        };
        let text = fs::read_to_string(place.path("events.jsonl")).unwrap();
        let lines = text
            .lines()
            .map(|line| (key(line), line.to_owned()))
            .collect();
        Self { lines, ..place }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write_config(&self, input: &str, output: &str) {
        let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/plain-model.json");
        let text = format!(
            "[source]\nkind = \"log\"\n[log]\ninput = {input:?}\noutput = {output:?}\n\
             [silence]\nclock = \"event\"\n[http]\nlisten = \"off\"\n[model]\npath = {model:?}\n"
        );
        fs::write(self.path("holdfast.toml"), text).unwrap();
    }

    /// Appends a share of the events to the log's two partitions.
    fn feed(&self, from: usize, to: usize) {
        let mut writer = SegmentWriter::open(&self.path("log"), 2).unwrap();
        for (key, value) in &self.lines[from..to.min(self.lines.len())] {
            writer
                .append(key.as_bytes(), Some(value.as_bytes()))
                .unwrap();
        }
        writer.flush().unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = holdfast();
        command
            .arg("run")
            .arg("--config")
            .arg(self.path("holdfast.toml"))
            .args(args);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs until the end of the input, which ends with this exit code, and gives what it said.
    fn run(&self, args: &[&str], code: i32) -> String {
        let output = self.command(&["--until-end"]).args(args).output().unwrap();
        ended(&output, code)
    }

    fn run_to_end(&self) {
        self.run(&[], 0);
    }

    fn alerts(&self) -> Vec<String> {
        sorted(&fs::read_to_string(self.path("out/alerts.jsonl")).unwrap_or_default())
    }

    fn wait_for_alerts(&self, count: usize) {
        let began = Instant::now();
        while self.alerts().len() < count {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "no {count} alerts"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn wait_for_activations(&self, count: usize) {
        let began = Instant::now();
        let found = || {
            let journal = fs::read_to_string(self.path("out/journal.jsonl")).unwrap_or_default();
            journal.matches("\"activated\"").count()
        };
        while found() < count {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "{} activations",
                found()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn replayed(&self) -> Vec<String> {
        let output = holdfast()
            .args(["replay", "--events"])
            .arg(self.path("events.jsonl"))
            .arg("--config")
            .arg(self.path("holdfast.toml"))
            .arg("--out-dir")
            .arg(self.path("replay"))
            .output()
            .unwrap();
        ended(&output, 0);
        sorted(&fs::read_to_string(self.path("replay/alerts.jsonl")).unwrap())
    }

    fn assert_alerts_of_replay(&self) {
        let (got, want) = (self.alerts(), self.replayed());
        let missing = want.iter().find(|value| !got.contains(value));
        assert!(missing.is_none(), "missing: {missing:#?}");
        assert!(!want.is_empty());
        assert_eq!(got.len(), want.len(), "some came twice");
    }
}

fn ended(output: &Output, code: i32) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{text}");
    text
}

fn sorted(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-s", name, &pid])
            .status()
            .unwrap()
            .success()
    );
}

#[test]
fn killed_and_started_again_it_writes_every_alert_once() {
    let place = Place::new(300);
    let total = place.lines.len();
    for round in 0..4 {
        place.feed(total * round / 4, total * (round + 1) / 4);
        let seen = place.alerts().len();
        let mut child = place.command(&[]).spawn().unwrap();
        place.wait_for_alerts(seen + 1);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    place.run_to_end();
    place.assert_alerts_of_replay();
    place.run_to_end();
    place.assert_alerts_of_replay();
}

#[test]
fn a_term_signal_ends_it_with_a_manifest_of_what_was_done() {
    let place = Place::new(200);
    place.feed(0, place.lines.len());
    let mut child = place.command(&[]).spawn().unwrap();
    place.wait_for_alerts(1);
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(place.path("out/manifest.json")).unwrap()).unwrap();
    let bytes = fs::metadata(place.path("out/alerts.jsonl")).unwrap().len();
    assert_eq!(manifest["outputs"]["alerts.jsonl"], bytes);
    assert_eq!(manifest["model_sha256"].as_str().map(str::len), Some(64));
    place.run_to_end();
    place.assert_alerts_of_replay();
}

#[test]
fn a_full_disk_is_a_clear_error_and_nothing_is_lost() {
    let place = Place::new(200);
    place.feed(0, place.lines.len());
    // A file may have 8 blocks of 512 bytes: the alerts do not fit.
    let output = Command::new("sh")
        .arg("-c")
        .arg("ulimit -f 8; trap '' XFSZ; exec \"$0\" run --until-end --config \"$1\"")
        .arg(env!("CARGO_BIN_EXE_holdfast"))
        .arg(place.path("holdfast.toml"))
        .output()
        .unwrap();
    let text = ended(&output, 75);
    assert!(
        text.contains("cannot write") && text.contains("alerts.jsonl"),
        "{text}"
    );
    place.run_to_end();
    place.assert_alerts_of_replay();
}

#[test]
fn another_model_than_that_of_the_manifest_decides_from_there_on() {
    let place = Place::new(50);
    place.feed(0, place.lines.len());
    place.run_to_end();
    let other = place.path("other.json");
    let plain = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/plain-model.json");
    fs::write(
        &other,
        fs::read_to_string(plain).unwrap().replace("-3.0", "-2.5"),
    )
    .unwrap();
    let other = other.display().to_string();
    place.run(&["--model", &other], 0);
    let journal = fs::read_to_string(place.path("out/journal.jsonl")).unwrap();
    let activations = journal.matches("\"activated\"").count();
    assert_eq!(activations, 2 * 2, "{journal}");
}

#[test]
fn a_new_model_file_decides_from_there_on_and_a_broken_one_is_refused() {
    let place = Place::new(200);
    let half = place.lines.len() / 2;
    let model = place.path("model.json");
    let plain = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/plain-model.json");
    let first = fs::read_to_string(plain).unwrap();
    fs::write(&model, &first).unwrap();
    let used = model.display().to_string();
    place.feed(0, half);
    let mut child = place.command(&["--model", &used]).spawn().unwrap();
    place.wait_for_alerts(1);
    fs::write(&model, "{").unwrap();
    std::thread::sleep(Duration::from_secs(3));
    fs::write(&model, first.replace("-3.0", "-2.5")).unwrap();
    place.wait_for_activations(4);
    let seen = place.alerts().len();
    place.feed(half, place.lines.len());
    place.wait_for_alerts(seen + 1);
    signal(&child, "TERM");
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{said}");
    assert!(said.contains("the new model is refused"), "{said}");
    let models: BTreeSet<String> = place
        .alerts()
        .iter()
        .map(|alert| {
            let alert: serde_json::Value = serde_json::from_str(alert).unwrap();
            alert["model"]["sha256"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(models.len(), 2, "alerts name the model that made them");
    // Without snapshots a start goes through all of it again, along the journal, and has nothing to add.
    let before = place.alerts();
    fs::remove_dir_all(place.path("out/snapshots")).unwrap();
    let said = place.run(&["--model", &used], 0);
    assert!(!said.contains("came out otherwise"), "{said}");
    let after = place.alerts();
    assert!(before.iter().all(|alert| after.contains(alert)));
    let ids: BTreeSet<String> = after
        .iter()
        .map(|alert| {
            let alert: serde_json::Value = serde_json::from_str(alert).unwrap();
            alert["alert_id"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(ids.len(), after.len(), "some came twice");
}

#[test]
fn a_log_that_lost_its_end_is_refused_and_its_start_only_without_a_snapshot() {
    let place = Place::new(50);
    place.feed(0, place.lines.len());
    place.run_to_end();
    let segment = place.path("log/0/0.jsonl");
    let text = fs::read_to_string(&segment).unwrap();
    fs::write(&segment, text.lines().next().unwrap()).unwrap();
    place.run(&[], 78);
    fs::remove_file(&segment).unwrap();
    fs::write(place.path("log/0/7.jsonl"), &text).unwrap();
    fs::remove_dir_all(place.path("out/snapshots")).unwrap();
    let said = place.run(&[], 78);
    assert!(said.contains("there is no snapshot"), "{said}");
}

#[test]
fn a_pipe_in_and_a_pipe_out() {
    let place = Place::new(100);
    place.write_config("-", "-");
    let mut command = place.command(&["--until-end"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let text: String = place
        .lines
        .iter()
        .map(|(_, line)| format!("{line}\n"))
        .collect();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        stdin.write_all(text.as_bytes()).unwrap();
        stdin.write_all(b"no event\n").unwrap();
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let errors = ended(&output, 0);
    assert!(errors.contains("\"reason\":\"malformed\""), "{errors}");
    assert_eq!(
        sorted(&String::from_utf8(output.stdout).unwrap()),
        place.replayed()
    );
}

#[test]
fn a_second_signal_ends_at_once_and_the_first_alone_lets_it_finish() {
    let place = Place::new(20);
    place.write_config("-", "out");
    let start = || {
        let mut child = place
            .command(&[])
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let lines: String = place
            .lines
            .iter()
            .map(|(_, line)| format!("{line}\n"))
            .collect();
        stdin.write_all(lines.as_bytes()).unwrap();
        stdin.flush().unwrap();
        place.wait_for_alerts(1);
        // The pipe stays open: a reader that waits in it cannot be woken.
        (child, stdin)
    };
    let (mut child, _open) = start();
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    fs::remove_dir_all(place.path("out")).unwrap();
    let (mut child, _open) = start();
    signal(&child, "TERM");
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(143));
}
