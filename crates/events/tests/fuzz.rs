//! The decoder on changed bytes: as the twin on plain serde_json has it, and never a panic.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "fuzz/engine.rs"]
mod engine;
#[path = "properties/twin.rs"]
mod twin;

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use engine::{Fuzz, corpus};
use holdfast_events::decoder::MAX_VALUE_BYTES;
use holdfast_events::{CurrencyRule, Decoder, Header, Headers, Outcome, Record, Settings, mapping};
use serde::de::IgnoredAny;

fn here(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The values of the examples, whatever becomes of them, and the files of the corpus.
fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = corpus(&here("tests/fuzz/corpus"));
    for name in ["accepted", "rejected", "cloudevents", "mapping"] {
        let path = here("../../schemas/examples").join(format!("event-{name}.jsonl"));
        for line in fs::read_to_string(path).unwrap().lines() {
            let example: serde_json::Value = serde_json::from_str(line).unwrap();
            seeds.extend(example["value"].as_str().map(|v| v.as_bytes().to_vec()));
        }
    }
    let examples = fs::read_to_string(here("../../schemas/examples/event.jsonl")).unwrap();
    seeds.extend(examples.lines().map(|line| line.as_bytes().to_vec()));
    assert!(seeds.len() > 100, "{}", seeds.len());
    seeds
}

fn words() -> Vec<Vec<u8>> {
    let words = [
        "\"event_id\":",
        "\"customer_id\":",
        "\"type\":",
        "\"ts\":",
        "\"amount\":",
        "\"currency\":",
        "\"specversion\":",
        "\"data\":",
        "\"purchase\"",
        "\"privacy_delete\"",
        "null",
        "true",
        "NaN",
        "-Infinity",
        "1e999",
        "-0.0",
        "1.5",
        "18446744073709551616",
        "4102444800000",
        "1767225600",
        "\\ud800",
        "\\udc00",
        "\\u0000",
        "\u{feff}",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "{\"a\":",
        "/*",
        "\r\n",
    ];
    words.map(|w| w.as_bytes().to_vec()).to_vec()
}

fn is_envelope(bytes: &[u8]) -> bool {
    let members = serde_json::from_slice::<HashMap<String, IgnoredAny>>(bytes);
    members.is_ok_and(|m| m.contains_key("specversion") && m.contains_key("data"))
}

#[test]
fn changed_records_decode_as_the_twin_says() {
    let decoder = Decoder::new(Settings::new(CurrencyRule::Only("EUR".parse().unwrap())));
    let fuzz = Fuzz {
        seeds: seeds(),
        words: words(),
    };
    fuzz.run("decoder", 60_000, |bytes, _| {
        // The twin knows neither CloudEvents nor the limit on bytes.
        if is_envelope(bytes) || bytes.len() > MAX_VALUE_BYTES {
            return Ok(());
        }
        twin::agrees(&decoder, bytes)
    });
}

/// The other ways in: keys, headers, mappings, tombstones. There is no twin of them; what is accepted is sound.
#[test]
fn changed_keys_headers_and_mapped_values_make_no_panic_and_no_unsound_event() {
    let text = fs::read_to_string(here("../../schemas/examples/event-mapping.toml")).unwrap();
    let raw: mapping::Config = toml::from_str(&text).unwrap();
    let plain = Settings::new(CurrencyRule::Any).with_key_required(true);
    let decoders = [
        Decoder::new(plain.clone().with_mapping(raw.check().unwrap())),
        Decoder::new(plain),
    ];
    let fuzz = Fuzz {
        seeds: seeds(),
        words: words(),
    };
    fuzz.run("records", 30_000, |bytes, draw| {
        let (key, value) = bytes.split_at(draw.below(bytes.len().min(40) + 1));
        let headers = [
            Header {
                name: "ce_id",
                value: Some(key),
            },
            Header {
                name: "ce_specversion",
                value: Some(b"1.0"),
            },
            Header {
                name: "ce_time",
                value: Some(value),
            },
            Header {
                name: "content-type",
                value: Some(b"application/cloudevents+json"),
            },
        ];
        let from = draw.below(headers.len() + 1);
        let record = Record {
            key: (draw.below(8) > 0).then_some(key),
            timestamp: Some(draw.next() as i64),
            headers: Headers::List(&headers[from..]),
            value: (draw.below(8) > 0).then_some(value),
            ..Record::default()
        };
        for decoder in &decoders {
            let details = decoder.details(&record);
            if let Outcome::Event(event) = decoder.decode(&record) {
                let sound = |id: &str| {
                    !id.is_empty() && id.len() <= 256 && !id.chars().any(char::is_control)
                };
                if !sound(&event.customer_id)
                    || event.customer_id.as_bytes() != record.key.unwrap_or_default()
                {
                    return Err(format!("customer {:?}", event.customer_id));
                }
                if details.is_none() {
                    return Err("an event without an object".to_owned());
                }
                if !(1..4_102_444_800_000).contains(&event.ts) {
                    return Err(format!("ts {}", event.ts));
                }
            }
        }
        Ok(())
    });
}
