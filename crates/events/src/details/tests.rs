use super::*;

fn read(fields: &str) -> Details<'_> {
    Details::of(fields).unwrap()
}

#[test]
fn each_kind_is_read_as_its_type() {
    let details = read(
        r#"{"channel":"sms","step":3,"saved_payment":true,"clicks":4,"score":8.5,"cost":0.285,
            "choices":["a",2],"birthday":"1992-02-29","period_end":1767225600000,
            "promised_at":"2026-01-01T01:00:00+01:00","topic":"caf\u00e9",
            "items":[{"product_id":7,"quantity":2,"price":9.99},{"category":"x"},5]}"#,
    );
    assert_eq!(details.channel.as_deref(), Some("sms"));
    assert_eq!(details.step.as_deref(), Some("3"));
    assert_eq!(details.topic.as_deref(), Some("café"));
    assert_eq!(
        (details.saved_payment, details.clicks),
        (Some(true), Some(4))
    );
    assert_eq!(details.score, Some(8.5));
    let cost = details.cost.unwrap();
    assert_eq!(
        (cost.minor(2), cost.minor(3), cost.as_str()),
        (Some(29), Some(285), "0.285")
    );
    assert!((cost.to_f64() - 0.285).abs() < f64::EPSILON);
    assert_eq!(details.choices.unwrap(), ["a", "2"]);
    assert_eq!(details.birthday.unwrap(), jiff::civil::date(1992, 2, 29));
    assert_eq!(details.period_end, Some(Instant(1_767_225_600_000)));
    assert_eq!(details.promised_at, Some(Instant(1_767_225_600_000)));
    let items = details.items.unwrap();
    let (count, items) = (items.count, items.list);
    assert_eq!(count as usize, items.len() + 1);
    assert_eq!(items.len(), 2, "what is no position is left out");
    assert_eq!(items[0].product_id.as_deref(), Some("7"));
    assert_eq!(
        items[0].price.as_ref().and_then(|price| price.minor(2)),
        Some(999)
    );
    assert_eq!(items[1].category.as_deref(), Some("x"));
}

#[test]
fn value_of_another_kind_is_left_out() {
    let details = read(
        r#"{"channel":true,"saved_payment":"yes","clicks":1.5,"score":"9","cost":"free","choices":{},
            "birthday":"1991-02-29","period_end":"soon","topic":"\ud800","items":"none","bot":1}"#,
    );
    let expected = Details {
        choices: None,
        ..Details::default()
    };
    assert_eq!(details, expected);
}

#[test]
fn null_is_absent_and_the_last_of_two_counts() {
    assert_eq!(
        read(r#"{"topic":null,"bot":null,"items":null,"cost":null}"#),
        Details::default()
    );
    assert_eq!(
        read(r#"{"topic":"a","topic":"b"}"#).topic.as_deref(),
        Some("b")
    );
}

#[test]
fn text_without_escapes_is_borrowed() {
    let details = read(r#"{"topic":"spring","offer":"a\nb"}"#);
    assert!(matches!(details.topic, Some(Cow::Borrowed("spring"))));
    assert_eq!(details.offer.as_deref(), Some("a\nb"));
}

#[test]
fn what_is_no_object_has_no_details() {
    for value in [&b"[]"[..], b"", b"{", b"{}x", b"\xff", b"1"] {
        assert_eq!(details(value), None);
    }
    assert_eq!(details(b"{}"), Some(Details::default()));
}
