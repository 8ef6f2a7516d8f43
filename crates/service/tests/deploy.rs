//! The example configurations of `deploy/` are what `holdfast check` accepts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy")
}

fn check(config: &Path) -> Output {
    let model = deploy().join("../models/shop/model.json");
    Command::new(env!("CARGO_BIN_EXE_holdfast"))
        .arg("check")
        .arg("--config")
        .arg(config)
        // The path in the one for Kubernetes is the container's.
        .env("HOLDFAST__MODEL__PATH", model)
        .output()
        .unwrap()
}

fn configs() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = [deploy(), deploy().join("kubernetes")]
        .iter()
        .flat_map(|dir| dir.read_dir().unwrap())
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "toml"))
        .collect();
    found.sort();
    assert!(found.len() >= 3, "{found:?}");
    found
}

#[test]
fn every_example_configuration_passes_the_check() {
    for config in configs() {
        let out = check(&config);
        let text = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(out.status.success(), "{}: {text}", config.display());
    }
}

#[test]
fn an_example_with_two_faults_is_refused_with_both() {
    let text = std::fs::read_to_string(deploy().join("holdfast.toml")).unwrap();
    let text = text
        .replace("# open = 0.8", "open = 1.8")
        .replace("dwell =", "dwel =");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("holdfast.toml");
    std::fs::write(&path, text).unwrap();
    let out = check(&path);
    assert_eq!(out.status.code(), Some(78));
    let said =
        String::from_utf8_lossy(&out.stderr).into_owned() + &String::from_utf8_lossy(&out.stdout);
    assert!(
        said.contains("policy.open") && said.contains("dwel"),
        "{said}"
    );
}
