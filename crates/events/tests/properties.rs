//! The decoder against its reference twin, on sound, odd and broken records.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "properties/twin.rs"]
mod twin;

use std::borrow::Cow;

use holdfast_events::amount::{self, AmountError, MAX_MINOR};
use holdfast_events::{
    CurrencyRule, Decoder, Header, Headers, Outcome, Record, Settings, details, mapping,
};
use proptest::prelude::*;
use proptest::sample::select;

fn euro() -> Decoder {
    Decoder::new(settings())
}

fn settings() -> Settings {
    Settings::new(CurrencyRule::Only("EUR".parse().unwrap()))
}

/// The decoder's outcome is the twin's.
fn check(bytes: &[u8]) -> Result<(), TestCaseError> {
    twin::agrees(&euro(), bytes).map_err(TestCaseError::fail)
}

/// Raw JSON for one field: mostly sound, sometimes not.
fn field(name: &'static str, sound: Vec<&'static str>) -> BoxedStrategy<(&'static str, String)> {
    const ODD: [&str; 26] = [
        "null",
        "true",
        "\"\"",
        "\"x\"",
        "\"\\u0078\"",
        "\"\\ud83d\\uded2\"",
        "\"\\ud83d\"",
        "\"\\udc00x\"",
        "\"a\\u0000\"",
        "\"\\n\"",
        "0",
        "-0",
        "-1",
        "-0.0",
        "1.5",
        "1e3",
        "1E-2",
        "1e999",
        "123456789012",
        "18446744073709551616",
        "1767225600",
        "1767225600000000",
        "{}",
        "[]",
        "{\"a\":[1,{\"b\":null}]}",
        "\"ünï€🛒\"",
    ];
    let odd = select(&ODD[..]).prop_map(str::to_owned);
    let any_text = any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap());
    let raw = prop_oneof![12 => select(sound).prop_map(str::to_owned), 1 => odd, 1 => any_text];
    (Just(name), raw).boxed()
}

/// Members of an event in any order, some left out, some doubled, some unknown.
fn members() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let types = vec![
        "\"purchase\"",
        "\"refund\"",
        "\"page_view\"",
        "\"campaign_opened\"",
        "\"email_open\"",
        "\"subscription_renew\"",
        "\"survey_response\"",
        "\"review\"",
        "\"order_delivered\"",
        "\"privacy_delete\"",
        "\"shown\"",
        "\"lo\\u0067in\"",
    ];
    let unknown = vec![
        "1",
        "\"x\"",
        "[[],{}]",
        "{\"ts\":1}",
        "\"\\\"\\\\\"",
        "1e999",
        "false",
    ];
    let known = [
        field("event_id", vec!["\"e1\"", "\"e-2\""]),
        field("customer_id", vec!["\"c1\"", "\"žluťoučký\""]),
        field("type", types),
        field("ts", vec!["1767225600123", "1", "4102444799999"]),
        field(
            "amount",
            vec![
                "0.0",
                "12.5",
                "19.99",
                "1e3",
                "7",
                "10000000000",
                "0.005",
                "2.675",
            ],
        ),
        field("currency", vec!["\"EUR\"", "\"eur\"", "\"USD\"", "\"JPY\""]),
    ];
    let extra = prop_oneof![
        8 => field("channel", vec!["\"email\"", "\"web\""]),
        8 => field("session_id", unknown.clone()),
        4 => field("\\u0063ust", unknown.clone()),
        2 => field("data", unknown),
        1 => field("t\\u0073", vec!["5"]),
        1 => field("amount", vec!["5"]),
        4 => select(vec!["lines", "items", "discount", "score", "scale", "late_days", "promised_at", "kind"])
            .prop_flat_map(|name| field(name, vec![
                "3", "0", "2.5", "70000", "1e12", "[1,{\"a\":2}]", "\"csat\"", "1767225600122", "1767225600123",
                "\"2026-01-01T00:00:00.123Z\"",
            ])),
    ];
    let left_out = prop_oneof![9 => Just(6_usize), 1 => 0..6_usize];
    (known, prop::collection::vec(extra, 0..4), left_out).prop_flat_map(|(known, extra, out)| {
        let known = known.into_iter().enumerate().filter(|(at, _)| *at != out);
        let all: Vec<_> = known.map(|(_, member)| member).chain(extra).collect();
        Just(all).prop_shuffle()
    })
}

fn record() -> impl Strategy<Value = String> {
    let space = select(&["", "", "", " ", "\n\t", "  \r\n"][..]);
    (members(), space).prop_map(|(members, space)| {
        let members: Vec<String> = members
            .into_iter()
            .map(|(name, raw)| format!("{space}\"{name}\"{space}:{space}{raw}{space}"))
            .collect();
        format!("{space}{{{}}}{space}", members.join(","))
    })
}

#[derive(Clone, Debug)]
enum Damage {
    Replace(usize, u8),
    Insert(usize, u8),
    Remove(usize),
    Truncate(usize),
    Repeat(usize, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let byte = prop_oneof![
        3 => select(&b"{}[]\":,\\-+.eE0123456789ntfu \n\0\x7f\xff\xef"[..]),
        1 => any::<u8>(),
    ];
    prop_oneof![
        (any::<usize>(), byte.clone()).prop_map(|(at, b)| Damage::Replace(at, b)),
        (any::<usize>(), byte).prop_map(|(at, b)| Damage::Insert(at, b)),
        any::<usize>().prop_map(Damage::Remove),
        any::<usize>().prop_map(Damage::Truncate),
        (any::<usize>(), 1..40_usize).prop_map(|(at, n)| Damage::Repeat(at, n)),
    ]
}

fn damaged(text: &str, damages: &[Damage]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for damage in damages {
        let len = bytes.len().max(1);
        match *damage {
            _ if bytes.is_empty() => {}
            Damage::Replace(at, byte) => bytes[at % len] = byte,
            Damage::Insert(at, byte) => bytes.insert(at % len, byte),
            Damage::Remove(at) => drop(bytes.remove(at % len)),
            Damage::Truncate(at) => bytes.truncate(at % len),
            Damage::Repeat(at, n) => {
                let piece = bytes[at % len..(at % len + n).min(len)].to_vec();
                bytes.extend_from_slice(&piece);
            }
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn generated_records_decode_as_the_twin_says(text in record()) {
        check(text.as_bytes())?;
    }

    #[test]
    fn damaged_records_decode_as_the_twin_says(
        text in record(),
        damages in prop::collection::vec(damage(), 1..4),
    ) {
        check(&damaged(&text, &damages))?;
    }

    #[test]
    fn arbitrary_bytes_are_rejected_as_the_twin_says(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&bytes)?;
    }

    #[test]
    fn nesting_is_judged_as_the_twin_says(levels in 50..80_usize, close in 50..80_usize) {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(close));
        check(deep.as_bytes())?;
    }

    #[test]
    fn details_never_panic_and_read_what_the_decoder_accepts(
        text in record(),
        damages in prop::collection::vec(damage(), 0..3),
    ) {
        let bytes = damaged(&text, &damages);
        let accepted = matches!(euro().decode(&Record::line(0, &bytes)), Outcome::Event(_));
        prop_assert!(!accepted || details(&bytes).is_some());
    }

    /// A mapping takes every record off the short way for usual ones, so this compares the two ways.
    #[test]
    fn usual_records_decode_as_by_the_general_path(
        text in record(),
        rule in select(&[None, Some("EUR"), Some("JPY"), Some("")][..]),
        key in select(&[None, Some("c1"), Some("c2")][..]),
        timestamp in select(&[None, Some(-1), Some(1_767_225_600_123), Some(1_767_222_000_122)][..]),
        (strict, key_required) in any::<(bool, bool)>(),
    ) {
        let rule = match rule {
            None => CurrencyRule::Any,
            Some("") => CurrencyRule::Ignore,
            Some(code) => CurrencyRule::Only(code.parse().unwrap()),
        };
        let settings = Settings::new(rule).with_strict(strict).with_key_required(key_required);
        let raw: mapping::Config =
            toml::from_str("time = \"s\"\n[fields]\n\"f.id\" = \"event_id\"\n\"f.at\" = \"ts\"").unwrap();
        let general = Decoder::new(settings.clone().with_mapping(raw.check().unwrap()));
        let key = key.map(str::as_bytes);
        let record = Record { key, timestamp, ..Record::line(0, text.as_bytes()) };
        prop_assert_eq!(Decoder::new(settings).decode(&record), general.decode(&record), "{}", text);
    }

    #[test]
    fn both_modes_of_cloudevents_agree(
        (id, source, kind, time, subject) in (
            "[ -~]{0,9}", "[a-z/]{0,9}", "[a-z.]{0,9}",
            select(&["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5+02:00", "x", ""][..]), "c[0-9é]{0,3}",
        ),
        data in record(),
    ) {
        let attributes = [("id", &*id), ("source", &source), ("type", &kind), ("time", time), ("subject", &subject)];
        let names = attributes.map(|(name, _)| format!("ce_{name}"));
        let headers: Vec<Header<'_>> = attributes.iter().zip(&names)
            .map(|((_, value), name)| Header { name, value: Some(value.as_bytes()) })
            .collect();
        let binary = Record { headers: Headers::List(&headers), ..Record::line(0, data.as_bytes()) };
        let members = attributes.map(|(name, value)| format!("\"{name}\":{}", serde_json::to_string(value).unwrap()));
        let envelope = format!("{{{},\"specversion\":\"1.0\",\"data\":{data}}}", members.join(","));
        let structured = euro().decode(&Record::line(0, envelope.as_bytes()));
        prop_assert_eq!(structured, euro().decode(&binary), "{}", envelope);
    }

    #[test]
    fn plain_text_is_borrowed_and_never_copied(id in "[a-zA-Z0-9é€_-]{1,60}") {
        let value = format!(r#"{{"event_id":"{id}","customer_id":"{id}","type":"{id}","ts":1767225600000}}"#);
        let Outcome::Event(event) = euro().decode(&Record::line(0, value.as_bytes())) else {
            return Err(TestCaseError::fail("not accepted"));
        };
        for text in [event.event_id, event.customer_id, event.type_name] {
            prop_assert!(matches!(text, Cow::Borrowed(_)));
        }
    }

    #[test]
    fn amounts_equal_exact_integer_arithmetic(
        digits in 0..1_000_000_000_000_000_u128,
        point in 0..12_u32,
        power in -12..6_i32,
        exponent in 0..5_u8,
    ) {
        let (whole, fraction) = (digits / 10_u128.pow(point), digits % 10_u128.pow(point));
        let width = point as usize;
        let fraction = if point == 0 { String::new() } else { format!(".{fraction:0width$}") };
        let text = format!("{whole}{fraction}e{power}");
        // digits * 10^shift minor units, as a fraction of whole numbers
        let shift = power + i32::from(exponent) - point as i32;
        let up = digits * 10_u128.pow(shift.max(0).unsigned_abs());
        let below = 10_u128.pow(shift.min(0).unsigned_abs());
        let (units, rest) = ((up + below / 2) / below, up % below);
        let got = amount::parse(&text, exponent);
        if units > MAX_MINOR as u128 {
            prop_assert_eq!(got, Err(AmountError::TooLarge), "{}", text);
        } else {
            let minor = got.map_err(|e| TestCaseError::fail(format!("{text}: {e}")))?;
            prop_assert_eq!((minor.units as u128, minor.rounded), (units, rest != 0), "{}", text);
        }
    }

    #[test]
    fn amount_of_any_text_never_panics(text in "[-+0-9.eEx]{0,24}", exponent in 0..5_u8) {
        let sound = serde_json::from_str::<Box<serde_json::value::RawValue>>(&text);
        let is_number = sound.is_ok();
        let not_a_number = amount::parse(&text, exponent) == Err(AmountError::NotANumber);
        prop_assert_eq!(not_a_number, !is_number, "{}", text);
    }
}
