//! Records that cannot be used: what arrives on the dead-letter topic, and the way back.

use std::process::Command;

use holdfast_consumer::OwnedRecord;
use holdfast_producer::Outgoing;

use crate::process::succeed;
use crate::shop::{EVENT_CLOCK, Shop, binary, event, plain_model};

const TS: i64 = 1_767_225_600_000;

fn header<'a>(record: &'a OwnedRecord, name: &str) -> &'a str {
    let value = record
        .headers
        .iter()
        .find(|(n, _)| n == name)
        .unwrap_or_else(|| panic!("no header {name}"));
    std::str::from_utf8(value.1.as_deref().unwrap()).unwrap()
}

fn outgoing<'a>(key: &'a str, value: &'a [u8]) -> Outgoing<'a> {
    Outgoing {
        key: Some(key.as_bytes()),
        value: Some(value),
        partition: Some(0),
        ..Outgoing::default()
    }
}

#[test]
fn a_rejected_record_arrives_as_it_was_with_the_reason_in_its_headers() {
    let shop = Shop::new("letters", 1, &plain_model(), EVENT_CLOCK);
    let good = event("e1", "c1", "page_view", TS, "");
    let own = [
        ("traceparent".to_owned(), Some(b"00-aa-bb-01".to_vec())),
        ("empty".to_owned(), None),
    ];
    let bad = Outgoing {
        headers: &own,
        timestamp: Some(TS + 5),
        ..outgoing("c1", b"{\"event_id\":")
    };
    shop.send(&[
        outgoing("c1", good.as_bytes()),
        bad,
        outgoing("c1", good.as_bytes()),
    ]);
    shop.run_to_end();

    let letters = shop.read(&shop.dead_letters());
    assert_eq!(letters.len(), 1);
    let letter = &letters[0];
    assert_eq!(letter.key.as_deref(), Some(&b"c1"[..]));
    assert_eq!(letter.value.as_deref(), Some(&b"{\"event_id\":"[..]));
    assert_eq!(letter.timestamp, Some(TS + 5));
    assert_eq!(letter.headers[..2], own);
    let names: Vec<&str> = letter.headers[2..]
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let want = [
        "__streams.errors.exception",
        "__streams.errors.message",
        "__streams.errors.topic",
        "__streams.errors.partition",
        "__streams.errors.offset",
        "holdfast.error.reason",
        "holdfast.error.stage",
        "holdfast.error.app",
        "holdfast.error.version",
    ];
    assert_eq!(names, want);
    assert_eq!(header(letter, "holdfast.error.reason"), "malformed");
    assert_eq!(header(letter, "holdfast.error.stage"), "decode");
    assert_eq!(header(letter, "holdfast.error.app"), shop.id);
    assert_eq!(header(letter, "__streams.errors.exception"), "malformed");
    assert_eq!(header(letter, "__streams.errors.topic"), shop.input());
    assert_eq!(header(letter, "__streams.errors.partition"), "0");
    assert_eq!(header(letter, "__streams.errors.offset"), "1");
    assert!(!header(letter, "__streams.errors.message").is_empty());
}

#[test]
fn every_bad_record_has_its_reason_and_counts_balance() {
    let shop = Shop::new("reasons", 1, &plain_model(), EVENT_CLOCK);
    let now = now_ms();
    let (open, close) = ("[".repeat(2000), "]".repeat(2000));
    let deep = format!("{{\"event_id\":\"e\",\"x\":{open}1{close}}}");
    let large = event(
        "e",
        "c",
        "page_view",
        TS,
        &format!(",\"note\":\"{}\"", "x".repeat(1_100_000)),
    );
    let records: Vec<(&str, String)> = vec![
        ("malformed", "not json".into()),
        ("malformed", String::new()),
        (
            "missing_field",
            "{\"event_id\":\"e\",\"customer_id\":\"c\",\"ts\":1}".into(),
        ),
        ("invalid_id", event("", "c", "page_view", TS, "")),
        (
            "invalid_amount",
            event("e", "c", "purchase", TS, ",\"amount\":-5"),
        ),
        (
            "invalid_timestamp",
            event("e", "c", "page_view", 1_767_225_600_000_000, ""),
        ),
        (
            "timestamp_future",
            event("e", "c", "page_view", now + 7_200_000, ""),
        ),
        ("too_deep", deep),
        ("too_large", large),
        ("key_mismatch", event("e", "somebody", "page_view", TS, "")),
    ];
    let sent: Vec<Outgoing<'_>> = records
        .iter()
        .map(|(_, value)| outgoing("c", value.as_bytes()))
        .collect();
    shop.send(&sent);
    let keyless = event("e", "c", "page_view", TS, "");
    shop.send(&[Outgoing {
        key: None,
        ..outgoing("", keyless.as_bytes())
    }]);
    let fine = event("e9", "c", "page_view", TS, "");
    shop.send(&[
        outgoing("c", fine.as_bytes()),
        Outgoing {
            value: None,
            ..outgoing("c", b"")
        },
    ]);
    let output = shop.run_to_end();
    let letters = shop.read(&shop.dead_letters());
    let reasons: Vec<&str> = letters
        .iter()
        .map(|l| header(l, "holdfast.error.reason"))
        .collect();
    let want: Vec<&str> = records.iter().map(|r| r.0).chain(["missing_key"]).collect();
    assert_eq!(reasons, want);
    let cut = &letters[8];
    assert_eq!(cut.value.as_ref().map(Vec::len), Some(64 << 10));
    assert_eq!(header(cut, "holdfast.error.value_sha256").len(), 64);
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["events"], 13);
    assert_eq!(summary["applied"], 2, "an event and a tombstone");
    assert_eq!(summary["rejected"]["malformed"], 2);
}

#[test]
fn a_letter_that_its_topic_does_not_take_is_cut_and_blocks_nothing() {
    let shop = Shop::new("large", 1, &plain_model(), EVENT_CLOCK);
    // Below our own limit, above what the dead-letter topic takes with the headers.
    let value = noise(1_048_500);
    let note = [("note".to_owned(), Some(noise(200_000)))];
    shop.send(&[
        outgoing("c", &value),
        Outgoing {
            headers: &note,
            ..outgoing("c", b"{]")
        },
    ]);
    let good = event("e1", "c", "page_view", TS, "");
    shop.send(&[outgoing("c", good.as_bytes())]);
    shop.run_to_end();
    let letters = shop.read(&shop.dead_letters());
    assert_eq!(letters.len(), 2);
    assert!(letters[0].value.as_deref() == Some(&value[..64 << 10]));
    assert_eq!(header(&letters[0], "holdfast.error.value_sha256").len(), 64);
    assert_eq!(letters[1].value.as_deref(), Some(&b"{]"[..]));
}

#[test]
fn dead_letters_are_listed_and_go_back_a_few_times_only() {
    let shop = Shop::new("dlq", 1, &plain_model(), EVENT_CLOCK);
    shop.send(&[outgoing("c", b"{]"), outgoing("c", &vec![b'x'; 1_100_000])]);
    let config = shop.config("");
    let dlq = |args: &[&str]| {
        let output = succeed(
            Command::new(binary())
                .arg("dlq")
                .args(args)
                .arg("--config")
                .arg(&config),
        );
        String::from_utf8(output.stdout).unwrap()
    };
    for attempt in 0..4 {
        shop.run_to_end();
        let listed = dlq(&["list"]);
        let last: serde_json::Value = serde_json::from_str(listed.lines().last().unwrap()).unwrap();
        if attempt > 0 {
            assert_eq!(last["attempts"], attempt);
            assert_eq!(last["value"], "{]");
        }
        // The newest letter of the record is the one with the most attempts; older ones are left alone.
        let from = last["offset"].to_string();
        let before = shop.read(&shop.input()).len();
        dlq(&["replay", "--from-offset", &from, "--dry-run"]);
        assert_eq!(shop.read(&shop.input()).len(), before);
        if attempt == 0 {
            dlq(&["replay"]);
        } else {
            dlq(&["replay", "--from-offset", &from]);
        }
        let sent = shop.read(&shop.input()).len() - before;
        assert_eq!(sent, usize::from(attempt < 3), "attempt {attempt}");
    }
    let letters = shop.read(&shop.dead_letters());
    let attempts = letters
        .iter()
        .filter(|l| l.headers.iter().any(|(n, _)| n == "holdfast.dlq.attempt"));
    assert_eq!(attempts.count(), 3);
}

/// Bytes that do not compress.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    i64::try_from(since.as_millis()).unwrap()
}
