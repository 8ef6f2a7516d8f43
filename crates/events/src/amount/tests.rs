use super::*;

fn check(text: &str, exponent: u8, expected: Result<(i64, bool), AmountError>) {
    let got = parse(text, exponent).map(|m| (m.units, m.rounded));
    assert_eq!(got, expected, "{text} at {exponent}");
}

#[test]
fn plain_numbers_become_minor_units() {
    check("0", 2, Ok((0, false)));
    check("12", 2, Ok((1200, false)));
    check("12.5", 2, Ok((1250, false)));
    check("12.50000", 2, Ok((1250, false)));
    check("0.01", 2, Ok((1, false)));
    check("980", 0, Ok((980, false)));
    check("1.234", 3, Ok((1234, false)));
    check("1.2345", 4, Ok((12345, false)));
}

#[test]
fn exponents_move_the_point() {
    check("1.5e3", 2, Ok((150_000, false)));
    check("15E-1", 2, Ok((150, false)));
    check("1e+2", 0, Ok((100, false)));
    check("0e999999999999999999999", 2, Ok((0, false)));
    check("0.000e-5", 2, Ok((0, false)));
    check("123456e-4", 2, Ok((1235, true)));
}

#[test]
fn excess_decimals_round_half_away_from_zero() {
    check("0.004", 2, Ok((0, true)));
    check("0.005", 2, Ok((1, true)));
    check("0.00499999999999999999999999", 2, Ok((0, true)));
    check("2.675", 2, Ok((268, true)));
    check("0.5", 0, Ok((1, true)));
    check("9.999", 2, Ok((1000, true)));
    check("1e-999", 2, Ok((0, true)));
    check("9e-3", 2, Ok((1, true)));
    check("9e-4", 2, Ok((0, true)));
}

#[test]
fn ten_to_the_twelfth_minor_units_is_the_limit() {
    check("10000000000", 2, Ok((MAX_MINOR, false)));
    check("10000000000.004", 2, Ok((MAX_MINOR, true)));
    check("10000000000.005", 2, Err(AmountError::TooLarge));
    check("10000000000.01", 2, Err(AmountError::TooLarge));
    check("1e12", 0, Ok((MAX_MINOR, false)));
    check("1e999", 2, Err(AmountError::TooLarge));
    check(
        "123456789012345678901234567890",
        0,
        Err(AmountError::TooLarge),
    );
}

#[test]
fn negative_is_refused_and_minus_zero_is_zero() {
    check("-1", 2, Err(AmountError::Negative));
    check("-0.001", 2, Err(AmountError::Negative));
    check("-1e-999", 2, Err(AmountError::Negative));
    check("-1e999", 2, Err(AmountError::Negative));
    check("-0", 2, Ok((0, false)));
    check("-0.00", 2, Ok((0, false)));
}

#[test]
fn text_that_json_does_not_write_is_no_number() {
    for text in [
        "", "-", ".", "1.", ".5", "01", "1e", "1e+", "+1", "NaN", "Infinity", "1_0", "0x1",
    ] {
        check(text, 2, Err(AmountError::NotANumber));
    }
    check("1.2.3", 2, Err(AmountError::NotANumber));
    check("1e2e3", 2, Err(AmountError::NotANumber));
    check("1 ", 2, Err(AmountError::NotANumber));
    check("--1", 2, Err(AmountError::NotANumber));
}
