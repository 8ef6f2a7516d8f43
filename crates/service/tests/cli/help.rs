use crate::ran::{done, run};

/// Each command and the flags that other tools rely on.
const COMMANDS: &[(&[&str], &[&str])] = &[
    (
        &["demo"],
        &[
            "--customers",
            "--days",
            "--seed",
            "--speed",
            "--port",
            "--out",
            "--kafka",
            "--quiet",
        ],
    ),
    (&["run"], &["--config", "--until-end", "--on-gap"]),
    (&["check"], &["--config", "--show"]),
    (
        &["train"],
        &[
            "--events",
            "--horizon-days",
            "--label",
            "--active-days",
            "--until",
            "--currency",
            "--out",
            "--report",
            "--config",
            "--train-cutoffs-ms",
        ],
    ),
    (
        &["evaluate"],
        &[
            "--events",
            "--horizon-days",
            "--label",
            "--active-days",
            "--out-dir",
            "--config",
        ],
    ),
    (
        &["score"],
        &[
            "--events",
            "--model",
            "--cutoff-ms",
            "--active-days",
            "--out",
            "--config",
        ],
    ),
    (
        &["replay"],
        &[
            "--events",
            "--config",
            "--model",
            "--out-dir",
            "--partitions",
            "--until",
            "--from-snapshot",
        ],
    ),
    (
        &["explain"],
        &[
            "--events",
            "--model",
            "--customer",
            "--at",
            "--json",
            "--config",
        ],
    ),
    (
        &["generate"],
        &[
            "--customers",
            "--days",
            "--seed",
            "--start",
            "--out",
            "--truth",
        ],
    ),
    (&["init"], &["--preset", "--dir", "--force"]),
    (&["rules"], &["list", "test"]),
    (&["rules", "list"], &["--playbook", "--preset"]),
    (
        &["rules", "test"],
        &["--playbook", "--preset", "--cases", "--json"],
    ),
    (&["sample"], &["--preset", "--playbook", "--n", "--seed"]),
    (&["topics"], &["plan", "apply"]),
    (&["topics", "plan"], &["--config", "--dry-run"]),
    (&["topics", "apply"], &["--config", "--dry-run"]),
    (&["dlq"], &["list", "replay"]),
    (&["dlq", "list"], &["--config", "--reason", "--dry-run"]),
    (&["dlq", "replay"], &["--config", "--reason", "--dry-run"]),
    (
        &["snapshot", "list"],
        &["--config", "--partition", "--json"],
    ),
    (
        &["snapshot", "verify"],
        &["--config", "--partition", "--json"],
    ),
    (&["snapshot", "export"], &["--config", "--to", "--all"]),
    (&["snapshot", "import"], &["--config", "--from", "--all"]),
    (
        &["verify"],
        &["--config", "--model", "--from-snapshot", "--show", "--json"],
    ),
    (&["rescale"], &["--config", "--partitions", "--dry-run"]),
    (&["forget"], &["--config", "--dry-run", "--check"]),
    (&["schema"], &[]),
    (&["completions"], &["bash", "zsh", "fish"]),
];

#[test]
fn every_command_explains_itself_and_its_flags() {
    for (command, flags) in COMMANDS {
        let help = done(&[command, &["--help"][..]].concat()).stdout;
        for flag in *flags {
            assert!(
                help.contains(flag),
                "{flag} is missing in the help of {command:?}\n{help}"
            );
        }
    }
}

#[test]
fn examples_stand_before_the_usage() {
    for (command, _) in COMMANDS.iter().filter(|(command, _)| command.len() == 1) {
        let help = done(&[command, &["--help"][..]].concat()).stdout;
        let at = |what: &str| {
            help.find(what)
                .unwrap_or_else(|| panic!("no {what} in\n{help}"))
        };
        assert!(at("Examples:") < at("Usage:"), "{command:?}\n{help}");
        assert!(
            help.contains(&format!("  holdfast {}", command[0])),
            "{command:?}\n{help}"
        );
    }
}

#[test]
fn the_exit_codes_are_written_down() {
    let help = done(&["--help"]).stdout;
    for code in [
        "0 done",
        "1 failed",
        "2 wrong usage",
        "3 the data",
        "70 ",
        "75 ",
        "78 ",
        "130/143",
    ] {
        assert!(help.contains(code), "{code} is missing in\n{help}");
    }
}

#[test]
fn wrong_usage_is_2_and_names_what_was_meant() {
    for (args, word) in [
        (&["trian"][..], "train"),
        (&["train"], "--events"),
        (&["replay", "--event", "x"], "--events"),
        (
            &["generate", "--customers", "0", "--out", "-"],
            "0 is not in",
        ),
        (
            &["generate", "--customers", "many", "--out", "-"],
            "invalid digit",
        ),
        (&["demo", "--speed", "slow"], "a factor of at least 1"),
        (&["dlq", "list", "--reason", "ugly"], "malformed"),
        (&["completions", "ksh"], "bash"),
        (&[], "Usage"),
    ] {
        let ran = run(args);
        assert_eq!(ran.code, 2, "{args:?}");
        assert!(ran.stderr.contains(word), "{args:?}\n{}", ran.stderr);
        assert_eq!(ran.stdout, "", "{args:?}");
    }
}

#[test]
fn version_and_completions_are_data() {
    assert_eq!(done(&["--version"]).stdout, "holdfast 0.1.0\n");
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            done(&["completions", shell]).stdout.contains("holdfast"),
            "{shell}"
        );
    }
}

#[test]
fn each_schema_is_json_and_an_unknown_one_is_refused() {
    let list = done(&["schema"]).stdout;
    let names: Vec<&str> = list
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(
        names,
        [
            "event",
            "alert",
            "decision",
            "segment",
            "lifecycle",
            "cart",
            "kpi",
            "worklist",
            "dead-letter",
            "journal",
            "model",
            "report"
        ]
    );
    for name in names {
        let text = done(&["schema", name]).stdout;
        let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            schema["$schema"], "https://json-schema.org/draft/2020-12/schema",
            "{name}"
        );
    }
    let refused = run(&["schema", "evnt"]);
    assert_eq!(refused.code, 1);
    assert!(
        refused.stderr.contains(
            "event, alert, decision, segment, lifecycle, cart, kpi, worklist, dead-letter, journal, model, report"
        ),
        "{}",
        refused.stderr
    );
}
