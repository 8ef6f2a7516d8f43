//! Documents, rules and dashboards name only what is there.

use std::collections::BTreeSet;

use super::{files, none, read, root};

/// Texts between backticks on one line.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2))
}

const DOCUMENTS: [&str; 8] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "docs/bad-input.md",
    "docs/capacity.md",
    "docs/retention.md",
    "docs/runbook.md",
    "docs/security.md",
];

#[test]
fn commands_in_the_documents_are_in_the_makefile() {
    let makefile = read("Makefile");
    let mut faults = Vec::new();
    for document in DOCUMENTS {
        for line in read(document).lines() {
            let command = line.trim_start_matches("$ ");
            let spans = quoted(line).chain([command]);
            for target in spans.filter_map(|s| s.strip_prefix("make ")?.split_whitespace().next()) {
                if !makefile.contains(&format!("\n{target}: ")) {
                    faults.push(format!("{document}: no target `{target}` in the Makefile"));
                }
            }
        }
    }
    none(&faults);
}

#[test]
fn paths_in_the_documents_exist() {
    let path_like = |s: &&str| {
        let first = s.split('/').next().unwrap();
        let known = [
            "crates", "benches", "deploy", "docs", "models", "schemas", "scripts", ".ci",
        ];
        known.contains(&first) || (!s.contains('/') && s.ends_with(".md"))
    };
    let mut faults = Vec::new();
    for document in DOCUMENTS {
        let text = read(document);
        let links = text.split("](").skip(1).filter_map(|s| s.split(')').next());
        let links = links.filter(|l| !l.contains(':') && !l.starts_with('#'));
        let words = quoted(&text)
            .flat_map(str::split_whitespace)
            .filter(path_like);
        for path in words.chain(links) {
            let path = path.split('#').next().unwrap().trim_end_matches(',');
            if path.contains(['<', '*', '{']) {
                continue;
            }
            // A link is relative to its page.
            let beside = root().join(document).with_file_name(path);
            if !root().join(path).exists() && !beside.exists() {
                faults.push(format!("{document}: no {path}"));
            }
        }
    }
    none(&faults);
}

/// Words that start with the metric prefix.
fn metric_names(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|w| w.starts_with("holdfast_") && w.len() > "holdfast_".len())
        .map(str::to_owned)
        .collect()
}

#[test]
fn metrics_in_rules_and_dashboards_are_exported() {
    let sources = [
        "metrics.rs",
        "metrics/input.rs",
        "metrics/snapshots.rs",
        "metrics/watch.rs",
    ];
    let sources = sources.map(|file| read(&format!("crates/service/src/{file}")));
    let exported = metric_names(&sources.concat());
    let mut faults = Vec::new();
    for path in files().iter().filter(|p| p.starts_with("deploy/")) {
        for name in metric_names(&read(path)) {
            let base = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|s| name.strip_suffix(s));
            if !exported.contains(&name) && !base.is_some_and(|b| exported.contains(b)) {
                faults.push(format!("{path}: no metric {name} in metrics.rs"));
            }
        }
    }
    none(&faults);
}

/// Names of functions in `text` that no source file defines.
fn absent_tests(text: &str) -> Vec<String> {
    let sources: Vec<String> = files()
        .iter()
        .filter(|p| p.starts_with("crates/") && p.ends_with(".rs"))
        .map(|p| read(p))
        .collect();
    let is_name = |word: &&str| {
        word.matches('_').count() >= 3
            && !word.starts_with("holdfast_")
            && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    quoted(text)
        .filter(is_name)
        .filter(|name| {
            let definition = format!("fn {name}(");
            !sources.iter().any(|s| s.contains(&definition))
        })
        .map(str::to_owned)
        .collect()
}

#[test]
fn tests_that_the_documents_name_exist() {
    let mut faults = Vec::new();
    for document in [
        "ARCHITECTURE.md",
        "docs/bad-input.md",
        "docs/reliability.md",
    ] {
        let absent = absent_tests(&read(document));
        faults.extend(
            absent
                .iter()
                .map(|name| format!("{document}: no test {name}")),
        );
    }
    none(&faults);
}

#[test]
fn every_row_of_bad_input_names_a_test() {
    let text = read("docs/bad-input.md");
    let rows: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| ---"))
        .filter(|line| !line.ends_with("| shown by |"))
        .collect();
    assert!(rows.len() > 50, "{} rows", rows.len());
    let untested = |row: &&&str| {
        let last = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        !last
            .split(", ")
            .all(|name| name.starts_with('`') && name.matches('_').count() >= 3)
    };
    none(
        &rows
            .iter()
            .filter(untested)
            .map(|r| (*r).to_owned())
            .collect::<Vec<_>>(),
    );
}

#[test]
fn c_libraries_of_the_security_page_are_those_of_the_lock_file() {
    let (page, lock) = (read("docs/security.md"), read("Cargo.lock"));
    let mut checked = 0;
    let mut faults = Vec::new();
    let rows = page.lines().skip_while(|row| !row.starts_with("| library"));
    for row in rows.filter(|row| row.starts_with("| ")) {
        let Some((_, by)) = row.rsplit_once("| `") else {
            continue;
        };
        let Some((name, rest)) = by.split_once("` ") else {
            continue;
        };
        let version = rest.split([',', ' ']).next().unwrap_or_default();
        checked += 1;
        if !lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"\n")) {
            faults.push(format!("{name} {version} is not in Cargo.lock"));
        }
    }
    assert_eq!(checked, 4);
    none(&faults);
}
