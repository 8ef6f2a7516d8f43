//! Durations as people write them: `30s`, `1h`, `7d`, `1h30m`, `250ms`.

const UNITS: [(&str, i64); 6] = [
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Milliseconds of a duration such as `7d`, `1h30m` or `250ms`.
pub fn parse_duration(text: &str) -> Result<i64, String> {
    let refuse =
        || format!("`{text}` is not a duration; write it like \"7d\", \"1h30m\" or \"30s\"");
    let mut rest = text.trim();
    if rest == "0" {
        return Ok(0);
    }
    let mut total = 0i64;
    let mut last = i64::MAX;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .ok_or_else(refuse)?;
        let number: i64 = rest[..digits].parse().map_err(|_| refuse())?;
        rest = &rest[digits..];
        let letters = rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        let unit = UNITS
            .iter()
            .find(|(name, _)| *name == &rest[..letters])
            .ok_or_else(refuse)?
            .1;
        if unit >= last {
            return Err(refuse());
        }
        last = unit;
        rest = &rest[letters..];
        total = number
            .checked_mul(unit)
            .and_then(|ms| total.checked_add(ms))
            .ok_or_else(refuse)?;
    }
    if last == i64::MAX {
        Err(refuse())
    } else {
        Ok(total)
    }
}

/// The shortest exact way to write `ms`.
pub fn format_duration(ms: i64) -> String {
    let mut rest = ms;
    let mut out = String::new();
    for (name, unit) in UNITS.iter().skip(1) {
        if rest >= *unit {
            out.push_str(&format!("{}{name}", rest / unit));
            rest %= unit;
        }
    }
    if out.is_empty() { "0s".to_owned() } else { out }
}
