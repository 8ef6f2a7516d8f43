//! The runbook has a section for each alert rule, and quotes messages that the program has.

use std::collections::BTreeSet;

use super::{code_lines, files, is_test_file, none, read};

const RUNBOOK: &str = "docs/runbook.md";

/// Lines that begin with `prefix`, after their indentation, without it.
fn after(text: &str, prefix: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|l| l.trim().strip_prefix(prefix));
    lines.map(str::to_owned).collect()
}

#[test]
fn every_alert_rule_has_its_section_in_the_runbook_and_no_section_is_without_a_rule() {
    let rules = read("deploy/prometheus/rules.yml");
    let runbook = read(RUNBOOK);
    let alerts = after(&rules, "- alert: ");
    let sections = after(&runbook, "### ");
    assert!(!alerts.is_empty());
    let mut faults = Vec::new();
    for (rule, text) in alerts
        .iter()
        .zip(rules.split("- alert: ").skip(1).map(str::to_owned))
    {
        let link = format!("runbook: \"{RUNBOOK}#{}\"", rule.to_lowercase());
        if !text.contains(&link) {
            faults.push(format!("{rule}: its annotations lack {link}"));
        }
        if !sections.contains(rule) {
            faults.push(format!("{RUNBOOK}: no section {rule}"));
        }
    }
    for section in &sections {
        if !alerts.contains(section) {
            faults.push(format!("{RUNBOOK}: no rule {section}"));
        }
        let body = runbook.split(&format!("### {section}\n")).nth(1).unwrap();
        let body = body.split("\n#").next().unwrap();
        for part in ["Means:", "Look at:", "Do:", "Leave it when:"] {
            if !body.contains(&format!("- **{part}** ")) {
                faults.push(format!("{RUNBOOK}: {section} lacks `{part}`"));
            }
        }
    }
    none(&faults);
}

/// The first cells of the table behind a heading.
fn first_cells(text: &str, heading: &str) -> Vec<String> {
    let table = text.split(heading).nth(1).unwrap();
    let table = table.split("\n## ").next().unwrap();
    let rows = table.lines().filter_map(|l| l.strip_prefix("| "));
    let cells = rows.map(|row| row.split(" | ").next().unwrap().to_owned());
    cells
        .skip(1)
        .filter(|cell| !cell.starts_with("---"))
        .collect()
}

#[test]
fn messages_that_the_runbook_explains_are_in_the_program() {
    let mut sources = String::new();
    for path in files().iter().filter(|p| p.ends_with(".rs")) {
        if path.starts_with("crates/") && !is_test_file(path) {
            for (_, line) in code_lines(&read(path)) {
                // Texts that are broken over lines are one text.
                sources.push_str(line.trim().trim_end_matches('\\'));
                sources.push('\n');
            }
        }
    }
    let cells = first_cells(&read(RUNBOOK), "\n## What a start refuses\n");
    assert!(cells.len() > 20, "{cells:?}");
    let mut faults = Vec::new();
    for cell in cells {
        let message = cell.trim_matches('`');
        if !sources.contains(message) {
            faults.push(format!("{RUNBOOK}: nobody says `{message}`"));
        }
    }
    none(&faults);
}

#[test]
fn every_exit_code_is_in_the_runbook() {
    let named = |text: &str| -> BTreeSet<u32> {
        let words = text.split(|c: char| !c.is_ascii_digit());
        words.filter_map(|w| w.parse().ok()).collect()
    };
    let explained = first_cells(&read(RUNBOOK), "\n## Exit codes\n").join(" ");
    // The one list of codes, in words: `Exit codes: 0, 1 failure, 2 usage, ...`.
    let architecture = read("ARCHITECTURE.md");
    let list = architecture.split("Exit codes: ").nth(1).unwrap();
    let list = list.split("second signal").next().unwrap();
    let missing: Vec<String> = named(list)
        .difference(&named(&explained))
        .map(|code| format!("{RUNBOOK}: nothing on exit code {code}"))
        .collect();
    none(&missing);
}
