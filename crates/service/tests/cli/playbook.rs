//! `holdfast init`, `rules` and `sample`: what to do about an alert.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::ran::{Ran, done, run, shop, text};

fn init(dir: &Path, preset: &str, extra: &[&str]) -> Ran {
    run(&[&["init", "--preset", preset, "--dir", text(dir)][..], extra].concat())
}

#[test]
fn what_init_writes_is_sound_and_leads_to_alerts() {
    let dir = tempfile::tempdir().unwrap();
    for preset in ["ecommerce", "saas"] {
        let at = dir.path().join(preset);
        let ran = init(&at, preset, &[]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let (config, table) = (at.join("holdfast.toml"), at.join("playbook.toml"));
        for file in [&config, &table, &at.join("playbook-cases.toml")] {
            assert!(ran.stderr.contains(&format!("wrote {}", file.display())));
        }
        done(&["rules", "test", "--playbook", text(&table)]);
        fs::copy(&shop().model, at.join("model.json")).unwrap();
        done(&["check", "--config", text(&config)]);
        let out = at.join("replayed");
        let events = ["--events", text(&shop().events), "--out-dir", text(&out)];
        done(&[&["replay", "--config", text(&config)][..], &events].concat());
        assert!(out.join("alerts.jsonl").exists());
    }
}

#[test]
fn init_leaves_alone_what_is_there_unless_told() {
    let dir = tempfile::tempdir().unwrap();
    let table = dir.path().join("playbook.toml");
    fs::write(&table, "mine").unwrap();
    let refused = init(dir.path(), "saas", &[]);
    assert_eq!(refused.code, 1);
    assert!(
        refused
            .stderr
            .contains("playbook.toml already there: nothing was written"),
        "{}",
        refused.stderr
    );
    assert_eq!(fs::read_to_string(&table).unwrap(), "mine");
    assert!(!dir.path().join("holdfast.toml").exists());
    assert_eq!(init(dir.path(), "saas", &["--force"]).code, 0);
    assert_ne!(fs::read_to_string(&table).unwrap(), "mine");
}

#[test]
fn an_unknown_preset_is_refused_with_those_there_are() {
    let dir = tempfile::tempdir().unwrap();
    let refused = init(dir.path(), "shop", &[]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("presets are ecommerce, saas"));
}

#[test]
fn a_shipped_table_is_listed_in_its_order() {
    let listed = done(&["rules", "list", "--preset", "saas"]).stdout;
    let rules: Vec<&str> = listed
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(
        (rules[0], rules[1], rules[2], rules.last()),
        ("rule", "slow_reply", "open_ticket", Some(&"default"))
    );
    assert!(listed.contains("open_tickets >= 1"), "{listed}");
}

#[test]
fn every_case_of_a_shipped_table_passes() {
    for preset in ["ecommerce", "saas"] {
        let ran = done(&["rules", "test", "--preset", preset]);
        assert!(
            ran.stdout.lines().all(|line| line.starts_with("ok ")),
            "{}",
            ran.stdout
        );
        assert!(!ran.stderr.contains("reaches"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("never"), "{}", ran.stderr);
        let json = done(&["rules", "test", "--preset", preset, "--json"]).stdout;
        for line in json.lines() {
            let value: Value = serde_json::from_str(line).unwrap();
            assert_eq!(value["passed"], true, "{line}");
            assert_eq!(
                value["expected"]["action"],
                value["recommended_action"]["action"]
            );
        }
    }
}

const TABLE: &str = r#"
[economics]
saved = 0.1

[[rule]]
name = "wide"
when = { orders = ">= 1" }
action = "mail"
route = "automation"
owner = "x"

[[rule]]
name = "narrow"
when = { orders = "3..9" }
action = "call"
route = "sales"
owner = "x"

[default]
action = "none"
route = "automation"
owner = "x"
"#;

#[test]
fn a_failed_case_is_1_and_rules_nobody_reaches_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let (table, cases) = (
        dir.path().join("own.toml"),
        dir.path().join("own-cases.toml"),
    );
    fs::write(&table, TABLE).unwrap();
    let case =
        "[[case]]\nname = \"a\"\nexpect = \"call\"\ngiven = { orders = 5, p = 0.5, value = 9 }\n";
    fs::write(&cases, case).unwrap();
    let failed = run(&["rules", "test", "--playbook", text(&table)]);
    assert_eq!(failed.code, 1, "{}", failed.stderr);
    assert!(
        failed
            .stdout
            .starts_with("FAILED  a  wide  mail, not call: "),
        "{}",
        failed.stdout
    );
    for said in [
        "rule `narrow` never comes to anything: wherever it holds, `wide` before it does",
        "no case reaches rule `narrow`",
        "no case reaches rule `default`",
        "1 of 1 case failed",
    ] {
        assert!(failed.stderr.contains(said), "{said}\n{}", failed.stderr);
    }
}

#[test]
fn a_table_with_faults_is_78_with_all_of_them() {
    let dir = tempfile::tempdir().unwrap();
    let table = dir.path().join("own.toml");
    fs::write(
        &table,
        TABLE.replace("orders", "ordrs").replace("sales", "sale"),
    )
    .unwrap();
    for args in [
        &["rules", "test", "--playbook", text(&table)][..],
        &["rules", "list", "--playbook", text(&table)],
        &["sample", "--playbook", text(&table)],
    ] {
        let refused = run(args);
        assert_eq!(refused.code, 78, "{args:?}\n{}", refused.stderr);
        for said in [
            "own.toml: 3 faults in the rule table",
            "line 7: rule `wide`: when.ordrs: unknown condition `ordrs`; did you mean `orders`?",
            "line 14: rule `narrow`: when.ordrs: unknown condition `ordrs`; did you mean `orders`?",
            "line 16: rule `narrow`: route: unknown route `sale`; did you mean `sales`?",
        ] {
            assert!(refused.stderr.contains(said), "{said}\n{}", refused.stderr);
        }
    }
}

#[test]
fn samples_match_the_schema_and_show_many_rules() {
    for preset in ["ecommerce", "saas"] {
        sampled_as_the_schema_says(preset);
    }
}

fn sampled_as_the_schema_says(preset: &str) {
    let sampled = done(&["sample", "--n", "30", "--preset", preset]).stdout;
    let schema: Value = serde_json::from_str(&done(&["schema", "alert"]).stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut rules = BTreeSet::new();
    let mut before = 0;
    assert_eq!(sampled.lines().count(), 30);
    for line in sampled.lines() {
        let alert: Value = serde_json::from_str(line).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(&alert)
            .map(|e| e.to_string())
            .collect();
        assert_eq!(faults, [] as [String; 0], "{line}");
        let at = alert["as_of"].as_i64().unwrap();
        assert!(before <= at, "in the order of time");
        before = at;
        let action = &alert["recommended_action"];
        assert_eq!(action["act"], action["action"] != "none", "{action}");
        if let (Some(profit), Some(p)) = (
            action["expected_profit"].as_f64(),
            alert["churn_probability"].as_f64(),
        ) {
            assert!(profit >= -action["cost"].as_f64().unwrap() && p > 0.0);
        }
        rules.insert(action["rule"].to_string());
    }
    assert!(rules.len() >= 5, "{rules:?}");
}

#[test]
fn equal_seeds_give_equal_samples() {
    let sampled = |seed: &str| done(&["sample", "--n", "5", "--seed", seed]).stdout;
    assert_eq!(sampled("3"), sampled("3"));
    assert_ne!(sampled("3"), sampled("4"));
}

/// The text between two lines of the document.
fn between<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    let rest = page.split_once(from).unwrap().1;
    rest.split_once(to).unwrap().0.trim()
}

#[test]
fn the_document_shows_what_the_commands_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/playbook.md");
    let page = fs::read_to_string(&path).unwrap();
    let json = done(&["rules", "test", "--preset", "ecommerce", "--json"]).stdout;
    let first: Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    let example = serde_json::to_string_pretty(&first["recommended_action"]).unwrap();
    let priors = holdfast_playbook::Priors::default();
    let mut table = "| name | figures | what | source |\n| --- | --- | --- | --- |".to_owned();
    for prior in priors.iter() {
        let (low, high) = (prior.range.low, prior.range.high);
        let figures = if low == high {
            low.to_string()
        } else {
            format!("{low} to {high}")
        };
        let unit = match prior.kind {
            holdfast_playbook::PriorKind::Absolute => format!("{figures} %"),
            holdfast_playbook::PriorKind::Relative => format!("+{figures} %"),
            holdfast_playbook::PriorKind::Factor => format!("{figures} times"),
        };
        table += &format!(
            "\n| `{}` | {unit} | {} | {} |",
            prior.name, prior.about, prior.source
        );
    }
    if std::env::var_os("HOLDFAST_WRITE_EXAMPLES").is_some() {
        let shown = between(&page, "```json\n", "\n```");
        let listed = page.rsplit_once("`word_of_mouth = 30`.").unwrap().1.trim();
        let text = page.replace(shown, &example).replace(listed, &table);
        fs::write(&path, text).unwrap();
        return;
    }
    let accept = "set HOLDFAST_WRITE_EXAMPLES=1 to accept a change";
    assert_eq!(between(&page, "```json\n", "\n```"), example, "{accept}");
    assert!(page.contains(&table), "{accept}\n{table}");
    // Every condition that is a fact, and every action that ships.
    for fact in holdfast_playbook::Fact::ALL {
        assert!(
            page.contains(&format!("`{}`", fact.name())),
            "{}",
            fact.name()
        );
    }
    for preset in holdfast_playbook::Preset::ALL {
        let playbook = holdfast_playbook::Playbook::parse(preset.rules()).unwrap();
        for rule in playbook.rules() {
            assert!(page.contains(&rule.action), "{}", rule.action);
        }
    }
}
