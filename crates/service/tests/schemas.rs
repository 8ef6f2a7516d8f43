//! The schemas of model files and dead letters say what the code reads and writes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

use holdfast_events::RejectReason;
use holdfast_model::Model;
use holdfast_producer::{DeadLetter, letters};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn json(path: &Path) -> Value {
    let bytes = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn schema(name: &str) -> jsonschema::Validator {
    let schema = json(&root().join(format!("schemas/{name}.schema.json")));
    jsonschema::validator_for(&schema).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The examples whose file name begins with `prefix`; there is at least one.
fn examples(prefix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("schemas/examples")).unwrap();
    let mut paths: Vec<PathBuf> = entries
        .map(|e| e.unwrap().path())
        .filter(|p| p.file_name().unwrap().to_str().unwrap().starts_with(prefix))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no example {prefix}*");
    paths
}

fn check(schema: &jsonschema::Validator, value: &Value, what: &str) {
    let faults: Vec<String> = schema
        .iter_errors(value)
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{what}: {faults:?}");
}

fn letter(key: &[u8], value: &[u8], reason: RejectReason) -> DeadLetter {
    DeadLetter {
        partition: 3,
        offset: 7,
        line: None,
        key: Some(key.to_vec()),
        value: Some(value.to_vec()),
        value_sha256: (reason == RejectReason::TooLarge).then(|| "a".repeat(64)),
        headers: vec![
            ("text".into(), Some(b"x".to_vec())),
            ("bytes".into(), Some(vec![0xff])),
            ("none".into(), None),
        ],
        timestamp: Some(1_767_225_600_000),
        reason,
        detail: "for the test".into(),
    }
}

#[test]
fn examples_of_dead_letters_and_models_match_their_schemas() {
    for name in ["dead-letter", "model"] {
        let schema = schema(name);
        for path in examples(name) {
            check(&schema, &json(&path), &path.display().to_string());
        }
    }
}

#[test]
fn a_dead_letter_as_written_matches_the_schema_for_every_reason() {
    let schema = schema("dead-letter");
    for reason in RejectReason::ALL {
        for value in [&b"{]"[..], &[0xff, 0x00]] {
            let written = letters::to_json(&letter(b"c1", value, *reason));
            check(&schema, &written, reason.name());
        }
    }
    let mut bare = letter(&[0xfe], b"", RejectReason::MissingKey);
    bare.value = None;
    bare.headers.clear();
    bare.line = Some(1);
    check(
        &schema,
        &letters::to_json(&bare),
        "without value and headers",
    );
}

#[test]
fn the_schema_lists_exactly_the_reasons_that_exist() {
    let schema = json(&root().join("schemas/dead-letter.schema.json"));
    let listed = schema["properties"]["reason"]["enum"].as_array().unwrap();
    let listed: Vec<&str> = listed.iter().map(|v| v.as_str().unwrap()).collect();
    let exist: Vec<&str> = RejectReason::ALL.iter().map(|r| r.name()).collect();
    assert_eq!(listed, exist);
}

#[test]
fn a_dead_letter_with_an_unknown_reason_is_refused_by_the_schema() {
    let mut value = letters::to_json(&letter(b"c1", b"x", RejectReason::Malformed));
    value["reason"] = "because".into();
    assert!(!schema("dead-letter").is_valid(&value));
}

#[test]
fn an_example_model_is_a_model() {
    for path in examples("model") {
        let model = Model::from_json(&fs::read(&path).unwrap());
        assert!(model.is_ok(), "{}: {model:?}", path.display());
    }
}

#[test]
fn every_shipped_model_loads_and_matches_the_schema() {
    let schema = schema("model");
    let mut shipped = vec![root().join("benches/spec/model.json")];
    for entry in fs::read_dir(root().join("models")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            shipped.push(path.join("model.json"));
        }
    }
    for path in shipped {
        let name = path.display().to_string();
        let bytes = fs::read(&path).unwrap_or_else(|e| panic!("{name}: {e}"));
        let model = Model::from_json(&bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        check(&schema, &json(&path), &name);
        // What the program writes of it matches too.
        let written = serde_json::from_str(&model.to_json().unwrap()).unwrap();
        check(&schema, &written, &name);
    }
}

#[test]
fn a_model_with_an_unknown_field_is_refused_by_schema_and_program() {
    let mut value = json(&examples("model")[0]);
    value["interecpt"] = 1.into();
    assert!(!schema("model").is_valid(&value));
    assert!(Model::from_json(value.to_string().as_bytes()).is_err());
}
