use std::fs;

use crate::ran::{holdfast, ran, run, shop, text};

fn config(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("holdfast.toml");
    fs::write(&path, text).unwrap();
    (dir, path)
}

fn with_model(rest: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    config(&format!("[model]\npath = {:?}\n{rest}", shop().model))
}

#[test]
fn a_sound_configuration_is_0() {
    let (_dir, path) = with_model("[policy]\nopen = 0.75\n");
    let ran = run(&["check", "--config", text(&path)]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("the configuration is sound; model purchase-30d-"),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.stdout, "");
}

#[test]
fn all_faults_are_listed_at_once_with_78() {
    let (_dir, path) = config("[policy]\nopne = 0.5\nclose = 7\n[silence]\ngrace = \"soon\"\n");
    let mut command = holdfast();
    command
        .args(["check", "--config", text(&path)])
        .env("HOLDFAST__HTTP__LISTEN", "nowhere");
    let ran = ran(&mut command);
    assert_eq!(ran.code, 78);
    for fault in [
        "4 faults in the configuration",
        "holdfast.toml:2: policy.opne: unknown key; did you mean `policy.open`?",
        "holdfast.toml:3: policy.close: 7 is not a probability",
        "holdfast.toml:5: silence.grace: `soon` is not a duration",
        "environment HOLDFAST__HTTP__LISTEN: http.listen: `nowhere` is no address",
    ] {
        assert!(
            ran.stderr.contains(fault),
            "{fault} is missing in\n{}",
            ran.stderr
        );
    }
}

#[test]
fn a_model_that_is_missing_broken_or_contradicted_is_78() {
    let (_none, none) = config("");
    let (_gone, gone) = config("[model]\npath = \"gone.json\"\n");
    let (broken_dir, broken) = config("[model]\npath = \"broken.json\"\n");
    fs::write(broken_dir.path().join("broken.json"), "{}").unwrap();
    let (_other, other) = with_model("[features.cart_abandon]\nsource = \"given\"\n");
    let (_money, money) = with_model("[money]\ncurrency = \"USD\"\n");
    for (path, word) in [
        (&none, "no model"),
        (&gone, "gone.json: No such file"),
        (&broken, "broken.json cannot be used"),
        (
            &other,
            "features.cart_abandon is given, the model was trained with derived after 1h",
        ),
        (
            &money,
            "money.currency is USD, the model was trained with EUR",
        ),
    ] {
        let ran = run(&["check", "--config", text(path)]);
        assert_eq!(ran.code, 78, "{}", ran.stderr);
        assert!(
            ran.stderr.contains(word),
            "{word} is missing in\n{}",
            ran.stderr
        );
    }
}

#[test]
fn a_model_that_is_missing_is_named_beside_other_faults() {
    let (_dir, path) = config("[model]\npath = \"gone.json\"\n[policy]\nclose = 7\n");
    let ran = run(&["check", "--config", text(&path)]);
    assert_eq!(ran.code, 78);
    for fault in [
        "2 faults in the configuration",
        "holdfast.toml:2: model.path: cannot read the model",
        "gone.json: No such file",
        "holdfast.toml:4: policy.close",
    ] {
        assert!(
            ran.stderr.contains(fault),
            "{fault} is missing in\n{}",
            ran.stderr
        );
    }
}

#[test]
fn a_rule_table_that_is_wrong_is_named_beside_other_faults() {
    let (dir, path) = with_model(
        "[policy]\nclose = 7\n[stage]\nname = \"growth\"\n[playbook]\nrules = \"r.toml\"\n",
    );
    fs::write(dir.path().join("r.toml"), "[economics]\nsaved = 7\n").unwrap();
    let ran = run(&["check", "--config", text(&path)]);
    assert_eq!(ran.code, 78);
    for fault in [
        "3 faults in the configuration",
        "holdfast.toml:4: policy.close",
        "holdfast.toml:5: stage: is of the rule table, see playbook.rules",
        "holdfast.toml:8: playbook.rules: ",
        "r.toml: 2 faults in the rule table",
        "\n    line 2: economics: saved: 7 is not between 0 and 1",
    ] {
        let said = &ran.stderr;
        assert!(said.contains(fault), "{fault} is missing in\n{said}");
    }
}

#[test]
fn run_and_replay_refuse_what_check_refuses() {
    let (dir, path) = with_model("[money]\ncurrency = \"USD\"\n[source]\nkind = \"log\"\n");
    let out = dir.path().join("out");
    let events = &shop().events;
    let replay = [
        "replay",
        "--events",
        text(events),
        "--config",
        text(&path),
        "--out-dir",
        text(&out),
    ];
    let run_it = [
        "run",
        "--config",
        text(&path),
        "--until-end",
        "--listen",
        "off",
    ];
    for args in [&replay[..], &run_it] {
        let ran = run(args);
        assert_eq!(ran.code, 78, "{args:?}\n{}", ran.stderr);
        assert!(
            ran.stderr.contains("money.currency is USD"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn show_tells_who_said_what_and_keeps_secrets() {
    let (_dir, path) = with_model("");
    let mut command = holdfast();
    command
        .args(["check", "--show", "--config", text(&path)])
        .env("HOLDFAST__POLICY__OPEN", "0.9")
        .env("HOLDFAST__KAFKA__PROPERTIES__SASL__PASSWORD", "hush");
    let ran = ran(&mut command);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let line = |key: &str| {
        let found = ran.stdout.lines().find(|line| line.starts_with(key));
        found
            .unwrap_or_else(|| panic!("{key} is missing in\n{}", ran.stdout))
            .to_owned()
    };
    assert!(line("policy.open").contains("# environment HOLDFAST__POLICY__OPEN"));
    assert!(line("policy.close").contains("# default"));
    assert!(line("model.path").contains("holdfast.toml:2"));
    assert!(line("kafka.properties.sasl.password").contains("(secret)"));
    assert!(!ran.stdout.contains("hush") && !ran.stderr.contains("hush"));
}

#[cfg(unix)]
#[test]
fn a_secret_that_everybody_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let (dir, path) = with_model("[kafka.properties]\nsasl.password_file = \"password\"\n");
    let secret = dir.path().join("password");
    fs::write(&secret, "hush\n").unwrap();
    for (mode, warned) in [(0o644, true), (0o640, false)] {
        fs::set_permissions(&secret, fs::Permissions::from_mode(mode)).unwrap();
        let ran = run(&["check", "--config", text(&path)]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let said = ran.stderr.contains("every user of this machine can read");
        assert_eq!(said, warned, "{mode:o}: {}", ran.stderr);
        assert!(!ran.stderr.contains("hush"), "{}", ran.stderr);
    }
}

#[test]
fn plaintext_to_another_machine_is_78() {
    let (_dir, path) = with_model("[kafka]\nbootstrap_servers = \"kafka.internal:9092\"\n");
    let ran = run(&["check", "--config", text(&path)]);
    assert_eq!(ran.code, 78, "{}", ran.stderr);
    let told = "holdfast.toml:4: kafka.bootstrap_servers: `kafka.internal:9092` is another machine";
    assert!(ran.stderr.contains(told), "{}", ran.stderr);
}
