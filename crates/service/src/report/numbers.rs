//! How figures and instants are written: the filters of the templates.

use jiff::{Timestamp, tz::TimeZone};
use minijinja::{Environment, HtmlEscape, Value};

use super::verdict::whole;

const MISSING: &str = "n/a";

/// Registers the filters below under their own names.
pub(super) fn register(env: &mut Environment<'_>) {
    env.add_filter("percent", |x: f64, digits: Option<usize>| {
        percent(x, digits.unwrap_or(0))
    });
    env.add_filter("fixed", fixed);
    env.add_filter("signed", signed);
    env.add_filter("maybe", |x: Option<f64>, digits: Option<usize>| {
        x.map_or_else(|| MISSING.to_owned(), |x| fixed(x, digits.unwrap_or(1)))
    });
    env.add_filter("cash", cash);
    env.add_filter("short", short);
    env.add_filter("grouped", |n: u64| grouped(n));
    env.add_filter("date", |ms: i64| date(ms));
    env.add_filter("money", whole);
    env.add_filter("amount", |x: f64| x.to_string());
    env.add_filter("odds", |log_odds: f64| log_odds.exp());
    env.add_filter("inline", |text: String| {
        Value::from_safe_string(inline(&text))
    });
}

/// `0.598` as `60 %`, with a space that does not break.
pub(super) fn percent(x: f64, digits: usize) -> String {
    if x.is_finite() {
        format!("{}\u{a0}%", fixed(x * 100.0, digits))
    } else {
        MISSING.to_owned()
    }
}

/// So many decimals, and never `-0.00`.
pub(super) fn fixed(x: f64, digits: usize) -> String {
    if !x.is_finite() {
        return MISSING.to_owned();
    }
    let text = format!("{x:.digits$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|b| matches!(b, b'0' | b'.')) => rest.to_owned(),
        Some(rest) => format!("\u{2212}{rest}"),
        None => text,
    }
}

/// As `fixed`, with a plus before what is above zero.
pub(super) fn signed(x: f64, digits: usize) -> String {
    let text = fixed(x, digits);
    let zero = text.bytes().all(|b| matches!(b, b'0' | b'.'));
    if x > 0.0 && !zero {
        format!("+{text}")
    } else {
        text
    }
}

/// An amount with two decimals and groups of three: `12,345.60`.
fn cash(x: f64) -> String {
    let text = fixed(x.abs(), 2);
    let Some((whole, cents)) = text.split_once('.') else {
        return text;
    };
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), grouped);
    let sign = if x <= -0.005 { "\u{2212}" } else { "" };
    format!("{sign}{whole}.{cents}")
}

/// Text for HTML, with what stands between backticks as code.
fn inline(text: &str) -> String {
    let mut out = String::new();
    for (at, piece) in text.split('`').enumerate() {
        let piece = HtmlEscape(piece);
        if at % 2 == 0 {
            out += &piece.to_string();
        } else {
            out += &format!("<code>{piece}</code>");
        }
    }
    out
}

/// Four significant digits for quantities of any size, such as limits and means of features.
fn short(x: f64) -> String {
    match x.abs() {
        size if size.is_nan() => MISSING.to_owned(),
        f64::INFINITY => if x > 0.0 {
            "\u{221e}"
        } else {
            "\u{2212}\u{221e}"
        }
        .to_owned(),
        size if size >= 1000.0 => {
            let whole = grouped(size.round() as u64);
            if x < 0.0 {
                format!("\u{2212}{whole}")
            } else {
                whole
            }
        }
        size if size >= 100.0 => fixed(x, 1),
        size if size >= 10.0 => fixed(x, 2),
        _ => fixed(x, 3),
    }
}

/// `23570` as `23,570`.
pub(super) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The count beside an axis: `987`, `1.2k`, `35k`, `1.4M`.
pub(super) fn compact(n: u64) -> String {
    let (unit, name) = match n {
        0..1_000 => return n.to_string(),
        1_000..999_500 => (1e3, "k"),
        _ => (1e6, "M"),
    };
    let x = n as f64 / unit;
    if x < 9.95 {
        format!("{x:.1}{name}")
    } else {
        format!("{x:.0}{name}")
    }
}

/// The UTC day of an instant, such as `1998-03-31`.
pub(super) fn date(ms: i64) -> String {
    match Timestamp::from_millisecond(ms) {
        Ok(at) => TimeZone::UTC.to_datetime(at).date().to_string(),
        Err(_) => MISSING.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_for_people() {
        assert_eq!(percent(0.598, 0), "60\u{a0}%");
        assert_eq!(percent(f64::NAN, 1), "n/a");
        assert_eq!(fixed(-0.001, 2), "0.00");
        assert_eq!(fixed(-0.4, 1), "\u{2212}0.4");
        assert_eq!(
            (signed(0.4, 1), signed(0.001, 2)),
            ("+0.4".into(), "0.00".into())
        );
        assert_eq!(
            (short(12345.6), short(0.5)),
            ("12,346".into(), "0.500".into())
        );
        assert_eq!((grouped(0), grouped(999), grouped(1_234_567)), {
            ("0".into(), "999".into(), "1,234,567".into())
        });
        assert_eq!(
            (cash(-1_234.5), cash(0.0)),
            ("\u{2212}1,234.50".into(), "0.00".into())
        );
        let counts = [987, 1_234, 9_960, 35_100, 999_700].map(compact);
        assert_eq!(counts, ["987", "1.2k", "10k", "35k", "1.0M"]);
    }

    #[test]
    fn text_between_backticks_becomes_code_and_stays_escaped() {
        assert_eq!(inline("run `a<b` & go"), "run <code>a&lt;b</code> &amp; go");
    }

    #[test]
    fn last_millisecond_of_a_day_is_still_that_day() {
        assert_eq!(date(883_612_799_999), "1997-12-31");
        assert_eq!(date(i64::MAX), "n/a");
    }
}
