//! The files of `schemas/examples` are the fixtures: each line is one record and what becomes of it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

use holdfast_events::{
    CurrencyRule, Decoder, EventType, Header, Headers, Mapping, Outcome, Record, Settings, details,
    mapping,
};
use serde_json::{Value, json};

fn schemas() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas")
}

fn read(path: &str) -> String {
    fs::read_to_string(schemas().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn lines(path: &str) -> Vec<Value> {
    let lines: Vec<Value> = read(path)
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert!(!lines.is_empty(), "{path} is empty");
    lines
}

fn euro() -> Settings {
    Settings::new(CurrencyRule::Only("EUR".parse().unwrap()))
}

fn segment() -> Mapping {
    let raw: mapping::Config = toml::from_str(&read("examples/event-mapping.toml")).unwrap();
    raw.check().unwrap()
}

fn schema() -> jsonschema::Validator {
    jsonschema::validator_for(&schema_text()).unwrap()
}

fn schema_text() -> Value {
    serde_json::from_str(&read("event.schema.json")).unwrap()
}

/// The record that a fixture describes, handed to `use_it`.
fn with_record<T>(case: &Value, use_it: impl FnOnce(&Record<'_>) -> T) -> T {
    let headers: Vec<Header<'_>> = case["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| Header {
            name,
            value: value.as_str().map(str::as_bytes),
        })
        .collect();
    use_it(&Record {
        key: case["key"].as_str().map(str::as_bytes),
        value: case["value"].as_str().map(str::as_bytes),
        timestamp: case["timestamp"].as_i64(),
        headers: Headers::List(&headers),
        ..Record::default()
    })
}

/// One record through the decoder against what the fixture says.
fn check(decoder: &Decoder, case: &Value, expected: &Value) {
    let name = &case["name"];
    with_record(case, |record| match decoder.decode(record) {
        Outcome::Event(event) => {
            let got = json!({
                "event_id": event.event_id, "customer_id": event.customer_id,
                "type": event.type_name, "ts": event.ts, "minor": event.minor,
                "currency": event.currency, "rounded": event.rounded,
            });
            assert_eq!(got, *expected, "{name}");
            let known = EventType::from_name(&event.type_name).unwrap_or(EventType::Other);
            assert_eq!(event.kind, known, "{name}");
        }
        Outcome::Erase { customer_id, at } => {
            let got = json!({ "erase": customer_id, "at": at });
            assert_eq!(got, *expected, "{name}");
        }
        Outcome::Rejected(rejection) => {
            assert_eq!(
                expected["reason"],
                rejection.reason.name(),
                "{name}: {rejection}"
            );
            let detail = expected["detail"].as_str().unwrap_or_default();
            assert!(rejection.detail.contains(detail), "{name}: {rejection}");
        }
    });
}

#[test]
fn every_type_has_an_example_that_fits_the_schema_and_decodes() {
    let (schema, decoder) = (schema(), Decoder::new(euro()));
    let mut seen = Vec::new();
    for example in lines("examples/event.jsonl") {
        let text = example.to_string();
        let faults: Vec<String> = schema
            .iter_errors(&example)
            .map(|e| e.to_string())
            .collect();
        assert!(faults.is_empty(), "{text}: {faults:?}");
        match decoder.decode(&Record::line(0, text.as_bytes())) {
            Outcome::Event(event) => {
                assert_eq!(event.type_name, example["type"].as_str().unwrap());
                seen.push(event.kind);
            }
            Outcome::Erase { .. } => seen.push(EventType::PrivacyDelete),
            Outcome::Rejected(rejection) => panic!("{text}: {rejection}"),
        }
    }
    assert_eq!(
        seen,
        EventType::ALL,
        "one example per type, in the vocabulary's order"
    );
}

#[test]
fn every_optional_field_is_carried_through() {
    let mut seen = Vec::new();
    for example in lines("examples/event.jsonl") {
        let text = example.to_string();
        let details = details(text.as_bytes()).unwrap();
        for name in details::NAMES {
            assert_eq!(
                details.has(name),
                example.get(name).is_some(),
                "{name} of {text}"
            );
            if details.has(name) && !seen.contains(name) {
                seen.push(name);
            }
        }
    }
    assert_eq!(seen.len(), details::NAMES.len(), "an example of each field");
}

#[test]
fn schema_lists_the_vocabulary_and_the_fields_of_the_code() {
    let schema = schema_text();
    let listed = schema["properties"]["type"]["anyOf"][0]["enum"].clone();
    let names: Vec<&str> = EventType::ALL
        .iter()
        .filter(|kind| **kind != EventType::Other)
        .map(|kind| kind.name())
        .collect();
    assert_eq!(listed, json!(names));
    let mut fields = vec![
        "event_id",
        "customer_id",
        "type",
        "ts",
        "amount",
        "currency",
    ];
    fields.extend(details::NAMES);
    let listed: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
    assert_eq!(listed, fields);
}

#[test]
fn rejected_examples_are_rejected_for_their_reason() {
    let (schema, decoder) = (schema(), Decoder::new(euro()));
    for case in lines("examples/event-rejected.jsonl") {
        check(&decoder, &case, &case);
        let parsed = serde_json::from_str::<Value>(case["value"].as_str().unwrap());
        let by_schema = match parsed {
            Err(_) => "not_json",
            Ok(value) if schema.is_valid(&value) => "accepts",
            Ok(_) => "refuses",
        };
        assert_eq!(case["schema"], by_schema, "{}", case["name"]);
    }
}

#[test]
fn accepted_edge_cases_give_their_event() {
    let decoder = Decoder::new(euro());
    for case in lines("examples/event-accepted.jsonl") {
        check(&decoder, &case, &case["expected"]);
    }
}

#[test]
fn cloudevents_in_both_modes_give_their_event() {
    let decoder = Decoder::new(euro());
    for case in lines("examples/event-cloudevents.jsonl") {
        check(&decoder, &case, &case["expected"]);
    }
}

#[test]
fn mapped_records_give_their_event_and_details() {
    let decoder = Decoder::new(euro().with_mapping(segment()));
    for case in lines("examples/event-mapping.jsonl") {
        check(&decoder, &case, &case["expected"]);
        let details = with_record(&case, |record| {
            let details = decoder.details(record).unwrap_or_default();
            json!({ "channel": details.channel, "product_id": details.product_id })
        });
        for (field, value) in case["details"].as_object().into_iter().flatten() {
            assert_eq!(details[field], *value, "{field} of {}", case["name"]);
        }
    }
}
