//! `holdfast verify` on the embedded log: a whole run passes, and nothing that was changed does.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use holdfast_producer::SegmentWriter;
use serde_json::Value;

use crate::ran::{Ran, done, holdfast, run, shop, text};

/// A log of two partitions, fed in parts, and what a run made of it.
struct Place {
    dir: tempfile::TempDir,
    lines: Vec<String>,
}

impl Place {
    fn new() -> Self {
        let place = Self {
            dir: tempfile::tempdir().unwrap(),
            lines: fs::read_to_string(&shop().events)
                .unwrap()
                .lines()
                .map(str::to_owned)
                .collect(),
        };
        place.configure(&shop().model, "");
        place
    }

    /// Two runs, each to the end of what is there.
    fn served() -> Self {
        let place = Self::new();
        for half in 0..2 {
            place.feed(half, 2);
            place.run();
        }
        assert!(place.alerts().len() > 20, "{} alerts", place.alerts().len());
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn configure(&self, model: &std::path::Path, more: &str) {
        let toml = format!(
            "[source]\nkind = \"log\"\n[log]\ninput = \"log\"\noutput = \"out\"\n[model]\npath = {model:?}\n\
             [silence]\nclock = \"event\"\n[http]\nlisten = \"off\"\n[policy]\nopen = 0.7\n{more}"
        );
        fs::write(self.path("holdfast.toml"), toml).unwrap();
    }

    /// Appends one of so many parts of the events.
    fn feed(&self, part: usize, of: usize) {
        let mut writer = SegmentWriter::open(&self.path("log"), 2).unwrap();
        let (from, to) = (
            self.lines.len() * part / of,
            self.lines.len() * (part + 1) / of,
        );
        for line in &self.lines[from..to] {
            let event: Value = serde_json::from_str(line).unwrap();
            let key = event["customer_id"].as_str().unwrap();
            writer
                .append(key.as_bytes(), Some(line.as_bytes()))
                .unwrap();
        }
        writer.flush().unwrap();
    }

    fn run(&self) {
        done(&[
            "run",
            "--until-end",
            "--config",
            text(&self.path("holdfast.toml")),
        ]);
    }

    fn start(&self) -> Child {
        let mut command = holdfast();
        command.args(["run", "--config", text(&self.path("holdfast.toml"))]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    }

    fn verify(&self, args: &[&str]) -> Ran {
        let config = self.path("holdfast.toml");
        run(&[&["verify", "--config", text(&config)][..], args].concat())
    }

    fn report(&self, args: &[&str], code: i32) -> Value {
        let ran = self.verify(&[&["--json"][..], args].concat());
        assert_eq!(ran.code, code, "{}\n{}", ran.stdout, ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    }

    fn alerts(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("out/alerts.jsonl")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn write_alerts(&self, lines: &[String]) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(self.path("out/alerts.jsonl"), text).unwrap();
    }
}

fn id_of(line: &str) -> String {
    let value: Value = serde_json::from_str(line).unwrap();
    value["alert_id"].as_str().unwrap().to_owned()
}

#[test]
fn alerts_of_two_runs_come_out_again_bit_for_bit() {
    let place = Place::served();
    let said = place.verify(&[]);
    assert_eq!(said.code, 0, "{}\n{}", said.stdout, said.stderr);
    assert!(said.stderr.contains("bit for bit"), "{}", said.stderr);
    let report = place.report(&[], 0);
    let count = place.alerts().len();
    assert_eq!(report["alerts"]["equal"], count, "{report}");
    assert_eq!(report["alerts"]["served"], count);
    assert!(report["facts"]["compared"].as_u64().unwrap() >= count as u64);
    let covered = report["partitions"].as_array().unwrap().iter();
    let records: u64 = covered.map(|p| p["records"].as_u64().unwrap()).sum();
    assert_eq!(records, place.lines.len() as u64);
}

#[test]
fn one_changed_byte_is_told_with_its_line_and_field_and_without_the_customer() {
    let place = Place::served();
    let mut lines = place.alerts();
    let band = "\"band\":0.7,";
    let at = lines.iter().position(|line| line.contains(band)).unwrap();
    let customer: Value = serde_json::from_str(&lines[at]).unwrap();
    let customer = customer["customer_id"].as_str().unwrap().to_owned();
    let id = id_of(&lines[at]);
    lines[at] = lines[at].replacen(band, "\"band\":0.8,", 1);
    place.write_alerts(&lines);
    let said = place.verify(&[]);
    assert_eq!(said.code, 1, "{}", said.stderr);
    let told = said
        .stdout
        .lines()
        .find(|line| line.starts_with("different"))
        .unwrap();
    assert!(
        told.contains(&id) && told.contains(&format!("line {}", at + 1)) && told.ends_with("band"),
        "{told}"
    );
    assert!(!said.stdout.contains(&customer) && !said.stderr.contains(&customer));
    assert!(said.stderr.contains("1 difference"), "{}", said.stderr);
    let shown = place.verify(&["--show"]);
    assert!(shown.stdout.contains(&customer), "{}", shown.stdout);
}

#[test]
fn a_line_that_is_gone_doubled_or_somebody_elses_is_told() {
    let place = Place::served();
    let whole = place.alerts();
    let check = |lines: &[String], what: &str, id: &str| {
        place.write_alerts(lines);
        let report = place.report(&[], 1);
        assert_eq!(report["alerts"][what], 1, "{what}: {report}");
        let told = &report["differences"][0];
        assert_eq!(
            (&told["what"], &told["alert_id"]),
            (&what.into(), &id.into())
        );
        assert_eq!(
            report["differences"].as_array().unwrap().len(),
            1,
            "{report}"
        );
    };
    let mut lines = whole.clone();
    let gone = lines.remove(3);
    check(&lines, "missing", &id_of(&gone));
    let mut lines = whole.clone();
    lines.insert(9, lines[2].clone());
    check(&lines, "doubled", &id_of(&whole[2]));
    let mut lines = whole.clone();
    lines.push(whole[2].clone());
    check(&lines, "doubled", &id_of(&whole[2]));
    let mut lines = whole.clone();
    let foreign = "0123456789abcdef0123456789abcdef";
    lines.insert(0, whole[0].replacen(&id_of(&whole[0]), foreign, 1));
    check(&lines, "unexpected", foreign);
    let mut lines = whole.clone();
    lines.insert(5, "{".to_owned());
    check(&lines, "unreadable", "");
    place.write_alerts(&whole);
    place.report(&[], 0);
}

#[test]
fn a_changed_decision_of_the_journal_is_told() {
    let place = Place::served();
    let path = place.path("out/journal.jsonl");
    let journal = fs::read_to_string(&path).unwrap();
    let changed = journal.replacen("\"kind\":\"opened\"", "\"kind\":\"lapsed\"", 1);
    assert_ne!(journal, changed);
    fs::write(&path, changed).unwrap();
    let report = place.report(&[], 1);
    assert!(
        report["facts"]["different"].as_u64().unwrap() >= 1,
        "{report}"
    );
}

#[test]
fn it_goes_on_from_a_snapshot_and_needs_one_where_the_logs_start_is_gone() {
    let place = Place::served();
    for wanted in ["oldest", "latest"] {
        let report = place.report(&["--from-snapshot", wanted], 0);
        let count = place.alerts().len() as u64;
        let alerts = &report["alerts"];
        assert_eq!(
            alerts["equal"].as_u64().unwrap() + alerts["by_id"].as_u64().unwrap(),
            count,
            "{report}"
        );
        assert!(report["partitions"][0]["snapshot"].is_string(), "{report}");
    }
    let oldest = place.report(&["--from-snapshot", "oldest"], 0);
    assert!(oldest["alerts"]["equal"].as_u64().unwrap() > 0, "{oldest}");
    let name = oldest["partitions"][0]["snapshot"]
        .as_str()
        .unwrap()
        .to_owned();
    let named = place.report(&["--from-snapshot", &name], 0);
    assert!(named["partitions"][1].get("snapshot").is_none(), "{named}");

    for partition in 0..2 {
        // As if a segment that ended with the first half had been removed.
        let dir = place.path(&format!("log/{partition}"));
        let text = fs::read_to_string(dir.join("0.jsonl")).unwrap();
        let from = oldest["partitions"][partition]["from"].as_u64().unwrap();
        let rest: Vec<&str> = text.lines().skip(usize::try_from(from).unwrap()).collect();
        fs::write(dir.join(format!("{from}.jsonl")), rest.join("\n") + "\n").unwrap();
        fs::remove_file(dir.join("0.jsonl")).unwrap();
    }
    let report = place.report(&[], 0);
    assert_eq!(report["partitions"][0]["snapshot"], name.as_str());
    assert_eq!(report["alerts"], oldest["alerts"]);
    fs::remove_dir_all(place.path("out/snapshots")).unwrap();
    let report = place.report(&[], 78);
    let why = report["not_checked"][0].as_str().unwrap();
    assert!(why.contains("the log starts at offset"), "{why}");
}

#[test]
fn what_another_model_decided_is_compared_whole_when_its_file_is_given() {
    let place = Place::new();
    place.feed(0, 2);
    place.run();
    let other = place.path("other.json");
    let events = shop().events.clone();
    done(&[
        "train",
        "--events",
        text(&events),
        "--horizon-days",
        "20",
        "--out",
        text(&other),
    ]);
    place.configure(&other, "");
    place.feed(1, 2);
    place.run();
    let report = place.report(&[], 78);
    assert!(report["alerts"]["by_id"].as_u64().unwrap() > 0, "{report}");
    assert_eq!(report["equal"], true);
    let why = report["not_checked"][0].as_str().unwrap();
    assert!(why.contains("--model"), "{why}");
    let first = shop().model.clone();
    let report = place.report(&["--model", text(&first)], 0);
    assert_eq!(report["alerts"]["equal"], place.alerts().len(), "{report}");

    place.configure(&other, "cooldown = \"9d\"\n");
    let report = place.report(&["--model", text(&first)], 78);
    assert_eq!(report["alerts"]["by_id"], place.alerts().len(), "{report}");
    let why = report["not_checked"][0].as_str().unwrap();
    assert!(why.contains("other settings"), "{why}");
}

#[test]
fn thresholds_of_each_model_hold_while_it_decides_and_come_out_again() {
    let place = Place::new();
    let (events, model) = (shop().events.clone(), place.path("own.json"));
    let old = place.path("old.json");
    for (part, cost, open) in [(0, "6", 0.6), (1, "8", 0.8)] {
        let args = ["train", "--events", text(&events), "--out", text(&model)];
        let profit = ["--value", "100", "--saved", "0.1", "--cost", cost];
        done(&[&args[..], &profit].concat());
        place.configure(&model, "");
        let config = place.path("holdfast.toml");
        let toml = fs::read_to_string(&config).unwrap();
        fs::write(&config, toml.replace("open = 0.7\n", "")).unwrap();
        place.feed(part, 2);
        let before = place.alerts();
        place.run();
        let opened: Vec<f64> = place.alerts()[before.len()..]
            .iter()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter(|alert| alert["kind"] == "opened")
            .map(|alert| alert["churn_probability"].as_f64().unwrap())
            .collect();
        assert!(opened.len() > 5 && opened.iter().all(|p| *p >= open - 1e-9));
        assert_eq!(opened.iter().any(|p| *p < 0.8 - 1e-9), open < 0.8);
        if part == 0 {
            fs::copy(&model, &old).unwrap();
        }
    }
    let report = place.report(&["--model", text(&old)], 0);
    assert_eq!(report["alerts"]["equal"], place.alerts().len(), "{report}");
}

#[test]
fn a_killed_run_and_a_live_one_beside_it_pass() {
    let place = Place::new();
    for part in 0..3 {
        place.feed(part, 3);
        let seen = place.alerts().len();
        let mut child = place.start();
        let began = Instant::now();
        // An alert's line is in the file a moment before its commit is: 78 says that nothing is committed yet.
        while place.alerts().len() <= seen || place.verify(&[]).code == 78 {
            assert!(began.elapsed() < Duration::from_secs(60), "no alert");
            std::thread::sleep(Duration::from_millis(20));
        }
        place.report(&[], 0);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let report = place.report(&[], 0);
    assert!(report["alerts"]["equal"].as_u64().unwrap() > 0, "{report}");
}

#[test]
fn without_anything_committed_there_is_nothing_to_verify() {
    let place = Place::new();
    place.feed(0, 1);
    let said = place.verify(&[]);
    assert_eq!(said.code, 78);
    assert!(
        said.stderr.contains("nothing was committed"),
        "{}",
        said.stderr
    );
}
