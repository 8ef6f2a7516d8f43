//! The journal's records: what is written is read again, and what is not understood is refused.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use holdfast_policy::journal::{Entry, FactKind, Pack, PackError, What};

const SCHEMA: &str = include_str!("../../../schemas/journal.schema.json");
const EXAMPLES: &str = include_str!("../../../schemas/examples/journal.jsonl");
/// Longer than all the examples.
const NEVER: usize = 1 << 20;

fn examples() -> Vec<Pack> {
    let packs = EXAMPLES
        .lines()
        .map(|line| Pack::from_bytes(line.as_bytes()));
    packs.collect::<Result<_, _>>().unwrap()
}

fn refused(text: &str) -> String {
    Pack::from_bytes(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn examples_are_what_is_written_byte_for_byte() {
    for (pack, line) in examples().iter().zip(EXAMPLES.lines()) {
        assert_eq!(pack.to_records(NEVER), [line.as_bytes()]);
    }
}

#[test]
fn the_examples_hold_every_kind_of_entry() {
    let mut seen = [0; 5];
    let mut left = 0;
    for Entry { what, .. } in examples().into_iter().flat_map(|pack| pack.entries) {
        let kind = match what {
            What::Decision(fact) => {
                left += usize::from(fact.kind == FactKind::Left);
                0
            }
            What::Tick { .. } => 1,
            What::EndOfInput { .. } => 2,
            What::Activated { .. } => 3,
            What::Snapshot { .. } => 4,
        };
        seen[kind] += 1;
    }
    assert_eq!((seen, left), ([4, 1, 1, 1, 1], 1));
}

#[test]
fn a_long_pack_is_cut_between_entries_and_numbered_on() {
    let whole = &examples()[0];
    for max_bytes in [1, 200, 400, NEVER] {
        let records = whole.to_records(max_bytes);
        let packs = records.iter().map(|bytes| Pack::from_bytes(bytes).unwrap());
        let mut entries = Vec::new();
        for pack in packs {
            assert_eq!(
                (pack.partition, pack.offset),
                (whole.partition, whole.offset)
            );
            assert_eq!(pack.first, whole.first + entries.len() as u64);
            entries.extend(pack.entries);
        }
        assert_eq!(entries, whole.entries);
    }
    assert_eq!(whole.to_records(1).len(), 3);
    assert!(
        Pack {
            entries: Vec::new(),
            ..whole.clone()
        }
        .to_records(NEVER)
        .is_empty()
    );
}

#[test]
fn another_version_is_refused_by_its_number() {
    let later = EXAMPLES
        .lines()
        .next()
        .unwrap()
        .replace("\"v\":1", "\"v\":2");
    let fault = Pack::from_bytes(later.as_bytes());
    assert!(matches!(fault, Err(PackError::Version(2))));
    assert_eq!(
        refused(&later),
        "the pack has version 2, this program reads 1"
    );
}

#[test]
fn an_unknown_kind_of_entry_is_refused() {
    let text = r#"{"v":1,"partition":0,"offset":1,"first":0,"entries":[{"at":1,"paused":{}}]}"#;
    let fault = refused(text);
    assert!(fault.contains("no variant of enum What"), "{fault}");
}

#[test]
fn what_is_no_pack_is_refused() {
    for text in [
        "",
        "{}",
        "[]",
        "null",
        r#"{"v":1}"#,
        r#"{"v":1,"partition":0,"offset":0,"first":-1,"entries":[]}"#,
    ] {
        assert!(Pack::from_bytes(text.as_bytes()).is_err(), "{text}");
    }
    for line in EXAMPLES.lines() {
        for cut in 0..line.len() {
            assert!(Pack::from_bytes(&line.as_bytes()[..cut]).is_err());
        }
    }
}

#[test]
fn the_schema_takes_what_is_written_and_no_other_kinds() {
    let schema = serde_json::from_str(SCHEMA).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    for line in EXAMPLES.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        let faults: Vec<String> = schema.iter_errors(&record).map(|e| e.to_string()).collect();
        assert!(faults.is_empty(), "{faults:?}");
        for (field, value) in [
            ("v", 2.into()),
            ("first", (-1).into()),
            ("entries", "none".into()),
        ] {
            let mut other = record.clone();
            other[field] = value;
            assert!(!schema.is_valid(&other), "{field}");
        }
        let mut other = record;
        other["entries"][0]["paused"] = true.into();
        assert!(!schema.is_valid(&other));
    }
}
