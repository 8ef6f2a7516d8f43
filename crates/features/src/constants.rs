//! What the formulas over a whole life take from the population that a model was trained on.

/// Constants of those formulas, from the model file. Gaps are between neighbouring occasions, in days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Constants {
    /// Mean of ln(1 + gap) over the population: its usual rhythm.
    pub gap_mean: f64,
    /// Standard deviation of ln(1 + gap) within a customer, above 0.
    pub gap_sd: f64,
    /// Days for which the MBG/NBD model looks ahead.
    pub horizon_days: f64,
    /// Its parameters r, alpha (days), a and b, all above 0.
    pub mbg: [f64; 4],
}

impl Default for Constants {
    /// A month between occasions, give or take a factor of two, and parameters in the middle of those of real shops.
    fn default() -> Self {
        Self {
            gap_mean: 3.434,
            gap_sd: 0.7,
            horizon_days: 90.0,
            mbg: [0.5, 30.0, 0.5, 1.0],
        }
    }
}

/// MBG/NBD (Batislam, Denizel, Filiztekin 2007) of one customer: occasions after the first, days from the first to the
/// last and to now.
///
/// The likelihood of no further occasion until T is L(T) = (alpha + t)^-(r+x) + (b+x)/a (alpha + T)^-(r+x) up to what
/// does not depend on T (their equation 3); both numbers below are quotients of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Repeats {
    pub(crate) x: f64,
    pub(crate) t: f64,
}

impl Constants {
    /// The customer's odds of being still there after `age` days without another occasion. Fall with the age.
    fn odds(&self, of: Repeats, age: f64) -> f64 {
        let [r, alpha, a, b] = self.mbg;
        let power = r + of.x;
        (b + of.x) / a * libm::exp(-power * libm::log((alpha + age) / (alpha + of.t)))
    }

    /// Probability that the customer is still there. Falls with the age.
    pub(crate) fn still_there(&self, of: Repeats, age: f64) -> f64 {
        let odds = self.odds(of, age.max(of.t));
        odds / (1.0 + odds)
    }

    /// Probability of no occasion within the horizon. Rises with the age.
    pub(crate) fn none_expected(&self, of: Repeats, age: f64) -> f64 {
        let age = age.max(of.t);
        (1.0 + self.odds(of, age + self.horizon_days)) / (1.0 + self.odds(of, age))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The likelihood as the paper writes it.
    fn likelihood(constants: &Constants, of: Repeats, age: f64) -> f64 {
        let [r, alpha, a, b] = constants.mbg;
        let ln_beta = |x: f64, y: f64| libm::lgamma(x) + libm::lgamma(y) - libm::lgamma(x + y);
        let common =
            libm::lgamma(r + of.x) - libm::lgamma(r) + r * libm::log(alpha) - ln_beta(a, b);
        let alive = ln_beta(a, b + of.x + 1.0) - (r + of.x) * libm::log(alpha + age);
        let gone = ln_beta(a + 1.0, b + of.x) - (r + of.x) * libm::log(alpha + of.t);
        libm::exp(common + alive) + libm::exp(common + gone)
    }

    #[test]
    fn quotients_are_those_of_the_papers_likelihood() {
        let constants = Constants::default();
        for (x, t, age) in [
            (0.0, 0.0, 10.0),
            (1.0, 30.0, 40.0),
            (12.0, 300.0, 365.0),
            (80.0, 700.0, 701.0),
        ] {
            let of = Repeats { x, t };
            let plain = likelihood(&constants, of, age + constants.horizon_days)
                / likelihood(&constants, of, age);
            let quick = constants.none_expected(of, age);
            assert!(
                (plain - quick).abs() < 1e-9 * plain,
                "{x} {t} {age}: {plain} {quick}"
            );
        }
    }

    #[test]
    fn silence_makes_another_occasion_less_likely() {
        let constants = Constants::default();
        let of = Repeats { x: 4.0, t: 100.0 };
        let ages: Vec<f64> = (100..600).map(f64::from).collect();
        assert!(
            ages.windows(2)
                .all(|w| constants.none_expected(of, w[0]) < constants.none_expected(of, w[1]))
        );
        assert!(
            ages.windows(2)
                .all(|w| constants.still_there(of, w[0]) > constants.still_there(of, w[1]))
        );
    }
}
