//! The watch of a running process: what it serves is what a replay gives, also after a kill -9.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "watched/shop.rs"]
mod shop;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use holdfast_producer::SegmentWriter;
use serde_json::Value;
use shop::{HORIZON, shop};

const PATIENCE: Duration = Duration::from_secs(60);

/// A log of two partitions, both models, and a configuration.
struct Place {
    dir: tempfile::TempDir,
    port: u16,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let place = Self { dir, port };
        for (name, model) in [
            ("champion.json", &shop().champion),
            ("challenger.json", &shop().challenger),
        ] {
            fs::write(place.path(name), model.to_json().unwrap()).unwrap();
        }
        place.configure("challenger.json");
        let mut text = String::new();
        let mut writer = SegmentWriter::open(&place.path("log"), 2).unwrap();
        for (customer, _, line) in &shop().lines {
            writer
                .append(customer.as_bytes(), Some(line.as_bytes()))
                .unwrap();
            text.push_str(line);
            text.push('\n');
        }
        writer.flush().unwrap();
        fs::write(place.path("events.jsonl"), text).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn configure(&self, challenger: &str) {
        let text = format!(
            "[source]\nkind = \"log\"\n[log]\ninput = \"log\"\noutput = \"out\"\n\
             [silence]\nclock = \"event\"\n[http]\nlisten = \"127.0.0.1:{}\"\n\
             [snapshot]\nevery_events = 3000\n\
             [model]\npath = \"champion.json\"\nchallenger = {challenger:?}\n",
            self.port
        );
        fs::write(self.path("holdfast.toml"), text).unwrap();
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
        command
            .arg(name)
            .arg("--config")
            .arg(self.path("holdfast.toml"));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self) -> Child {
        self.command("run").stderr(Stdio::null()).spawn().unwrap()
    }

    fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        answer
            .split_once("\r\n\r\n")
            .map(|(_, body)| body.to_owned())
    }

    /// What the process serves once `known` cutoffs are known.
    fn watched(&self, known: usize) -> Value {
        let began = Instant::now();
        loop {
            let body = self.get("/watch.json").unwrap_or_default();
            let panel: Value = serde_json::from_str(&body).unwrap_or_default();
            if panel["known"]
                .as_array()
                .is_some_and(|all| all.len() >= known)
            {
                return panel;
            }
            assert!(began.elapsed() < PATIENCE, "{body}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

fn report(place: &Place, events: Option<&Path>) -> String {
    let mut command = place.command("replay");
    if let Some(events) = events {
        command.arg("--events").arg(events);
    }
    let page = place.path("watch.html");
    let output = command
        .arg("--out-dir")
        .arg(place.path("replayed"))
        .arg("--watch-report")
        .arg(&page)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    fs::read_to_string(page).unwrap()
}

#[test]
fn a_killed_run_serves_the_figures_of_a_replay_again() {
    let place = Place::new();
    let mut child = place.run();
    let before = place.watched(5);
    child.kill().unwrap();
    child.wait().unwrap();
    let mut child = place.run();
    let after = place.watched(5);
    let metrics = place.get("/metrics").unwrap();
    let page = place.get("/watch").unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(before, after);
    let (champion, challenger) = (&shop().champion, &shop().challenger);
    for (line, model) in before["now"]
        .as_array()
        .unwrap()
        .iter()
        .zip([champion, challenger])
    {
        assert_eq!(line["model"]["sha256"], model.sha256());
        let label = format!("{}@{}", model.id(), &model.sha256()[..8]);
        let auc = &line["figures"]["auc"];
        let metric = format!("holdfast_watch_auc{{model=\"{label}\"}} {auc}");
        assert!(metrics.contains(&metric), "{metric} is not in {metrics}");
    }
    for name in [
        "calibration",
        "feature_psi",
        "challenger_log_loss_difference",
        "observed_share",
    ] {
        assert!(
            metrics.contains(&format!("holdfast_watch_{name}{{")),
            "{name}"
        );
    }
    assert!(
        page.contains(champion.id()) && page.contains("<svg"),
        "{page}"
    );
    // The log of both partitions, and the file of all events, end in one cutoff less or the same.
    let file = report(&place, Some(&place.path("events.jsonl")));
    assert_eq!(report(&place, None), file);
    for known in before["known"].as_array().unwrap() {
        let loss = known["lines"][0]["figures"]["log_loss"].as_f64().unwrap();
        assert!(
            file.contains(&format!("<td>{loss:.4}</td>")),
            "{loss} at {}",
            known["at"]
        );
    }
}

#[test]
fn a_challenger_that_cannot_be_compared_is_a_fault_of_its_key() {
    let place = Place::new();
    place.configure("nowhere.json");
    let horizon = format!("\"horizon_days\": {HORIZON}");
    let other = shop().challenger.to_json().unwrap();
    assert!(other.contains(&horizon));
    let other = holdfast_model::Model::seal(
        other
            .replacen(&horizon, "\"horizon_days\": 21", 1)
            .as_bytes(),
    );
    fs::write(place.path("other.json"), other.unwrap()).unwrap();
    for (file, why) in [
        ("nowhere.json", "cannot be used"),
        ("other.json", "another question"),
    ] {
        place.configure(file);
        for command in ["check", "run"] {
            let output = place.command(command).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(78), "{command}: {said}");
            assert!(
                said.contains(why) && said.contains("challenger"),
                "{command}: {said}"
            );
        }
    }
}
