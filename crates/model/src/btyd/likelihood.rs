//! The log-likelihood of many customers and its slopes.

use super::gamma::digamma;
use super::{Family, Params, Rft};

/// Rows in the order of frequency, recency and age, equal ones taken together with their number.
#[must_use]
pub fn merged(rows: &[Rft]) -> Vec<(Rft, f64)> {
    let mut counted: Vec<(Rft, f64)> = rows.iter().map(|row| (*row, 1.0)).collect();
    merge(&mut counted);
    counted
}

/// Sorts counted rows and joins equal ones.
pub(super) fn merge(counted: &mut Vec<(Rft, f64)>) {
    counted.sort_by(|(a, _), (b, _)| {
        (a.frequency.total_cmp(&b.frequency))
            .then(a.recency.total_cmp(&b.recency))
            .then(a.age.total_cmp(&b.age))
    });
    counted.dedup_by(|next, kept| {
        let equal = next.0 == kept.0;
        if equal {
            kept.1 += next.1;
        }
        equal
    });
}

/// Log-likelihood of counted rows, natural logarithm.
#[must_use]
pub fn log_likelihood(family: Family, params: &Params, counted: &[(Rft, f64)]) -> f64 {
    slopes(family, params, counted).0
}

/// What of a row depends on its frequency alone: rows of one frequency stand together.
struct Shared {
    frequency: f64,
    shape: f64,
    value: f64,
    /// Slopes of `value` by r, a and b.
    slopes: [f64; 3],
    ln_left: f64,
    /// Slope of `ln_left` by b.
    left_by_b: f64,
}

impl Shared {
    fn of(family: Family, params: &Params, frequency: f64) -> Self {
        let Params { r, alpha, a, b } = *params;
        let shape = r + frequency;
        let chances = frequency + family.first();
        let stay = b + chances;
        let ln_alpha = libm::log(alpha);
        let beta =
            libm::lgamma(stay) - libm::lgamma(a + stay) - libm::lgamma(b) + libm::lgamma(a + b);
        let (both, ever) = (digamma(a + stay), digamma(a + b));
        Self {
            frequency,
            shape,
            value: libm::lgamma(shape) - libm::lgamma(r) + r * ln_alpha + beta,
            slopes: [
                digamma(shape) - digamma(r) + ln_alpha,
                ever - both,
                digamma(stay) - both - digamma(b) + ever,
            ],
            ln_left: libm::log(family.left(frequency, a, b)),
            left_by_b: -1.0 / (stay - 1.0),
        }
    }
}

/// Log-likelihood and its slopes by r, alpha, a and b.
pub(super) fn slopes(family: Family, params: &Params, counted: &[(Rft, f64)]) -> (f64, [f64; 4]) {
    let alpha = params.alpha;
    let (mut value, mut slopes) = (0.0, [0.0; 4]);
    let mut shared: Option<Shared> = None;
    for (row, count) in counted {
        let of = match &mut shared {
            Some(shared) if shared.frequency == row.frequency => shared,
            other => other.insert(Shared::of(family, params, row.frequency)),
        };
        let (now, last) = (alpha + row.age, alpha + row.recency);
        // ln w, the log-odds of having left; -inf for a one-time buyer of BG/NBD.
        let (ln_now, ln_last) = (libm::log(now), libm::log(last));
        let odds = of.ln_left + of.shape * (ln_now - ln_last);
        let (left, stayed) = (crate::probability(odds), crate::probability(-odds));
        // ln(1 + w) without overflow.
        let grown = odds.max(0.0) + libm::log1p(libm::exp(-odds.abs()));
        value += count * (of.value - of.shape * ln_now + grown);
        slopes[0] += count * (of.slopes[0] - stayed * ln_now - left * ln_last);
        slopes[1] += count * (params.r / alpha - of.shape * (stayed / now + left / last));
        slopes[2] += count * (of.slopes[1] + left / params.a);
        if left > 0.0 {
            slopes[3] += count * left * of.left_by_b;
        }
        slopes[3] += count * of.slopes[2];
    }
    (value, slopes)
}
