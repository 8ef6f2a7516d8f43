//! `holdfast run` on a disk that does not answer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use holdfast_producer::SegmentWriter;

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn config(dir: &Path) -> PathBuf {
    let path = dir.join("holdfast.toml");
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/plain-model.json");
    let text = format!(
        "[source]\nkind = \"log\"\n[log]\ninput = \"log\"\noutput = \"out\"\n[silence]\nclock = \"event\"\n\
         [http]\nlisten = \"off\"\n[model]\npath = {model:?}\n[run]\nwatchdog = \"30s\"\n"
    );
    fs::write(&path, text).unwrap();
    path
}

fn feed(dir: &Path, ts: i64) {
    let mut writer = SegmentWriter::open(&dir.join("log"), 1).unwrap();
    let value = format!(
        "{{\"event_id\":\"e{ts}\",\"customer_id\":\"c\",\"type\":\"page_view\",\"ts\":{ts}}}"
    );
    writer.append(b"c", Some(value.as_bytes())).unwrap();
    writer.flush().unwrap();
}

fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < Duration::from_secs(90), "no {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_commit_that_never_returns_ends_the_process_with_70_and_is_named() {
    const TS: i64 = 1_767_225_600_000;
    let dir = tempfile::tempdir().unwrap();
    feed(dir.path(), TS);
    let log = dir.path().join("run.log");
    let mut running = Killed(
        Command::new(env!("CARGO_BIN_EXE_holdfast"))
            .arg("run")
            .arg("--config")
            .arg(config(dir.path()))
            .stderr(fs::File::create(&log).unwrap())
            .stdout(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let committed = |offset: u32| {
        let manifest = fs::read_to_string(dir.path().join("out/manifest.json")).ok()?;
        let next = format!("\"next_offset\": {offset}");
        manifest.contains(&next).then_some(())
    };
    wait_for("commit of the first event", || committed(1));
    // The next commit writes its manifest into a pipe that nobody reads: as a disk that stalls, it never returns.
    let made = Command::new("mkfifo")
        .arg(dir.path().join("out/manifest.json.new"))
        .status();
    assert!(made.unwrap().success());
    feed(dir.path(), TS + 1);
    let stalled_at = Instant::now();
    let status = wait_for("end", || running.0.try_wait().unwrap());
    let text = fs::read_to_string(&log).unwrap();
    assert_eq!(status.code(), Some(70), "{text}");
    assert!(text.contains("the commit has not got on"), "{text}");
    assert!(stalled_at.elapsed() > Duration::from_secs(25), "too early");
}
