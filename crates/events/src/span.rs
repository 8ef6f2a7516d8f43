//! Durations as configuration writes them: "7d", "1h", "30s".

const UNITS: [(&str, i64); 6] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
    ("w", 7 * 86_400_000),
];

/// Milliseconds of a duration written as a whole number and one unit of ms, s, m, h, d, w.
///
/// # Errors
/// A text that says what was wrong with the duration.
pub fn duration_ms(text: &str) -> Result<i64, String> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let Some((_, scale)) = UNITS.iter().find(|(name, _)| *name == unit.trim_start()) else {
        return Err(format!(
            "{text:?} is no duration: write a number and ms, s, m, h, d or w"
        ));
    };
    let number: i64 = number
        .parse()
        .map_err(|_| format!("{text:?} is no duration: the number is missing"))?;
    number
        .checked_mul(*scale)
        .ok_or_else(|| format!("duration {text:?} is too long"))
}

#[cfg(test)]
mod tests {
    use super::duration_ms;

    #[test]
    fn whole_numbers_with_a_unit_are_read() {
        for (text, ms) in [
            ("0s", 0),
            ("250ms", 250),
            ("30s", 30_000),
            ("1h", 3_600_000),
        ] {
            assert_eq!(duration_ms(text), Ok(ms), "{text}");
        }
        assert_eq!(duration_ms("7d"), Ok(7 * 86_400_000));
        assert_eq!(duration_ms("1w"), duration_ms("7d"));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "7", "d", "-1d", "1.5h", "1y", "99999999999999w", "1d1h"] {
            assert!(duration_ms(text).is_err(), "{text}");
        }
    }
}
