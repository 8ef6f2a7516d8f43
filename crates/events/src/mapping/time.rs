//! How foreign records write times.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;

use crate::decoder::{Part, whole_number};

/// How a time is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeFormat {
    /// Milliseconds since 1970, a whole number.
    #[default]
    Ms,
    /// Seconds since 1970; decimals are read to the millisecond, further ones cut off.
    S,
    /// Microseconds since 1970, cut to milliseconds.
    Us,
    /// Nanoseconds since 1970, cut to milliseconds.
    Ns,
    /// A date and time with its offset: `2026-01-01T00:00:00.123Z`.
    Rfc3339,
}

impl TimeFormat {
    /// The time in milliseconds, or what is wrong with it. Ranges are checked later.
    pub(crate) fn read<'a>(self, text: Cow<'a, str>) -> Part<'a> {
        let scaled = |scale: i64| whole_number(&text).map(|value| value.div_euclid(scale));
        match self {
            Self::Ms => Part::Text(text),
            Self::S => number(seconds(&text), "is not a number of seconds"),
            Self::Us => number(scaled(1_000), "is not an integer of microseconds"),
            Self::Ns => number(scaled(1_000_000), "is not an integer of nanoseconds"),
            Self::Rfc3339 => rfc3339(&text),
        }
    }
}

fn number<'a>(ms: Option<i64>, fault: &'static str) -> Part<'a> {
    ms.map_or(Part::Unreadable(fault), Part::Millis)
}

/// A time by RFC 3339.
pub(crate) fn rfc3339<'a>(text: &str) -> Part<'a> {
    let ms = text
        .parse::<Timestamp>()
        .ok()
        .map(Timestamp::as_millisecond);
    number(ms, "is not a time by RFC 3339")
}

/// Milliseconds of decimal seconds without exponent.
fn seconds(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let millis = fraction.bytes().chain(*b"000").take(3);
    let millis = millis.fold(0, |ms, digit| ms * 10 + i64::from(digit - b'0'));
    Some(
        whole_number(whole)?
            .saturating_mul(1_000)
            .saturating_add(millis),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: TimeFormat, text: &str, expected: Option<i64>) {
        let got = match format.read(Cow::Borrowed(text)) {
            Part::Millis(ms) => Some(ms),
            Part::Text(text) => whole_number(&text),
            _ => None,
        };
        assert_eq!(got, expected, "{format:?} {text}");
    }

    #[test]
    fn each_unit_is_read_to_the_millisecond() {
        check(TimeFormat::Ms, "1767225600123", Some(1_767_225_600_123));
        check(TimeFormat::S, "1767225600", Some(1_767_225_600_000));
        check(TimeFormat::S, "1767225600.1239", Some(1_767_225_600_123));
        check(TimeFormat::S, "1767225600.5", Some(1_767_225_600_500));
        check(TimeFormat::Us, "1767225600123999", Some(1_767_225_600_123));
        check(
            TimeFormat::Ns,
            "1767225600123999999",
            Some(1_767_225_600_123),
        );
        check(
            TimeFormat::Rfc3339,
            "2026-01-01T00:00:00.123Z",
            Some(1_767_225_600_123),
        );
        check(
            TimeFormat::Rfc3339,
            "2026-01-01T01:00:00+01:00",
            Some(1_767_225_600_000),
        );
    }

    #[test]
    fn other_text_is_unreadable() {
        check(TimeFormat::Ms, "1.5", None);
        check(TimeFormat::S, "1.", None);
        check(TimeFormat::S, "1e9", None);
        check(TimeFormat::Us, "1.5", None);
        check(TimeFormat::Rfc3339, "2026-01-01", None);
        check(TimeFormat::Rfc3339, "2026-01-01T00:00:00", None);
    }
}
