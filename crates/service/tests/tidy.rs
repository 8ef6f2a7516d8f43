//! The rules that no compiler checks: sizes, arrows between crates, purity of the core, documents that name what exists.
//!
//! Prose about structure goes stale; these tests read the tree itself, so a change that breaks a rule fails here with
//! the file and the line.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "tidy/documents.rs"]
mod documents;
#[path = "tidy/runbook.rs"]
mod runbook;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Crates without I/O, clock, threads or unseeded randomness.
const CORE: [&str; 7] = [
    "events",
    "features",
    "lifecycle",
    "model",
    "playbook",
    "policy",
    "reports",
];

/// Which of the other crates each may name in its manifest.
const ARROWS: &[(&str, &[&str])] = &[
    ("consumer", &["events"]),
    ("events", &[]),
    ("features", &["events"]),
    ("lifecycle", &["events", "features"]),
    ("model", &["events", "features"]),
    ("playbook", &["features"]),
    (
        "policy",
        &["events", "features", "lifecycle", "model", "playbook"],
    ),
    // The consumer's group handle goes into the producer's transaction.
    ("producer", &["consumer", "events", "policy"]),
    ("reports", &["events"]),
    (
        "service",
        &[
            "consumer",
            "events",
            "features",
            "lifecycle",
            "model",
            "playbook",
            "policy",
            "producer",
            "reports",
            "store",
        ],
    ),
    // State comes as named pieces of bytes, which features and policy encode.
    ("store", &["events"]),
];

/// Libraries that only some crates may name.
const KEPT: &[(&str, &[&str])] = &[
    ("rdkafka", &["consumer", "producer"]),
    ("rdkafka-sys", &["consumer", "producer"]),
    ("object_store", &["store"]),
    ("tokio", &["service", "store"]),
    ("axum", &["service"]),
    ("prometheus", &["service"]),
    ("tracing", &["consumer", "producer", "service"]),
    ("tracing-subscriber", &["service"]),
    ("linfa", &["model"]),
    ("linfa-logistic", &["model"]),
    ("ndarray", &["model"]),
];

/// What the core must not say outside its tests: every one of them would make its answers depend on more than its input.
const IMPURE: [&str; 12] = [
    "std::time::SystemTime",
    "SystemTime::now",
    "Instant::now",
    "std::fs",
    "std::env",
    "std::net",
    "std::thread",
    "std::io",
    "Timestamp::now",
    "thread_rng",
    "RandomState",
    "println!",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every file of the tree by its path from the root, without what is built, fetched or written by a run.
fn files() -> Vec<String> {
    fn walk(dir: &Path, from: &Path, out: &mut Vec<String>) {
        const SKIPPED: [&str; 8] = [
            ".git",
            ".kafka",
            ".venv",
            "__pycache__",
            "holdfast-demo",
            "node_modules",
            "out",
            "target",
        ];
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if SKIPPED.contains(&name) {
                continue;
            }
            if path.is_dir() {
                walk(&path, from, out);
            } else {
                let relative = path.strip_prefix(from).unwrap();
                out.push(relative.to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    let mut out = Vec::new();
    walk(&root(), &root(), &mut out);
    out.sort();
    out
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn crates() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Names in the dependency tables of a manifest, tests and build included.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let table: toml::Table = read(manifest).parse().unwrap();
    ["dependencies", "dev-dependencies", "build-dependencies"]
        .iter()
        .filter_map(|kind| table.get(*kind)?.as_table())
        .flat_map(|t| t.keys().cloned())
        .collect()
}

/// The lines of a source file before its inline tests, without comments, numbered from 1.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    text[..end]
        .lines()
        .enumerate()
        .map(|(i, line)| (i + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn is_test_file(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs")
}

/// Fails with every fault at once.
fn none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn no_file_outgrows_its_reader() {
    let limit = |path: &str| match path {
        "README.md" => Some(199),
        "ARCHITECTURE.md" => Some(249),
        p if p.ends_with("/src/lib.rs") => Some(119),
        p if p.ends_with("/src/main.rs") => Some(79),
        p if [".rs", ".py", ".sh", ".java"]
            .iter()
            .any(|e| p.ends_with(e)) =>
        {
            Some(400)
        }
        _ => None,
    };
    let mut faults = Vec::new();
    for path in files() {
        let Some(limit) = limit(&path) else { continue };
        let lines = read(&path).lines().count();
        if lines > limit {
            faults.push(format!("{path}: {lines} lines, the limit is {limit}"));
        }
    }
    none(&faults);
}

#[test]
fn modules_are_named_after_what_they_hold() {
    const DRAWERS: [&str; 7] = [
        "mod.rs",
        "utils.rs",
        "util.rs",
        "common.rs",
        "helpers.rs",
        "misc.rs",
        "manager.rs",
    ];
    let bad = |path: &String| DRAWERS.iter().any(|d| path.ends_with(&format!("/{d}")));
    none(&files().into_iter().filter(bad).collect::<Vec<_>>());
}

#[test]
fn the_root_stays_in_view() {
    let visible: Vec<String> = fs::read_dir(root())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|n| {
            !n.starts_with('.') && !["target", "holdfast-demo", "out"].contains(&n.as_str())
        })
        .collect();
    assert!(
        visible.len() <= 18,
        "{} entries: {visible:?}",
        visible.len()
    );
}

#[test]
fn crates_depend_along_the_arrows_only() {
    let arrows: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    let mut faults = Vec::new();
    for name in crates() {
        let Some(allowed) = arrows.get(name.as_str()) else {
            faults.push(format!(
                "{name}: a crate without a row in the table of arrows"
            ));
            continue;
        };
        for dependency in dependencies(&format!("crates/{name}/Cargo.toml")) {
            let Some(other) = dependency.strip_prefix("holdfast-") else {
                continue;
            };
            if !allowed.contains(&other) {
                faults.push(format!("{name} must not depend on {other}"));
            }
        }
    }
    none(&faults);
}

#[test]
fn each_library_stays_in_its_crates() {
    let mut faults = Vec::new();
    for name in crates() {
        let dependencies = dependencies(&format!("crates/{name}/Cargo.toml"));
        for (library, owners) in KEPT {
            if dependencies.contains(*library) && !owners.contains(&name.as_str()) {
                faults.push(format!(
                    "{name} must not name {library}, only {owners:?} may"
                ));
            }
        }
    }
    none(&faults);
}

#[test]
fn every_crate_has_the_lints_of_the_workspace() {
    let inherits = |name: &String| {
        let table: toml::Table = read(&format!("crates/{name}/Cargo.toml")).parse().unwrap();
        table["lints"]["workspace"].as_bool() == Some(true)
    };
    none(
        &crates()
            .into_iter()
            .filter(|n| !inherits(n))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn the_core_is_a_function_of_its_input() {
    let mut faults = Vec::new();
    for path in files() {
        let core = CORE
            .iter()
            .any(|c| path.starts_with(&format!("crates/{c}/src/")));
        if !core || !path.ends_with(".rs") || is_test_file(&path) {
            continue;
        }
        let text = read(&path);
        for (number, line) in code_lines(&text) {
            for word in IMPURE.iter().filter(|w| line.contains(**w)) {
                faults.push(format!("{path}:{number}: {word} in a core crate"));
            }
        }
    }
    none(&faults);
}

#[test]
fn unsafe_code_is_where_rdkafka_does_not_wrap_librdkafka_only() {
    let word = concat!("un", "safe");
    let mut faults = Vec::new();
    for path in files().iter().filter(|p| p.ends_with(".rs")) {
        let own = ["src/batch.rs", "src/kafka/rights.rs"];
        if own
            .iter()
            .any(|own| *path == format!("crates/consumer/{own}"))
        {
            continue;
        }
        for (number, line) in code_lines(&read(path)) {
            let code = line.split('"').step_by(2).collect::<String>();
            if code
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .any(|w| w == word)
            {
                faults.push(format!("{path}:{number}: {line}"));
            }
        }
    }
    none(&faults);
}

#[test]
fn error_texts_start_in_lower_case_without_a_full_stop() {
    let mut faults = Vec::new();
    for path in files()
        .iter()
        .filter(|p| p.starts_with("crates/") && p.ends_with(".rs"))
    {
        for (number, line) in code_lines(&read(path)) {
            let Some(text) = line.trim().strip_prefix("#[error(\"") else {
                continue;
            };
            let text = text.split("\")").next().unwrap();
            if text.starts_with(|c: char| c.is_uppercase()) || text.ends_with('.') {
                faults.push(format!("{path}:{number}: {text}"));
            }
        }
    }
    none(&faults);
}

#[test]
fn nothing_names_the_machine_it_was_written_on() {
    // Cut in two, or this file would find itself.
    let needles = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("repo1.", "maven"),
        concat!("registry.", "npmjs"),
        concat!("pypi", ".org"),
        concat!("index.", "crates.io"),
        concat!("proxy.", "golang"),
    ];
    let mut faults = Vec::new();
    for path in files().iter().filter(|p| *p != "Cargo.lock") {
        let Ok(text) = fs::read_to_string(root().join(path)) else {
            continue; // not text
        };
        for needle in needles.iter().filter(|n| text.contains(**n)) {
            faults.push(format!("{path}: {needle}"));
        }
    }
    none(&faults);
}
