use std::fs;

use super::*;

fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("holdfast.toml");
    fs::write(&path, text).unwrap();
    (dir, path)
}

fn load(text: &str) -> Result<Settings, Vec<String>> {
    let (dir, path) = file(text);
    let strip = format!("{}/", dir.path().display());
    Layers::of_file(&path)
        .load()
        .map(|loaded| loaded.settings)
        .map_err(|faults| {
            faults
                .0
                .iter()
                .map(|f| f.to_string().replace(&strip, ""))
                .collect()
        })
}

#[test]
fn an_empty_file_gives_the_documented_defaults() {
    let s = load("").unwrap();
    assert_eq!((s.policy.open, s.policy.close), (0.8, 0.7));
    assert_eq!(s.policy.bands, [0.9]);
    assert_eq!(
        (s.policy.dwell_ms, s.policy.cooldown_ms),
        (86_400_000, 7 * 86_400_000)
    );
    assert_eq!(
        s.alerts,
        Alerts {
            not_before: None,
            format: AlertFormat::Json
        }
    );
    assert_eq!(
        s.topics,
        Topics {
            input: "events".into(),
            alerts: "at-risk".into(),
            dead_letters: "events.dlq".into(),
            streams: s.topics.streams.clone(), // by the test of rights, which names them all
            journal: "holdfast.journal".into(),
        }
    );
    assert_eq!(s.http.listen.unwrap().to_string(), "127.0.0.1:9464");
    assert_eq!(
        (s.silence.grace_ms, s.silence.idle_after_ms),
        (3_600_000, 30_000)
    );
    assert_eq!(s.model_path, None);
    assert_eq!(s, Settings::defaults_in(&s));
}

impl Settings {
    /// The defaults with the paths of `other`, which depend on where the file lies.
    fn defaults_in(other: &Self) -> Self {
        Self {
            log: other.log.clone(),
            snapshot: Snapshot {
                location: other.snapshot.location.clone(),
                ..Self::defaults().snapshot
            },
            ..Self::defaults()
        }
    }
}

/// Text of a file, the faults it has (all of them, in order).
const FAULTS: &[(&str, &[&str])] = &[
    (
        "[policy]\nopne = 0.5\n",
        &["holdfast.toml:2: policy.opne: unknown key; did you mean `policy.open`?"],
    ),
    (
        "[polcy]\nopen = 0.5\n",
        &["holdfast.toml:2: polcy.open: unknown key; did you mean `policy.open`?"],
    ),
    (
        "[topics]\ngroup_id = \"g\"\n",
        &["holdfast.toml:2: topics.group_id: unknown key; did you mean `kafka.group_id`?"],
    ),
    ("colour = 1\n", &["holdfast.toml:1: colour: unknown key"]),
    (
        "[policy]\nopen = 1.5\n",
        &["holdfast.toml:2: policy.open: 1.5 is not a probability between 0 and 1"],
    ),
    (
        "[policy]\nopen = \"high\"\n",
        &["holdfast.toml:2: policy.open: wants a number, not \"high\""],
    ),
    (
        "[policy]\nopen = 0.6\nclose = 0.65\n",
        &["holdfast.toml:3: policy.close: 0.65 is above policy.open, 0.6"],
    ),
    (
        "[policy]\nopen = 0.8\nbands = [0.7]\n",
        &["holdfast.toml:3: policy.bands: 0.7 is not between policy.open, 0.8, and 1"],
    ),
    (
        "[policy]\nbands = [0.95, 0.9]\n",
        &["holdfast.toml:2: policy.bands: are not in ascending order"],
    ),
    (
        "[features]\nmax_customers = 0\n",
        &["holdfast.toml:2: features.max_customers: 0 is not between 1 and 4294967295"],
    ),
    (
        "[features]\nmax_customers = 10.5\n",
        &["holdfast.toml:2: features.max_customers: wants a whole number, not 10.5"],
    ),
    (
        "[snapshot]\nlocation = \"gs://bucket\"\ninterval = \"10ms\"\nkeep = 2\n",
        &[
            "holdfast.toml:2: snapshot.location: `gs://bucket` is no place for snapshots: write a directory, file:///path or s3://bucket/prefix",
            "holdfast.toml:3: snapshot.interval: 10ms is shorter than 1s",
            "holdfast.toml:4: snapshot.keep: 2 is not between 3 and 1000",
        ],
    ),
    (
        "[policy]\ndwell = \"1 day\"\n",
        &[
            "holdfast.toml:2: policy.dwell: `1 day` is not a duration; write it like \"7d\", \"1h30m\" or \"30s\"",
        ],
    ),
    (
        "[policy]\ndwell = 5\n",
        &["holdfast.toml:2: policy.dwell: wants a duration such as \"7d\" or \"30s\", not 5"],
    ),
    (
        "[policy]\nmode = \"fast\"\n",
        &["holdfast.toml:2: policy.mode: `fast` is not \"episodes\" or \"plain\""],
    ),
    (
        "policy = 3\n",
        &["holdfast.toml:1: policy: is a table of settings, not one value"],
    ),
    (
        "[policy.open]\nx = 1\n",
        &["holdfast.toml:1: policy.open: is one value, not a table"],
    ),
    (
        "[app]\nid = \"a b\"\n",
        &[
            "holdfast.toml:2: app.id: `a b` may have letters, digits, `.`, `_` and `-` only, at most 249",
        ],
    ),
    (
        "[app]\ntime_zone = \"Mars/Olympus\"\n",
        &[
            "holdfast.toml:2: app.time_zone: `Mars/Olympus` is no IANA time zone such as \"Europe/Berlin\"",
        ],
    ),
    (
        "[kafka]\nbootstrap_servers = \"broker\"\n",
        &["holdfast.toml:2: kafka.bootstrap_servers: `broker` is not host:port"],
    ),
    (
        "[kafka.properties]\n\"isolation.level\" = \"read_uncommitted\"\n",
        &[
            "holdfast.toml:2: kafka.properties.isolation.level: cannot be set: aborted input must stay unseen",
        ],
    ),
    (
        "[kafka.properties]\nsasl.username = \"a\"\nsasl.username_file = \"b\"\n",
        &[
            "holdfast.toml:3: kafka.properties.sasl.username_file: `sasl.username` is given as a value and as a file",
        ],
    ),
    (
        "[topics]\nalerts = \"events\"\n",
        &["holdfast.toml:2: topics.alerts: is `events`, the input topic"],
    ),
    (
        "[features.cart_abandon]\nsource = \"given\"\nafter = \"1h\"\n",
        &["holdfast.toml:3: features.cart_abandon.after: has no meaning when abandons are given"],
    ),
    (
        "[alerts]\nnot_before = \"soon\"\n",
        &[
            "holdfast.toml:2: alerts.not_before: `soon` is not ms, a date, an RFC 3339 instant or \"none\"",
        ],
    ),
    (
        "[money]\ncurrency = \"euro\"\n",
        &[
            "holdfast.toml:2: money.currency: `euro` is no ISO 4217 code such as \"EUR\", nor \"ignore\"",
        ],
    ),
    (
        "[http]\nlisten = \"9464\"\n",
        &[
            "holdfast.toml:2: http.listen: `9464` is no address such as \"127.0.0.1:9464\", nor \"off\"",
        ],
    ),
    (
        "[policy]\nopen = 2\ndwel = \"1d\"\n[silence]\nenabled = 1\n",
        &[
            "holdfast.toml:2: policy.open: 2 is not a probability between 0 and 1",
            "holdfast.toml:3: policy.dwel: unknown key; did you mean `policy.dwell`?",
            "holdfast.toml:5: silence.enabled: wants true or false, not 1",
        ],
    ),
];

#[test]
fn each_fault_is_named_with_its_line_and_all_are_listed() {
    for (text, expected) in FAULTS {
        assert_eq!(load(text).unwrap_err(), *expected, "for the file\n{text}");
    }
}

#[test]
fn faults_of_the_mapping_have_their_lines() {
    let faults = load(
        "[events.mapping.fields]\n\"a.b\" = \"customer\"\n\n[events.mapping.values.type]\nx = \"purchas\"\n",
    )
    .unwrap_err();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(
        faults[0].starts_with("holdfast.toml:2: events.mapping.fields.\"a.b\": "),
        "{faults:?}"
    );
    assert!(
        faults[1].starts_with("holdfast.toml:4: events.mapping.values.type: "),
        "{faults:?}"
    );
    let faults = load("[events.mapping]\ncolour = 1\n").unwrap_err();
    assert!(faults[0].contains("unknown field `colour`"), "{faults:?}");
}

#[test]
fn a_syntax_fault_does_not_hide_the_others() {
    let faults = load("[policy]\nopen = = 0.5\ncloze = 0.4\n").unwrap_err();
    assert!(faults[0].starts_with("holdfast.toml:2: "), "{faults:?}");
    assert!(
        faults
            .iter()
            .any(|f| f.contains("did you mean `policy.close`?")),
        "{faults:?}"
    );
}

#[test]
fn a_missing_file_is_a_fault() {
    let faults = Layers::of_file("/nowhere/holdfast.toml".as_ref())
        .load()
        .unwrap_err();
    assert!(
        faults
            .to_string()
            .contains("cannot read /nowhere/holdfast.toml"),
        "{faults}"
    );
}

#[test]
fn environment_wins_over_the_file_and_flags_win_over_both() {
    let (dir, path) =
        file("[policy]\nopen = 0.75\n[model]\npath = \"m.json\"\n[topics]\ninput = \"a\"\n");
    let env = [
        ("HOLDFAST__POLICY__OPEN", "0.85"),
        ("HOLDFAST__POLICY__BANDS", "0.9, 0.95"),
        ("HOLDFAST__KAFKA__PROPERTIES__SASL__PASSWORD", "hush"),
        ("HOLDFAST__MODEL__PATH", "n.json"),
        ("OTHER", "x"),
    ];
    let layers = Layers::of_file(&path).with_env(env.map(|(k, v)| (k.to_owned(), v.to_owned())));
    let loaded = layers.load().unwrap();
    let s = &loaded.settings;
    assert_eq!(
        (s.policy.open, s.topics.dead_letters.as_str()),
        (0.85, "a.dlq")
    );
    assert_eq!(s.policy.bands, [0.9, 0.95]);
    assert_eq!(s.kafka.properties["sasl.password"], "hush");
    assert_eq!(s.model_path, Some(dir.path().join("n.json")));
    let shown = loaded.show(None);
    assert!(
        shown.contains("environment HOLDFAST__POLICY__OPEN"),
        "{shown}"
    );
    assert!(shown.contains("holdfast.toml:6"), "{shown}");
    assert!(
        !shown.contains("hush") && shown.contains("(secret)"),
        "{shown}"
    );
    let flagged = layers
        .with_flag("--model", "model.path", "here.json")
        .load()
        .unwrap()
        .settings;
    assert_eq!(flagged.model_path, Some(PathBuf::from("here.json")));
}

#[test]
fn a_wrong_variable_is_a_fault_with_its_name() {
    let env = [("HOLDFAST__POLICY__OPNE".to_owned(), "1".to_owned())];
    let faults = Layers::default().with_env(env).load().unwrap_err();
    assert_eq!(
        faults.0[0].to_string(),
        "environment HOLDFAST__POLICY__OPNE: policy.opne: unknown key; did you mean `policy.open`?"
    );
}

#[test]
fn a_secret_is_read_from_its_file_without_the_line_end() {
    let (dir, path) = file("[kafka.properties]\nsasl.password_file = \"pw\"\nlinger.ms = 5\n");
    fs::write(dir.path().join("pw"), "hush\n").unwrap();
    let s = Layers::of_file(&path).load().unwrap().settings;
    assert_eq!(s.kafka.properties["sasl.password"], "hush");
    assert_eq!(s.kafka.properties["linger.ms"], "5");
}

#[test]
fn durations_are_read_and_written_back() {
    for (text, ms) in [
        ("7d", 604_800_000),
        ("1h30m", 5_400_000),
        ("250ms", 250),
        ("1w", 604_800_000),
        ("0", 0),
    ] {
        assert_eq!(parse_duration(text), Ok(ms), "{text}");
        assert_eq!(parse_duration(&format_duration(ms)), Ok(ms), "{text}");
    }
    for text in [
        "",
        "7",
        "d",
        "7 d",
        "-1d",
        "1d1d",
        "1s1h",
        "99999999999999999d",
        "1.5h",
    ] {
        assert!(parse_duration(text).is_err(), "{text}");
    }
}

#[test]
fn instants_are_ms_dates_or_rfc_3339() {
    for text in [
        "1767225600000",
        "\"1767225600000\"",
        "\"2026-01-01\"",
        "2026-01-01",
        "2026-01-01T00:00:00Z",
    ] {
        let s = load(&format!("[alerts]\nnot_before = {text}\n")).unwrap();
        assert_eq!(s.alerts.not_before, Some(1_767_225_600_000), "{text}");
    }
}

#[test]
fn the_hash_follows_decisions_and_not_places() {
    let hash = |text| {
        let settings = load(text).unwrap();
        settings.decision_hash(&settings.policy)
    };
    let base = hash("");
    assert_eq!(
        hash("[topics]\ninput = \"x\"\n[http]\nlisten = \"off\"\n"),
        base
    );
    assert_ne!(hash("[policy]\nopen = 0.81\n"), base);
    assert_ne!(hash("[alerts]\nnot_before = 7\n"), base);
    // These shape the state, which has a hash of its own.
    assert_eq!(hash("[events]\ndedupe = false\n"), base);
}

#[test]
fn snapshots_lie_beside_the_configuration_or_in_the_output_of_the_log() {
    let place = |text: &str| {
        let (dir, path) = file(text);
        let snapshot = Layers::of_file(&path).load().unwrap().settings.snapshot;
        let place = snapshot.location.to_string();
        let inside = place.replace(&format!("{}/", dir.path().display()), "");
        (inside, snapshot.enabled)
    };
    let here = |text: &str| (text.to_owned(), true);
    assert_eq!(place(""), here("snapshots"));
    let log = "[source]\nkind = \"log\"\n";
    assert_eq!(place(log), here("out/snapshots"));
    let stdout = format!("{log}[log]\noutput = \"-\"\n");
    assert!(!place(&stdout).1);
    let set = |text: &str| place(&format!("{log}[snapshot]\nlocation = \"{text}\"\n"));
    assert_eq!(set("kept"), here("kept"));
    assert_eq!(set("s3://bucket/a"), here("s3://bucket/a"));
}
