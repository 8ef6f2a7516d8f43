//! `holdfast rules`: a rule table, looked at or tested.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use holdfast_playbook::{Playbook, Preset, Rule, Verdict, cases, unreached};
use serde_json::json;

use crate::cli::terminal::{counted, data, say};
use crate::cli::{Rules, RulesCommand, RulesList, RulesTest};

pub(super) fn rules(args: &Rules) -> anyhow::Result<()> {
    match &args.command {
        RulesCommand::List(args) => list(args),
        RulesCommand::Test(args) => test(args),
    }
}

/// Reads and checks the table of a file, or a shipped one.
pub(super) fn table(file: Option<&Path>, preset: Preset) -> anyhow::Result<Playbook> {
    let Some(path) = file else {
        return Playbook::parse(preset.rules()).with_context(|| preset.name().to_owned());
    };
    Playbook::parse(&text(path)?).with_context(|| path.display().to_string())
}

fn text(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn list(args: &RulesList) -> anyhow::Result<()> {
    let (file, preset) = (args.table.playbook.as_deref(), args.table.preset);
    let playbook = table(file, preset.unwrap_or(Preset::Ecommerce))?;
    let rules = playbook.rules().iter().chain([playbook.default_rule()]);
    let rows: Vec<[String; 6]> = rules.map(row).collect();
    let head = ["rule", "action", "route", "owner", "cost", "when"].map(str::to_owned);
    Ok(data(&columns(&[vec![head], rows].concat()))?)
}

fn row(rule: &Rule) -> [String; 6] {
    [
        rule.name.clone(),
        rule.action.clone(),
        rule.route.name().to_owned(),
        rule.owner.clone(),
        format!("{:.2}", rule.cost),
        rule.conditions(),
    ]
}

/// Rows under each other, every column as wide as its widest field.
fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, field) in row.iter().enumerate() {
            let wide = width(column).unwrap_or(0);
            line.push_str(&format!("{field:<wide$}  "));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn test(args: &RulesTest) -> anyhow::Result<()> {
    let (file, preset) = (args.table.playbook.as_deref(), args.table.preset);
    let preset = preset.unwrap_or(Preset::Ecommerce);
    let playbook = table(file, preset)?;
    let (name, cases_text) = match (&args.cases, file) {
        (Some(path), _) => (path.display().to_string(), text(path)?),
        (None, Some(file)) => {
            let beside = beside(file);
            (beside.display().to_string(), text(&beside)?)
        }
        (None, None) => (preset.name().to_owned(), preset.cases().to_owned()),
    };
    let cases = cases(&cases_text, &playbook).context(name)?;
    let verdicts: Vec<Verdict<'_>> = cases.iter().map(|case| case.try_on(&playbook)).collect();
    if args.json {
        let lines = verdicts
            .iter()
            .map(|verdict| format!("{}\n", as_json(verdict)));
        data(&lines.collect::<String>())?;
    } else {
        let rows: Vec<[String; 4]> = verdicts.iter().map(outcome).collect();
        data(&columns(&rows))?;
    }
    tell(&playbook, &verdicts)
}

/// `playbook.toml` has its cases in `playbook-cases.toml`.
fn beside(file: &Path) -> PathBuf {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!("{stem}-cases.toml"))
}

fn outcome(verdict: &Verdict<'_>) -> [String; 4] {
    let (case, choice) = (verdict.case, &verdict.choice);
    let rule = choice.rule.as_deref().unwrap_or("no rule");
    let got = match &choice.would_be {
        Some(left) => format!("none ({left} does not pay)"),
        None => choice.action.clone(),
    };
    let got = match (&case.rule, verdict.passed) {
        (_, true) => got,
        (Some(by), false) => format!("{got}, not {} by {by}: {}", case.action, choice.reason),
        (None, false) => format!("{got}, not {}: {}", case.action, choice.reason),
    };
    let sign = if verdict.passed { "ok" } else { "FAILED" };
    [sign.to_owned(), case.name.clone(), rule.to_owned(), got]
}

fn as_json(verdict: &Verdict<'_>) -> serde_json::Value {
    json!({
        "case": verdict.case.name,
        "passed": verdict.passed,
        "expected": {"action": verdict.case.action, "rule": verdict.case.rule},
        "recommended_action": verdict.choice,
    })
}

fn tell(playbook: &Playbook, verdicts: &[Verdict<'_>]) -> anyhow::Result<()> {
    for shadow in playbook.shadowed() {
        say(format_args!(
            "rule `{}` never comes to anything: wherever it holds, `{}` before it does",
            shadow.rule, shadow.by
        ));
    }
    for name in unreached(playbook, verdicts) {
        say(format_args!("no case reaches rule `{name}`"));
    }
    let failed = verdicts.iter().filter(|verdict| !verdict.passed).count();
    let of = counted(verdicts.len() as u64, "case");
    if failed > 0 {
        bail!("{failed} of {of} failed");
    }
    say(format_args!("{of}, each with the action that is expected"));
    Ok(())
}
