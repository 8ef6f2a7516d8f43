use super::*;

const NAMES: [&str; 2] = ["a", "b"];

fn place(name: &[u8]) -> usize {
    NAMES.iter().position(|n| n.as_bytes() == name).unwrap_or(2)
}

/// The scanner's answer; what it says about ASCII has to be right.
fn scan(text: &str) -> Option<[Option<&str>; 2]> {
    let found = scan::members::<2>(text.as_bytes(), place)?;
    assert_eq!(found.is_ascii, text.is_ascii(), "{text}");
    Some(
        found
            .members
            .map(|raw| raw.map(|raw| std::str::from_utf8(raw).unwrap())),
    )
}

/// Both readers over one text: serde_json's answer, and the scanner's where it gives one.
fn check(text: &str, expected: Result<[Option<&str>; 2], Broken<'_>>) {
    let scanned = scan(text);
    let by_serde = members(text, &NAMES);
    assert_eq!(by_serde, expected, "{text}");
    match scanned {
        Some(found) => assert_eq!(Ok(found), expected, "{text}"),
        None => assert!(
            expected.is_err() || text.contains('\\'),
            "scanner gave up on {text}"
        ),
    }
}

#[test]
fn wanted_members_are_kept_as_they_stand() {
    check("{}", Ok([None, None]));
    check(" { } \n", Ok([None, None]));
    check(r#"{"a":1,"b":"x"}"#, Ok([Some("1"), Some("\"x\"")]));
    check(
        r#"{"c":[1,{"a":2}], "b" : -1.5e+3 ,"a":true}"#,
        Ok([Some("true"), Some("-1.5e+3")]),
    );
    check(
        r#"{"a":{"b":[[],{},[{"x":[]}]]},"b":null}"#,
        Ok([Some(r#"{"b":[[],{},[{"x":[]}]]}"#), None]),
    );
    check(
        r#"{"a":"quote \" and \u00e9","c":"\ud800"}"#,
        Ok([Some(r#""quote \" and \u00e9""#), None]),
    );
    check(r#"{"\u0061":1}"#, Ok([Some("1"), None]));
    check("{\"a\":\"\u{7f}ü€𐍈\"}", Ok([Some("\"\u{7f}ü€𐍈\""), None]));
}

#[test]
fn wanted_member_twice_is_broken() {
    check(r#"{"a":1,"a":1}"#, Err(Broken::Twice("a")));
    check(r#"{"b":null,"b":1}"#, Err(Broken::Twice("b")));
    check(r#"{"a":1,"\u0061":2}"#, Err(Broken::Twice("a")));
    check(r#"{"c":1,"c":2}"#, Ok([None, None]));
}

#[test]
fn what_is_no_object_is_broken() {
    for text in ["1", "[]", "\"a\"", "null", "true", " [1] "] {
        check(text, Err(Broken::NotAnObject));
    }
}

#[test]
fn both_readers_refuse_the_same_syntax() {
    let broken = [
        "",
        " ",
        "{",
        "}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1",
        "{\"a\":1,}",
        "{,}",
        "{\"a\":1}x",
        "{\"a\":1}{}",
        "{'a':1}",
        "{a:1}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":+1}",
        "{\"a\":1e}",
        "{\"a\":-}",
        "{\"a\":nul}",
        "{\"a\":nullx}",
        "{\"a\":NaN}",
        "{\"a\":tru",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12g4\"}",
        "{\"a\":\"x",
        "{\"a\":[1,]}",
        "{\"a\":[1 2]}",
        "{\"a\":[}",
        "{\"a\":{]}",
        "{\"a\":{\"b\":1,}}",
        "{\"a\":{\"b\"}}",
        "{\"a\":{1:2}}",
        "\u{feff}{}",
        "{\"a\":1}\u{0}",
        "{\"a\" 1}",
    ];
    for text in broken {
        assert!(
            matches!(members(text, &NAMES), Err(Broken::Syntax(_))),
            "{text}"
        );
        assert_eq!(scan(text), None, "{text}");
    }
}

#[test]
fn every_raw_control_character_is_refused_and_no_other() {
    for byte in 0..0x80_u8 {
        for padding in ["", "0123456"] {
            let text = format!("{{\"c\":\"{padding}{}{padding}\"}}", char::from(byte));
            let refused = byte < 0x20 || byte == b'"' || byte == b'\\';
            assert_eq!(scan(&text).is_none(), refused, "{text:?}");
            assert_eq!(members(&text, &NAMES).is_err(), refused, "{text:?}");
        }
    }
}

#[test]
fn paths_lead_through_objects_and_lists() {
    let text = r#"{"p":{"list":[{"x":7},null]},"q":null}"#;
    let path = |path: &str| path.split('.').map(str::to_owned).collect::<Vec<_>>();
    for (steps, expected) in [
        ("p.list.0.x", Some("7")),
        ("p.list.1", None),
        ("p.list.9", None),
        ("p.list.x", None),
        ("p.none", None),
        ("p.list.0.x.y", None),
        ("q", None),
    ] {
        assert_eq!(at_path(text, &path(steps)), Ok(expected), "{steps}");
    }
    assert_eq!(
        at_path(r#"{"p":{"x":1,"x":2}}"#, &path("p.x")),
        Err(Broken::Twice("x"))
    );
}

#[test]
fn depth_counts_brackets_outside_strings() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(!is_too_deep(nested(MAX_DEPTH).as_bytes()));
    assert!(is_too_deep(nested(MAX_DEPTH + 1).as_bytes()));
    assert!(is_too_deep("[".repeat(1_000_000).as_bytes()));
    assert!(!is_too_deep(
        format!("{{\"a\":\"\\\"{}\"}}", "[".repeat(100)).as_bytes()
    ));
    assert!(!is_too_deep("[],".repeat(100).as_bytes()));
}

#[test]
fn scanner_takes_the_depth_that_is_allowed_and_no_more() {
    let inside = |levels: usize| format!("{{\"a\":{}1{}}}", "[".repeat(levels), "]".repeat(levels));
    assert!(scan(&inside(MAX_DEPTH - 1)).is_some());
    assert!(scan(&inside(MAX_DEPTH)).is_none());
    assert!(!is_too_deep(inside(MAX_DEPTH - 1).as_bytes()));
    assert!(is_too_deep(inside(MAX_DEPTH).as_bytes()));
}
