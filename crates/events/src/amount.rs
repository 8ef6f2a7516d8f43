//! Exact decimal amounts: the text of a number in major units to integer minor units.
//!
//! The text is read digit by digit, never through a float, so 0.285 is a half and rounds up, and the
//! same bytes give the same units on every machine.

/// The greatest amount that is accepted, in minor units.
pub const MAX_MINOR: i64 = 1_000_000_000_000;

/// An amount in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Minor {
    /// 0 to [`MAX_MINOR`].
    pub units: i64,
    /// Whether digits other than zero were rounded off, half away from zero.
    pub rounded: bool,
}

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not a number as JSON writes it.
    #[error("is not a number")]
    NotANumber,
    /// Below zero; minus zero is zero.
    #[error("is negative")]
    Negative,
    /// Above [`MAX_MINOR`].
    #[error("is above 10^12 minor units")]
    TooLarge,
}

/// Reads a number as JSON writes it, in major units, into minor units at `exponent` decimals.
///
/// # Errors
/// [`AmountError`] if it is no number, negative or above [`MAX_MINOR`].
///
/// ```
/// use holdfast_events::amount::{Minor, parse};
/// assert_eq!(parse("19.9", 2), Ok(Minor { units: 1990, rounded: false }));
/// assert_eq!(parse("1.005e1", 2), Ok(Minor { units: 1005, rounded: false }));
/// assert_eq!(parse("0.285", 2), Ok(Minor { units: 29, rounded: true }));
/// ```
pub fn parse(text: &str, exponent: u8) -> Result<Minor, AmountError> {
    parse_bytes(text.as_bytes(), exponent)
}

pub(crate) fn parse_bytes(bytes: &[u8], exponent: u8) -> Result<Minor, AmountError> {
    match usual(bytes, exponent) {
        Some(units) => Ok(Minor {
            units,
            rounded: false,
        }),
        None => parse_any(bytes, exponent),
    }
}

/// A short number in plain digits with no more decimals than the currency has: most are.
fn usual(bytes: &[u8], exponent: u8) -> Option<i64> {
    if bytes.len() > 12 || !bytes.last()?.is_ascii_digit() {
        return None;
    }
    let (mut units, mut left, mut has_point) = (0_i64, exponent, false);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'0' if at == 0 && matches!(bytes.get(1), Some(b'0'..=b'9')) => return None,
            b'0'..=b'9' => {
                left = if has_point {
                    left.checked_sub(1)?
                } else {
                    left
                };
                units = units * 10 + i64::from(byte - b'0');
            }
            b'.' if at > 0 && !has_point => has_point = true,
            _ => return None,
        }
    }
    for _ in 0..left {
        units *= 10;
    }
    (units <= MAX_MINOR).then_some(units)
}

fn parse_any(bytes: &[u8], exponent: u8) -> Result<Minor, AmountError> {
    let (negative, bytes) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, bytes),
    };
    let (mantissa, power) = match bytes.iter().position(|b| matches!(b, b'e' | b'E')) {
        Some(at) => (&bytes[..at], power_of_ten(&bytes[at + 1..])?),
        None => (bytes, 0),
    };
    let (whole, fraction) = match mantissa.iter().position(|&b| b == b'.') {
        Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
        None => (mantissa, &b""[..]),
    };
    let fraction_is_empty = fraction.is_empty() && whole.len() != mantissa.len();
    let is_number = |digits: &[u8]| digits.iter().all(u8::is_ascii_digit);
    let leading_zero = whole.len() > 1 && whole[0] == b'0';
    if whole.is_empty() || leading_zero || fraction_is_empty {
        return Err(AmountError::NotANumber);
    }
    if !is_number(whole) || !is_number(fraction) {
        return Err(AmountError::NotANumber);
    }
    // Digits that stay in front of the minor unit's point; fewer than none if all are below it.
    let keep = i64::try_from(whole.len()).unwrap_or(i64::MAX);
    let keep = keep
        .saturating_add(power)
        .saturating_add(i64::from(exponent));
    let minor = shift(whole.iter().chain(fraction), keep);
    if negative
        && minor
            != Ok(Minor {
                units: 0,
                rounded: false,
            })
    {
        return Err(AmountError::Negative);
    }
    minor
}

/// The first `keep` digits as an integer, rounded by those behind them.
fn shift<'a>(digits: impl Iterator<Item = &'a u8>, keep: i64) -> Result<Minor, AmountError> {
    let mut units = 0_i64;
    let mut left = keep;
    let (mut up, mut rounded) = (false, false);
    for digit in digits.map(|b| i64::from(b - b'0')) {
        if left > 0 {
            units = units * 10 + digit;
            if units > MAX_MINOR {
                return Err(AmountError::TooLarge);
            }
        } else {
            up |= left == 0 && digit >= 5;
            rounded |= digit != 0;
        }
        left = left.saturating_sub(1);
    }
    while left > 0 && units > 0 {
        units *= 10;
        if units > MAX_MINOR {
            return Err(AmountError::TooLarge);
        }
        left -= 1;
    }
    units += i64::from(up);
    if units > MAX_MINOR {
        return Err(AmountError::TooLarge);
    }
    Ok(Minor { units, rounded })
}

/// The exponent behind `e`; beyond any that matters it saturates.
fn power_of_ten(text: &[u8]) -> Result<i64, AmountError> {
    let (sign, digits) = match text {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        _ => (1, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(AmountError::NotANumber);
    }
    let value = digits.iter().fold(0_i64, |value, digit| {
        value
            .saturating_mul(10)
            .saturating_add(i64::from(digit - b'0'))
    });
    // A long run of zeros behind the point may offset any exponent a record can hold.
    Ok(sign * value.min(1 << 40))
}

#[cfg(test)]
mod tests;
