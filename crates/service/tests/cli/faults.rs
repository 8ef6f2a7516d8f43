//! A run over the embedded log at bad moments: stopped in the middle of a rebuild, read too slowly, on a host whose
//! clock is wrong.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use crate::ran::{done, holdfast, ran, text};

/// Events of a shop that take a second or two, and a model.
struct Busy {
    dir: tempfile::TempDir,
}

impl Busy {
    fn get() -> &'static Self {
        static BUSY: OnceLock<Busy> = OnceLock::new();
        BUSY.get_or_init(|| {
            let busy = Self {
                dir: tempfile::tempdir().unwrap(),
            };
            let days = ["--customers", "2000", "--days", "150", "--seed", "3"];
            done(&[&["generate", "--out", text(&busy.events())][..], &days].concat());
            busy
        })
    }

    fn events(&self) -> PathBuf {
        self.dir.path().join("shop.jsonl")
    }

    /// A configuration in `dir`.
    fn config(&self, dir: &Path, output: &str, more: &str) -> String {
        let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/shop/model.json");
        let events = self.events();
        let toml = format!(
            "[source]\nkind = \"log\"\n[log]\ninput = {events:?}\noutput = {output:?}\n[model]\npath = {model:?}\n\
             [silence]\nclock = \"event\"\n{more}"
        );
        let path = dir.join("holdfast.toml");
        fs::write(&path, toml).unwrap();
        text(&path).to_owned()
    }
}

fn to_end(config: &str) -> [&str; 6] {
    ["run", "--until-end", "--listen", "off", "--config", config]
}

#[test]
fn a_term_signal_in_the_middle_of_a_rebuild_ends_it_with_0_and_costs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    // Without snapshots a start reads the whole log again.
    let config = Busy::get().config(dir.path(), "out", "[snapshot]\nenabled = false\n");
    done(&to_end(&config));
    let alerts = || fs::read_to_string(dir.path().join("out/alerts.jsonl")).unwrap();
    let all = alerts();
    let args = ["run", "--listen", "off", "--config", &config];
    let mut child = holdfast()
        .args(args)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    while !said.contains("rebuilding the state from the log's start") {
        assert!(log.read_line(&mut said).unwrap() > 0, "{said}");
    }
    let pid = child.id().to_string();
    assert!(Command::new("kill").arg(&pid).status().unwrap().success());
    log.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{said}");
    assert!(
        !said.contains("\"live\""),
        "the rebuild was over before the signal: {said}"
    );
    assert_eq!(alerts(), all);
    done(&to_end(&config));
    assert_eq!(alerts(), all);
}

/// Resident memory of a process in KiB.
fn resident(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_reader_that_is_slow_holds_the_run_up_and_fills_no_memory() {
    let dir = tempfile::tempdir().unwrap();
    let busy = Busy::get();
    let config = busy.config(dir.path(), "-", "");
    let mut child = holdfast()
        .args(to_end(&config))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Twelve megabytes of alerts come to a pipe of 64 KiB that nobody reads: when all is full, memory stands still.
    let began = Instant::now();
    let (mut before, mut still) = (0, 0);
    while still < 10 {
        assert!(began.elapsed() < Duration::from_secs(60), "memory grows");
        thread::sleep(Duration::from_millis(100));
        let now = resident(&child);
        still = if now == before { still + 1 } else { 0 };
        before = now;
    }
    assert!(child.try_wait().unwrap().is_none());
    assert!(before < 200_000, "{before} KiB");
    let mut alerts = String::new();
    let mut out = child.stdout.take().unwrap();
    out.read_to_string(&mut alerts).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let replayed = dir.path().join("replayed");
    let args = ["--config", &config, "--out-dir", text(&replayed)];
    done(&[&["replay", "--events", text(&busy.events())], &args[..]].concat());
    let want = fs::read_to_string(replayed.join("alerts.jsonl")).unwrap();
    assert!(want.len() > 1_000_000 && alerts == want);
}

/// The library that moves the wall clock; the monotonic one goes on, as on a host whose time is set.
#[cfg(feature = "broker-tests")]
fn shifted_clock(dir: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/shifted_clock.c");
    let library = dir.join("shifted_clock.so");
    let mut compiler = Command::new("cc");
    let built = ran(compiler
        .args(["-shared", "-fPIC", "-o", text(&library)])
        .arg(source));
    assert_eq!(built.code, 0, "{}", built.stderr);
    library
}

#[cfg(feature = "broker-tests")]
#[test]
fn a_host_whose_clock_is_a_day_off_sends_the_same_alerts() {
    const DAY: i64 = 86_400;
    let shop = crate::ran::shop();
    let outputs = [0, DAY, -DAY].map(|shift| {
        let dir = tempfile::tempdir().unwrap();
        let toml = format!(
            "[source]\nkind = \"log\"\n[log]\ninput = {:?}\noutput = \"out\"\n[model]\npath = {:?}\n\
             [silence]\nclock = \"event\"\n",
            shop.events, shop.model
        );
        let config = dir.path().join("holdfast.toml");
        fs::write(&config, toml).unwrap();
        let mut command = holdfast();
        command.env("LD_PRELOAD", shifted_clock(dir.path()));
        command.env("SHIFT_SECONDS", shift.to_string());
        let out = ran(command.args(to_end(text(&config))).args(["--log", "info"]));
        assert_eq!(out.code, 0, "{}", out.stderr);
        let day = |text: &str| text.split("\"timestamp\":\"").nth(1).map(|t| t[..10].to_owned());
        let read = |name: &str| fs::read_to_string(dir.path().join("out").join(name)).unwrap();
        (day(&out.stderr), [read("alerts.jsonl"), read("dead-letters.jsonl")])
    });
    let [now, ahead, behind] = &outputs;
    assert!(
        now.0.is_some() && now.0 < ahead.0 && behind.0 < now.0,
        "{:?} {:?} {:?}: the clocks were not moved",
        now.0,
        ahead.0,
        behind.0
    );
    assert!(!now.1[0].is_empty());
    assert!(now.1 == ahead.1 && now.1 == behind.1);
}
