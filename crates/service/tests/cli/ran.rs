//! Running the binary.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// What a run left behind.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The binary, without the environment's own settings.
pub(crate) fn holdfast() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("HOLDFAST__")) {
        command.env_remove(name);
    }
    command.env_remove("RUST_LOG");
    command
}

pub(crate) fn ran(command: &mut Command) -> Ran {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    Ran {
        code: status.code().unwrap(),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

pub(crate) fn run(args: &[&str]) -> Ran {
    ran(holdfast().args(args))
}

/// As [`run`], and it has to succeed.
pub(crate) fn done(args: &[&str]) -> Ran {
    let ran = run(args);
    assert_eq!(ran.code, 0, "holdfast {args:?}\n{}", ran.stderr);
    ran
}

/// A small shop and a model of it, made once.
pub(crate) struct Shop {
    _dir: tempfile::TempDir,
    pub(crate) events: PathBuf,
    pub(crate) model: PathBuf,
}

pub(crate) fn shop() -> &'static Shop {
    static SHOP: OnceLock<Shop> = OnceLock::new();
    SHOP.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let (events, model) = (dir.path().join("shop.jsonl"), dir.path().join("model.json"));
        let days = ["--customers", "250", "--days", "150", "--seed", "3"];
        done(&[&["generate", "--out", text(&events)][..], &days].concat());
        done(&["train", "--events", text(&events), "--out", text(&model)]);
        Shop {
            _dir: dir,
            events,
            model,
        }
    })
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
