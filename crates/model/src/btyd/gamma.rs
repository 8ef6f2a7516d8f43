//! The digamma function, which `libm` lacks.

/// Derivative of ln Gamma at `x` > 0: shifted above 10 by psi(x) = psi(x+1) - 1/x, where seven terms
/// of the asymptotic series are exact to a double (Abramowitz, Stegun 6.3.5 and 6.3.18).
pub(crate) fn digamma(x: f64) -> f64 {
    let (mut x, mut shift) = (x, 0.0);
    while x < 10.0 {
        shift += 1.0 / x;
        x += 1.0;
    }
    const SERIES: [f64; 7] = [
        -1.0 / 12.0,
        1.0 / 120.0,
        -1.0 / 252.0,
        1.0 / 240.0,
        -1.0 / 132.0,
        691.0 / 32_760.0,
        -1.0 / 12.0,
    ];
    let y = 1.0 / (x * x);
    let series = SERIES.iter().rev().fold(0.0, |sum, term| y * (term + sum));
    libm::log(x) - 0.5 / x + series - shift
}

#[cfg(test)]
mod tests {
    use super::digamma;

    fn near(found: f64, right: f64) {
        assert!(
            (found - right).abs() <= 1e-14 * right.abs().max(1.0),
            "{found} is not {right}"
        );
    }

    #[test]
    fn digamma_has_its_known_values() {
        let euler = 0.577_215_664_901_532_9;
        near(digamma(1.0), -euler);
        near(digamma(2.0), 1.0 - euler);
        near(digamma(0.5), -euler - 2.0 * std::f64::consts::LN_2);
        near(digamma(10.0), 2.251_752_589_066_721);
        near(digamma(1e6), 13.815_510_057_964_191);
        near(digamma(1e-3), -1_000.575_571_931_810_3);
    }

    #[test]
    fn log_gamma_has_its_known_values() {
        near(libm::lgamma(0.5), 0.572_364_942_924_700_1);
        near(libm::lgamma(5.0), 24.0_f64.ln());
        near(libm::lgamma(1e-3), 6.907_178_885_383_853);
        near(libm::lgamma(1e5), 1_051_287.708_973_656_9);
    }

    #[test]
    fn digamma_is_the_slope_of_log_gamma() {
        for x in [0.03, 0.243, 0.793, 2.426, 9.9, 10.1, 350.0] {
            let h = 1e-5 * x;
            let slope = (libm::lgamma(x + h) - libm::lgamma(x - h)) / (2.0 * h);
            assert!(
                (digamma(x) - slope).abs() < 1e-6 * slope.abs().max(1.0),
                "at {x}"
            );
        }
    }
}
