//! `holdfast rekey` as its reader runs it.

use std::fs;

use crate::ran::{done, run};

const RAW: &str = "\
anon-71\t{\"event_id\":\"e1\",\"customer_id\":\"anon-71\",\"type\":\"page_view\",\"ts\":1767225600000}
c42\t{\"event_id\":\"e2\",\"customer_id\":\"c42\",\"type\":\"purchase\",\"ts\":1767225700000,\"amount\":19.90}
c42\t{\"event_id\":\"e3\",\"customer_id\":\"c42\",\"type\":\"identify\",\"anonymous_id\":\"anon-71\",\"ts\":1767225800000}
c7\t{\"event_id\":\"e4\",\"customer_id\":\"c7\",\"type\":\"alias\",\"previous_id\":\"c42\",\"ts\":1767225900000}
x\tno event at all
c9\t{\"event_id\":\"e5\",\"customer_id\":\"c9\",\"type\":\"purchase\",\"ts\":1767226000000,\"amount\":5}
anon-71\t
";

#[test]
fn two_ids_of_one_person_give_one_customer_and_nothing_else_changes() {
    let dir = tempfile::tempdir().unwrap();
    let (raw, out) = (
        dir.path().join("raw.jsonl"),
        dir.path().join("events.jsonl"),
    );
    fs::write(&raw, RAW).unwrap();
    let (from, to) = (raw.to_str().unwrap(), out.to_str().unwrap());
    let summary = done(&["rekey", "--events", from, "--out", to, "--json"]).stdout;
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    let expected = serde_json::json!({"lines": 7, "rewritten": 4, "links": 2, "merged": 2});
    assert_eq!(summary, expected);
    let mut lines: Vec<String> = RAW.lines().map(str::to_owned).collect();
    for place in [0, 1, 2, 6] {
        lines[place] = lines[place]
            .replace("anon-71\t", "c7\t")
            .replace("c42\t", "c7\t")
            .replace("\"customer_id\":\"anon-71\"", "\"customer_id\":\"c7\"")
            .replace("\"customer_id\":\"c42\"", "\"customer_id\":\"c7\"");
    }
    assert_eq!(fs::read_to_string(&out).unwrap(), lines.join("\n") + "\n");
}

#[test]
fn stdin_and_the_own_input_as_output_are_refused() {
    let refused = run(&["rekey", "--events", "-", "--out", "x"]);
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("read twice"), "{}", refused.stderr);
    let dir = tempfile::tempdir().unwrap();
    let raw = dir.path().join("raw.jsonl");
    fs::write(&raw, RAW).unwrap();
    let path = raw.to_str().unwrap();
    let other = format!("{}/./raw.jsonl", dir.path().display());
    for out in [path, &other] {
        let refused = run(&["rekey", "--events", path, "--out", out]);
        assert_eq!(refused.code, 1);
    }
    assert_eq!(fs::read_to_string(&raw).unwrap(), RAW);
}
