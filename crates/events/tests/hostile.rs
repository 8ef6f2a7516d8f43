//! Every kind of hostile or broken record has its outcome, and the process survives it.
//!
//! The short ones are lines of `schemas/examples/event-rejected.jsonl`; here are those that are too
//! large for a file, that are no text, or that concern the record around the value.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use holdfast_events::decoder::MAX_VALUE_BYTES;
use holdfast_events::{CurrencyRule, Decoder, Outcome, Record, RejectReason, Settings};

const EVENT: &str = r#"{"event_id":"e1","customer_id":"c1","type":"login","ts":1767225600000}"#;

fn files() -> Decoder {
    Decoder::new(Settings::new(CurrencyRule::Any))
}

fn kafka() -> Decoder {
    Decoder::new(Settings::new(CurrencyRule::Any).with_key_required(true))
}

fn check(decoder: &Decoder, record: &Record<'_>, expected: RejectReason) -> String {
    match decoder.decode(record) {
        Outcome::Rejected(rejection) => {
            assert_eq!(rejection.reason, expected, "{rejection}");
            rejection.detail
        }
        other => panic!("expected {expected}, got {other:?}"),
    }
}

fn check_value(value: impl AsRef<[u8]>, expected: RejectReason) -> String {
    check(&files(), &Record::line(0, value.as_ref()), expected)
}

/// A sound event with this much of its value spent on one ignored string.
fn padded(bytes: usize) -> String {
    let open = format!("{},\"pad\":\"", EVENT.trim_end_matches('}'));
    let pad = bytes - open.len() - 2;
    format!("{open}{}\"}}", "x".repeat(pad))
}

#[test]
fn nesting_a_million_deep_is_too_deep() {
    let levels = 1_000_000;
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let closed = format!("{}1{}", open.repeat(levels / 8), close.repeat(levels / 8));
        check_value(&closed, RejectReason::TooDeep);
    }
    check_value("[".repeat(levels), RejectReason::TooDeep);
    let start = EVENT.trim_end_matches('}');
    check_value(
        format!("{start},\"a\":{}", "[".repeat(levels)),
        RejectReason::TooDeep,
    );
    check_value(
        format!("{start},\"a\":{}", "[{\"b\":".repeat(100_000)),
        RejectReason::TooDeep,
    );
}

#[test]
fn brackets_in_strings_and_side_by_side_are_not_deep() {
    let start = EVENT.trim_end_matches('}');
    for tail in [
        format!("\"{}\"", "[".repeat(10_000)),
        format!("[{}0]", "[],".repeat(10_000)),
    ] {
        let value = format!("{start},\"a\":{tail}}}");
        assert!(matches!(
            files().decode(&Record::line(0, value.as_bytes())),
            Outcome::Event(_)
        ));
    }
}

#[test]
fn value_above_a_mebibyte_is_too_large_whatever_it_holds() {
    let fits = padded(MAX_VALUE_BYTES);
    assert_eq!(fits.len(), 1 << 20);
    assert!(matches!(
        files().decode(&Record::line(0, fits.as_bytes())),
        Outcome::Event(_)
    ));
    let detail = check_value(padded(MAX_VALUE_BYTES + 1), RejectReason::TooLarge);
    assert_eq!(detail, "value of 1048577 bytes, the limit is 1048576");
    check_value(vec![0; MAX_VALUE_BYTES + 1], RejectReason::TooLarge);
}

#[test]
fn bytes_that_are_no_utf8_are_malformed_wherever_they_stand() {
    let at = |field: &str| {
        let mut value = format!("{},\"x\":\"?\"}}", EVENT.trim_end_matches('}')).into_bytes();
        let place = value
            .windows(field.len())
            .position(|w| w == field.as_bytes())
            .unwrap();
        value[place + field.len()] = 0xff;
        value
    };
    for field in [
        "\"event_id\":\"",
        "\"customer_id\":\"",
        "\"type\":\"",
        "\"x\":\"",
    ] {
        let detail = check_value(at(field), RejectReason::Malformed);
        assert!(detail.starts_with("not UTF-8 at byte "), "{detail}");
    }
    check_value([0xed, 0xa0, 0x80], RejectReason::Malformed); // a surrogate as three bytes
    check_value([0xc0, 0x80], RejectReason::Malformed); // NUL, overlong
    check_value(
        EVENT
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<_>>(),
        RejectReason::Malformed,
    );
}

#[test]
fn byte_order_mark_is_malformed_and_named() {
    let detail = check_value(format!("\u{feff}{EVENT}"), RejectReason::Malformed);
    assert_eq!(detail, "starts with a byte order mark");
}

#[test]
fn trailing_data_and_nul_bytes_are_malformed() {
    check_value(format!("{EVENT}\0"), RejectReason::Malformed);
    check_value(format!("{EVENT}{EVENT}"), RejectReason::Malformed);
    check_value([0_u8; 64], RejectReason::Malformed);
    assert!(matches!(
        files().decode(&Record::line(0, format!("{EVENT}\r\n").as_bytes())),
        Outcome::Event(_)
    ));
}

#[test]
fn wire_format_of_a_schema_registry_is_malformed() {
    let mut value = vec![0, 0, 0, 0, 7];
    value.extend_from_slice(EVENT.as_bytes());
    check_value(value, RejectReason::Malformed);
}

#[test]
fn numbers_of_a_million_digits_are_judged_without_overflow() {
    let with =
        |field: &str, text: &str| format!("{},\"{field}\":{text}}}", EVENT.trim_end_matches('}'));
    let nines = "9".repeat(1_000_000);
    check_value(with("amount", &nines), RejectReason::InvalidAmount);
    check_value(
        with("amount", &format!("1e{nines}")),
        RejectReason::InvalidAmount,
    );
    check_value(
        with("amount", &format!("-0.{nines}")),
        RejectReason::InvalidAmount,
    );
    let value = with("amount", &format!("0.{}1e900000", "0".repeat(900_000)));
    let Outcome::Event(event) = files().decode(&Record::line(0, value.as_bytes())) else {
        panic!()
    };
    assert_eq!(event.minor, Some(10));
    let value = EVENT.replace("1767225600000", &nines);
    let detail = check_value(value, RejectReason::InvalidTimestamp);
    assert!(detail.contains("nanoseconds"), "{detail}");
}

#[test]
fn tombstone_erases_the_customer_of_its_key_at_its_timestamp() {
    for decoder in [files(), kafka()] {
        // A producer's clock may say anything: what is no time of an event is no instant.
        for (timestamp, at) in [
            (Some(1_767_225_600_000), Some(1_767_225_600_000)),
            (Some(4_102_444_800_000), None),
            (Some(0), None),
            (Some(-1), None),
            (None, None),
        ] {
            let erased = decoder.decode(&Record {
                key: Some(b"c1"),
                timestamp,
                ..Record::default()
            });
            let customer_id = "c1".into();
            assert_eq!(erased, Outcome::Erase { customer_id, at });
        }
    }
}

#[test]
fn tombstone_needs_a_sound_key() {
    let keyed = |key| Record {
        key,
        ..Record::default()
    };
    check(&files(), &keyed(None), RejectReason::MissingKey);
    check(&kafka(), &keyed(None), RejectReason::MissingKey);
    check(&files(), &keyed(Some(b"")), RejectReason::InvalidId);
    check(&files(), &keyed(Some(b"c\xff")), RejectReason::InvalidId);
    check(&files(), &keyed(Some(b"c\0")), RejectReason::InvalidId);
    check(
        &files(),
        &keyed(Some(&[b'c'; 257])),
        RejectReason::InvalidId,
    );
}

#[test]
fn empty_value_is_no_tombstone() {
    let record = Record {
        key: Some(b"c1"),
        value: Some(b""),
        ..Record::default()
    };
    check(&kafka(), &record, RejectReason::Malformed);
}

#[test]
fn record_without_key_is_refused_where_keys_are_required() {
    let record = Record {
        value: Some(EVENT.as_bytes()),
        ..Record::default()
    };
    check(&kafka(), &record, RejectReason::MissingKey);
    assert!(matches!(files().decode(&record), Outcome::Event(_)));
}

#[test]
fn key_that_is_not_the_customer_is_refused_for_files_too() {
    for key in [&b"c2"[..], b"c1 ", b"C1", b"\xff"] {
        let record = Record {
            key: Some(key),
            ..Record::line(0, EVENT.as_bytes())
        };
        check(&files(), &record, RejectReason::KeyMismatch);
    }
}

#[test]
fn future_is_measured_against_the_record_and_never_a_clock() {
    let at = |timestamp| Record {
        timestamp,
        ..Record::line(0, EVENT.as_bytes())
    };
    let ts = 1_767_225_600_000_i64;
    let one_hour = 3_600_000;
    assert!(matches!(
        files().decode(&at(Some(ts - one_hour))),
        Outcome::Event(_)
    ));
    check(
        &files(),
        &at(Some(ts - one_hour - 1)),
        RejectReason::TimestampFuture,
    );
    check(&files(), &at(Some(0)), RejectReason::TimestampFuture);
    assert!(matches!(
        files().decode(&at(Some(i64::MAX))),
        Outcome::Event(_)
    ));
    assert!(matches!(files().decode(&at(Some(-1))), Outcome::Event(_))); // Kafka's "no timestamp"
    let strict = Decoder::new(Settings::new(CurrencyRule::Any).with_max_future_ms(0));
    check(&strict, &at(Some(ts - 1)), RejectReason::TimestampFuture);
}

#[test]
fn unknown_type_counts_unless_settings_are_strict() {
    let value = EVENT.replace("login", "loyalty_card_shown");
    let record = Record::line(0, value.as_bytes());
    assert!(matches!(files().decode(&record), Outcome::Event(_)));
    let strict = Decoder::new(Settings::new(CurrencyRule::Any).with_strict(true));
    check(&strict, &record, RejectReason::Malformed);
}

#[test]
fn currency_rules_differ_as_documented() {
    let purchase = |currency: &str| {
        EVENT
            .replace("login", "purchase")
            .replace('}', &format!(",\"amount\":7,\"currency\":\"{currency}\"}}"))
    };
    let minor = |rule, currency: &str| {
        let value = purchase(currency);
        match Decoder::new(Settings::new(rule)).decode(&Record::line(0, value.as_bytes())) {
            Outcome::Event(event) => Ok(event.minor.unwrap()),
            Outcome::Rejected(rejection) => Err(rejection.reason),
            Outcome::Erase { .. } => panic!("no erasure"),
        }
    };
    let yen = CurrencyRule::Only("JPY".parse().unwrap());
    assert_eq!(minor(yen, "JPY"), Ok(7));
    assert_eq!(minor(yen, "EUR"), Err(RejectReason::InvalidCurrency));
    assert_eq!(minor(CurrencyRule::Any, "JPY"), Ok(7));
    assert_eq!(minor(CurrencyRule::Any, "KWD"), Ok(7_000));
    assert_eq!(
        minor(CurrencyRule::Any, "YEN1"),
        Err(RejectReason::InvalidCurrency)
    );
    assert_eq!(minor(CurrencyRule::Ignore, "JPY"), Ok(700));
    assert_eq!(minor(CurrencyRule::Ignore, "points"), Ok(700));
}

#[test]
fn details_of_a_rejection_hold_no_customer_data() {
    let secret = "jane.doe@example.com";
    for value in [
        format!("\"{secret}\""),
        format!("{{\"{secret}\":}}"),
        EVENT.replace("c1", &format!("{secret}\\u0000")),
        EVENT.replace("c1", &secret.repeat(20)),
        EVENT.replace("login", &secret.repeat(20)),
        EVENT.replace("1767225600000", &format!("\"{secret}\"")),
        EVENT.replace('}', &format!(",\"amount\":\"{secret}\"}}")),
        EVENT
            .replace("login", "purchase")
            .replace('}', &format!(",\"amount\":1,\"currency\":\"{secret}\"}}")),
    ] {
        match files().decode(&Record::line(0, value.as_bytes())) {
            Outcome::Rejected(rejection) => {
                assert!(!rejection.detail.contains("jane"), "{rejection}")
            }
            other => panic!("{value}: {other:?}"),
        }
    }
}

#[test]
fn every_reason_has_its_exact_word() {
    let names: Vec<&str> = RejectReason::ALL
        .iter()
        .map(|reason| reason.name())
        .collect();
    let expected = "malformed missing_field invalid_id invalid_amount invalid_currency \
                    invalid_timestamp timestamp_future too_deep too_large key_mismatch missing_key \
                    skipped";
    assert_eq!(names.join(" "), expected);
    for (index, reason) in RejectReason::ALL.iter().enumerate() {
        assert_eq!(
            (reason.index(), RejectReason::from_name(reason.name())),
            (index, Some(*reason))
        );
    }
}
