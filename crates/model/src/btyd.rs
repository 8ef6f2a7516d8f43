//! Buy till you die: BG/NBD and MBG/NBD, what a customer's dates alone say about the next purchase.
//!
//! While alive a customer buys at random (Poisson, rate lambda), and after a purchase leaves for good
//! with probability p. Over customers lambda is Gamma(r, rate alpha) and p is Beta(a, b). The families
//! differ in the first purchase: after it nobody leaves in BG/NBD (Fader, Hardie, Lee 2005, "Counting
//! your customers the easy way"), and anybody may in MBG/NBD (Batislam, Denizel, Filiztekin 2007). So
//! one-time buyers are alive for ever in the former, and only the latter learns from their silence.
//!
//! With x repeat purchases, the last at t, seen until T, and m = 1 for MBG/NBD, 0 for BG/NBD, the
//! likelihood is (equation 6 of 2005)
//!
//! ```text
//! L(x, t, T) = B(a, b+x+m) / B(a, b) * Gamma(r+x) alpha^r / Gamma(r)
//!              * [ (alpha+T)^-(r+x) + c (alpha+t)^-(r+x) ],     c = a / (b+x+m-1), 0 if x+m = 0
//! ```
//!
//! Its second term is the case that the customer left at t. Everything else follows:
//!
//! | wanted | is |
//! | --- | --- |
//! | p alive | 1 / (1+w), w = c ((alpha+T)/(alpha+t))^(r+x) |
//! | p no purchase in (T, T+h] | L(x, t, T+h) / L(x, t, T) = 1 - p alive (1 - ((alpha+T)/(alpha+T+h))^(r+x)) |
//! | expected purchases in (T, T+h] | equation 10 of 2005, see [`Prepared::purchases_if_alive`] |
//!
//! In silence (T grows, x and t stay) p alive never rises and p no purchase never falls, for both
//! families and all parameters: with f(T) = (alpha+T)^-(r+x) and C = c (alpha+t)^-(r+x) the latter is
//! (f(T+h) + C) / (f(T) + C); f'/f rises with T, and so does f', so the quotient's slope is positive.
//! So its values at the ends of a silent span bound those within.
//!
//! Times are in any one unit, the same in rows, parameters and horizons: alpha is in that unit, r, a
//! and b have none.

pub(crate) mod bfgs;
mod fit;
pub(crate) mod gamma;
mod likelihood;

pub use fit::{Fit, FitError, MIN_CUSTOMERS, Settings, fit};
pub use likelihood::{log_likelihood, merged};

/// Probabilities are held this far from 0 and 1 before their log-odds are taken.
pub const CLIP: f64 = 1e-6;

/// Repeat purchases, recency and age of a customer, as the literature names them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rft {
    /// x: purchases after the first one.
    pub frequency: f64,
    /// t: time from the first purchase to the last, 0 without a repeat purchase.
    pub recency: f64,
    /// T: time from the first purchase until now, not less than the recency.
    pub age: f64,
}

/// When a customer may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// BG/NBD: after each repeat purchase.
    Bg,
    /// MBG/NBD: after each purchase, the first one included.
    Mbg,
}

impl Family {
    /// Purchases before the first repeat after which a customer may leave: m.
    fn first(self) -> f64 {
        match self {
            Self::Bg => 0.0,
            Self::Mbg => 1.0,
        }
    }

    /// Odds of having left at the last purchase over having stayed, before the silence: c.
    fn left(self, frequency: f64, a: f64, b: f64) -> f64 {
        let chances = frequency + self.first();
        if chances > 0.0 {
            a / (b + chances - 1.0)
        } else {
            0.0
        }
    }
}

/// What a population is like. All are positive and finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// Shape of the purchase rates over customers.
    pub r: f64,
    /// Rate parameter of the same, in the unit of time: r / alpha is the mean purchase rate.
    pub alpha: f64,
    /// Beta parameter of leaving: a / (a+b) is the mean probability of leaving at a purchase.
    pub a: f64,
    /// Beta parameter of staying.
    pub b: f64,
}

/// What silence means for one customer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlook {
    /// Probability that the customer has not left.
    pub p_alive: f64,
    /// Probability of no purchase within the horizon.
    pub p_no_purchase: f64,
}

impl Outlook {
    /// Log-odds of being alive and of no purchase, held within the log-odds of [`CLIP`].
    #[must_use]
    pub fn logits(&self) -> [f64; 2] {
        [self.p_alive, self.p_no_purchase].map(|p| crate::logit(p.clamp(CLIP, 1.0 - CLIP)))
    }
}

/// A population and a horizon, ready for many customers. Allocates nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prepared {
    family: Family,
    params: Params,
    horizon: f64,
}

impl Prepared {
    /// None if a parameter is not positive and finite or the horizon is negative or not finite.
    #[must_use]
    pub fn new(family: Family, params: Params, horizon: f64) -> Option<Self> {
        let Params { r, alpha, a, b } = params;
        let sound = [r, alpha, a, b].iter().all(|p| p.is_finite() && *p > 0.0);
        (sound && horizon.is_finite() && horizon >= 0.0).then_some(Self {
            family,
            params,
            horizon,
        })
    }

    /// Both probabilities for one customer.
    #[must_use]
    pub fn outlook(&self, row: &Rft) -> Outlook {
        let p_alive = self.p_alive(row);
        let until = self.params.alpha + row.age;
        let buys =
            -libm::expm1(-(self.params.r + row.frequency) * libm::log1p(self.horizon / until));
        Outlook {
            p_alive,
            p_no_purchase: 1.0 - p_alive * buys,
        }
    }

    /// Probability that the customer has not left.
    #[must_use]
    pub fn p_alive(&self, row: &Rft) -> f64 {
        let Params { r, alpha, a, b } = self.params;
        let left = self.family.left(row.frequency, a, b);
        if left == 0.0 {
            return 1.0; // a one-time buyer of BG/NBD
        }
        let silence = (row.age - row.recency) / (alpha + row.recency);
        1.0 / (1.0 + left * libm::exp((r + row.frequency) * libm::log1p(silence)))
    }

    /// Probability of no purchase within the horizon.
    #[must_use]
    pub fn p_no_purchase(&self, row: &Rft) -> f64 {
        self.outlook(row).p_no_purchase
    }

    /// Expected number of purchases within the horizon.
    #[must_use]
    pub fn expected_purchases(&self, row: &Rft) -> f64 {
        self.p_alive(row) * self.purchases_if_alive(row)
    }

    /// Expected number of purchases within the horizon of a customer who has not left so far.
    ///
    /// Who never left would make N of them, negative binomial with shape r+x and z = h / (alpha+T+h);
    /// of k such purchases 1 + q1 + ... + q(k-1) come about, where qj = (b+x+m)_j / (a+b+x+m)_j is the
    /// probability of still being there after j. Summed over N this is equation 10 of Fader, Hardie,
    /// Lee (2005) by the series of its 2F1 at z, but without its difference of nearly equal numbers
    /// and without its 0/0 at a = 1: every term is positive. Takes some 40 (1 + h / (alpha+T)) steps.
    #[must_use]
    pub fn purchases_if_alive(&self, row: &Rft) -> f64 {
        let Params { r, alpha, a, b } = self.params;
        let shape = r + row.frequency;
        let stay = b + row.frequency + self.family.first();
        let z = self.horizon / (alpha + row.age + self.horizon);
        // Weights of N = k without their common factor (1-z)^shape, which may be below all doubles.
        let (mut weight, mut weights, mut sum) = (1.0, 1.0, 0.0);
        let (mut come, mut still) = (0.0, 1.0);
        let mut k = 0.0;
        loop {
            let ratio = z * (shape + k) / (k + 1.0);
            weight *= ratio;
            come += still;
            still *= (stay + k) / (a + stay + k);
            weights += weight;
            sum += weight * come;
            k += 1.0;
            // From here on the terms fall by at least `falls`, as `come` rises at most like k.
            let falls = z * (shape + k) / k;
            if falls < 1.0 && weight * come <= 1e-17 * sum * (1.0 - falls) || weight == 0.0 {
                break;
            }
            if weights > 1e200 {
                weight *= 1e-200;
                weights *= 1e-200;
                sum *= 1e-200;
            }
        }
        sum / weights
    }
}

#[cfg(test)]
mod tests;
