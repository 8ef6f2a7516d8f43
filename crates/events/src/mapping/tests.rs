use super::*;

fn check_faults(table: &str, expected: &[&str]) {
    let config: Config = toml::from_str(table).unwrap();
    let faults = config.check().err().unwrap_or_default();
    let texts: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), expected.len(), "{texts:?}");
    for (text, part) in texts.iter().zip(expected) {
        assert!(text.contains(part), "{text:?} does not say {part:?}");
    }
}

#[test]
fn sound_table_has_no_faults() {
    check_faults("", &[]);
    check_faults(
        "time = \"s\"\namounts = \"minor\"\n[fields]\n\"a.b, c\" = \"event_id\"",
        &[],
    );
}

#[test]
fn every_fault_is_named_at_once() {
    let table = r#"
        [fields]
        "a..b" = "event_id"
        user = "custmer_id"
        x = "amount"
        y = "amount"
        [values.type]
        Bought = "purchse"
        [values.color]
        red = "blue"
        [defaults]
        ts = "0"
        currency = "Euro"
        type = "something"
    "#;
    check_faults(
        table,
        &[
            "a path has an empty step",
            "\"custmer_id\" is no field of an event, nearest is customer_id",
            "amount is mapped twice: write its paths in one key, with commas",
            "\"color\" is no field of an event",
            "\"purchse\" is not in the vocabulary, nearest is purchase",
            "\"Euro\" is no currency",
            "ts has to come from the record",
            "\"something\" is not in the vocabulary",
        ],
    );
}

#[test]
fn unknown_keys_and_formats_are_refused() {
    for table in [
        "colour = 1",
        "time = \"days\"",
        "amounts = \"cents\"",
        "[fields]\na = 1",
    ] {
        assert!(toml::from_str::<Config>(table).is_err(), "{table}");
    }
}

fn part(mapping: &Mapping, body: &str, field: &str) -> Option<String> {
    match mapping.found(body, field).unwrap() {
        Part::Missing => None,
        Part::Json(raw) => Some(raw.to_owned()),
        Part::Text(text) | Part::Units(text) => Some(text.into_owned()),
        Part::Millis(ms) => Some(ms.to_string()),
        Part::Unreadable(fault) => Some(fault.to_owned()),
    }
}

#[test]
fn first_path_that_is_there_counts() {
    let table = "[fields]\n\"a.b, a.c, d.0\" = \"channel\"";
    let mapping = toml::from_str::<Config>(table).unwrap().check().unwrap();
    for (body, expected) in [
        (r#"{"a":{"b":"1","c":"2"}}"#, Some("\"1\"")),
        (r#"{"a":{"b":null,"c":"2"}}"#, Some("\"2\"")),
        (r#"{"a":[],"d":["3"]}"#, Some("\"3\"")),
        (r#"{"a":7}"#, None),
    ] {
        assert_eq!(
            part(&mapping, body, "channel").as_deref(),
            expected,
            "{body}"
        );
    }
}

#[test]
fn minor_amounts_are_not_scaled() {
    let table = "amounts = \"minor\"\n[fields]\ncents = \"amount\"";
    let mapping = toml::from_str::<Config>(table).unwrap().check().unwrap();
    for body in [r#"{"cents":1990}"#, r#"{"cents":"1990"}"#] {
        assert!(matches!(mapping.found(body, "amount"), Ok(Part::Units(text)) if text == "1990"));
    }
}

#[test]
fn values_are_looked_up_by_their_text_whatever_their_kind() {
    let table = "[fields]\na = \"type\"\n[values.type]\n7 = \"login\"\ntrue = \"search\"";
    let mapping = toml::from_str::<Config>(table).unwrap().check().unwrap();
    for (body, expected) in [
        (r#"{"a":7}"#, "login"),
        (r#"{"a":"7"}"#, "login"),
        (r#"{"a":true}"#, "search"),
        (r#"{"a":"\u0037"}"#, "login"),
        (r#"{"a":8}"#, "8"),
    ] {
        assert_eq!(
            part(&mapping, body, "type").as_deref(),
            Some(expected),
            "{body}"
        );
    }
}
