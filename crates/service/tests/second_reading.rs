//! `holdfast run` reads its input again after a restart: it has to be the same input, but for what is to be left out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use holdfast_producer::SegmentWriter;

const TS: i64 = 1_767_225_600_000;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/plain-model.json");
        let text = format!(
            "[source]\nkind = \"log\"\n[log]\ninput = \"log\"\noutput = \"out\"\n[silence]\nclock = \"event\"\n\
             [http]\nlisten = \"off\"\n[model]\npath = {model:?}\n"
        );
        fs::write(place.path("holdfast.toml"), text).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Twenty events of one customer; the one in the middle is of this type.
    fn write_log(&self, middle: &str) {
        fs::remove_dir_all(self.path("log")).ok();
        let mut writer = SegmentWriter::open(&self.path("log"), 1).unwrap();
        for number in 0..20 {
            let kind = if number == 10 { middle } else { "page_view" };
            let ts = TS + number;
            let value = format!(
                "{{\"event_id\":\"e{number}\",\"customer_id\":\"c\",\"type\":\"{kind}\",\"ts\":{ts}}}"
            );
            writer.append(b"c", Some(value.as_bytes())).unwrap();
        }
        writer.flush().unwrap();
    }

    fn run(&self, args: &[&str], env: &[(&str, &str)]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_holdfast"))
            .args(["run", "--until-end", "--config"])
            .arg(self.path("holdfast.toml"))
            .args(args)
            .envs(env.iter().copied())
            .output()
            .unwrap()
    }

    fn ended(&self, args: &[&str], code: i32) -> String {
        let output = self.run(args, &[]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{text}");
        text
    }
}

#[test]
fn a_log_with_another_record_in_its_middle_is_refused() {
    let place = Place::new();
    place.write_log("page_view");
    place.ended(&[], 0);
    // With its snapshot it reads nothing again, and what is new goes on from there.
    place.write_log("support_contact");
    place.ended(&[], 0);
    fs::remove_dir_all(place.path("out/snapshots")).unwrap();
    let text = place.ended(&[], 78);
    let words = "the records before offset 20 are not those that were worked before";
    assert!(text.contains(words), "{text}");
    place.ended(&["--on-gap=accept"], 0);
    // The same as at first is fine.
    fs::remove_dir_all(place.path("out/snapshots")).unwrap();
    place.write_log("page_view");
    place.ended(&[], 0);
}

#[test]
fn a_record_that_is_to_be_skipped_goes_to_the_dead_letters_unseen() {
    let place = Place::new();
    place.write_log("purchase");
    let output = place.run(&[], &[("HOLDFAST__RUN__SKIP", "0:10,1:3")]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["events"], 20);
    let letters = fs::read_to_string(place.path("out/dead-letters.jsonl")).unwrap();
    let letters: Vec<serde_json::Value> = letters
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0]["reason"], "skipped");
    assert_eq!(letters[0]["offset"], 10);
    assert!(letters[0]["value"].to_string().contains("purchase"));
    // Read again without its snapshot, and left out again: nothing has changed.
    fs::remove_dir_all(place.path("out/snapshots")).unwrap();
    let again = place.run(&[], &[("HOLDFAST__RUN__SKIP", "0:10")]);
    assert_eq!(again.status.code(), Some(0));
    let after = fs::read_to_string(place.path("out/dead-letters.jsonl")).unwrap();
    assert_eq!(after.lines().count(), 1);
}
