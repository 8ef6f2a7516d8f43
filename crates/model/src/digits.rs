//! Rounding to significant digits.

/// Rounds to nine significant digits.
///
/// Model files are read by people, and the last bits of a fit depend on the order in which a vector
/// unit adds: rounding well above them gives the same bytes on every machine.
pub(crate) fn nine(x: f64) -> f64 {
    format!("{x:.8e}").parse().unwrap_or(x)
}

#[cfg(test)]
mod tests {
    use super::nine;

    #[test]
    fn nine_digits_are_kept() {
        assert_eq!(nine(0.123_456_789_123), 0.123_456_789);
        assert_eq!(nine(-98_765_432_198.0), -98_765_432_200.0);
        assert_eq!(nine(0.0), 0.0);
        assert!(nine(f64::NAN).is_nan());
    }
}
