//! The gamma-gamma model of spend (Fader, Hardie 2013, "The Gamma-Gamma Model of Monetary Value").
//!
//! What a customer spends at an occasion is Gamma(p, rate nu), and nu over customers is Gamma(q, rate v), whatever the
//! number of occasions. The mean m over x of them has the density (their equation 1a)
//!
//! ```text
//! f(m | x) = Gamma(px+q) / (Gamma(px) Gamma(q)) * v^q m^(px-1) x^(px) / (v + x m)^(px+q)
//! ```
//!
//! and who spent m on average at x occasions is expected to spend, on average, at the next ones (their equation 5)
//!
//! ```text
//! E = p (v + x m) / (px + q - 1)
//! ```
//!
//! the mean of all, p v / (q-1), drawn to the customer's own the more there is of it. So a single dear order does not
//! make a great customer. q is held above 1, where that mean exists.

use crate::btyd::bfgs::minimum;
use crate::btyd::gamma::digamma;

/// Customers below which nothing is fitted.
pub const MIN_CUSTOMERS: u32 = 30;
/// No slope of the mean log-likelihood by the logarithm of a parameter is greater at a fit.
const REACHED: f64 = 1e-8;
/// What is still taken where rounding hides the way on.
const NEARLY: f64 = 1e-6;
/// Beyond these logarithms of p, q-1 and v (in the middle spend of all) a wall rises: where all spend alike, p and q
/// would have no end. Within it stands plain maximum likelihood.
const WALLS: [[f64; 2]; 3] = [[-5.0, 7.0], [-3.0, 7.0], [-9.0, 9.0]];
/// Where the search begins.
const STARTS: [[f64; 3]; 2] = [[1.0, 1.0, 0.0], [3.0, 0.0, -2.0]];

/// Occasions of a customer, and the mean spend at them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spender {
    /// x: how many occasions the mean is over, at least 1.
    pub occasions: f64,
    /// m: above 0, in any one unit of money.
    pub mean: f64,
}

/// What a population is like. All are positive and finite, q is above 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// Shape of spends within a customer: greater where they are alike.
    pub p: f64,
    /// Shape of customers: greater where these are alike.
    pub q: f64,
    /// Rate parameter of customers, in the unit of money.
    pub v: f64,
}

/// A population that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// What it is like.
    pub params: Params,
    /// Log-likelihood of all customers, natural logarithm.
    pub log_likelihood: f64,
}

impl Params {
    /// Expected mean spend at coming occasions of a customer who spent `mean` on average at so many; of nobody in
    /// particular at 0 occasions. A mean below 0 counts as 0.
    #[must_use]
    pub fn expected_spend(&self, occasions: f64, mean: f64) -> f64 {
        let Self { p, q, v } = *self;
        p * (v + occasions * mean.max(0.0)) / (p * occasions + q - 1.0)
    }
}

/// Fits the model to customers, each with the number of them who are alike; of customers with one occasion alone
/// nothing can be told. Rows may come in any order and repeated: equal customers give equal bits.
///
/// None for fewer than [`MIN_CUSTOMERS`], for a row that no customer can have, and where the search does not end.
#[must_use]
pub fn fit(counted: &[(Spender, f64)]) -> Option<Fit> {
    let sound = |(row, count): &(Spender, f64)| {
        let positive = [row.mean, *count].iter().all(|x| x.is_finite() && *x > 0.0);
        positive && row.occasions.is_finite() && row.occasions >= 1.0
    };
    let mut counted = counted.to_vec();
    merge(&mut counted);
    let customers: f64 = counted.iter().map(|(_, count)| count).sum();
    if !counted.iter().all(sound) || customers < f64::from(MIN_CUSTOMERS) {
        return None;
    }
    let logs = counted.iter().map(|(row, n)| n * libm::log(row.mean));
    let unit = libm::exp(logs.sum::<f64>() / customers);
    let scaled: Vec<(Spender, f64)> = counted
        .iter()
        .map(|(row, n)| {
            let mean = row.mean / unit;
            (Spender { mean, ..*row }, *n)
        })
        .collect();
    let objective = |logs: &[f64; 3]| {
        let params = from_logs(logs);
        let by = [params.p, params.q - 1.0, params.v];
        let (value, slopes) = slopes(&params, &scaled);
        let outside: [f64; 3] =
            std::array::from_fn(|i| logs[i] - logs[i].clamp(WALLS[i][0], WALLS[i][1]));
        let squares: f64 = outside.iter().map(|x| x * x).sum();
        (
            squares - value / customers,
            std::array::from_fn(|i| 2.0 * outside[i] - by[i] * slopes[i] / customers),
        )
    };
    let ends = STARTS.map(|start| minimum(start, REACHED, objective));
    let found = ends
        .iter()
        .filter(|end| end.converged || end.place.slopes.iter().all(|x| x.abs() <= NEARLY))
        .min_by(|a, b| a.place.value.total_cmp(&b.place.value))?;
    let mut params = from_logs(&found.place.at);
    params.v *= unit;
    Some(Fit {
        params,
        log_likelihood: log_likelihood(&params, &counted),
    })
}

/// Log-likelihood of counted rows, natural logarithm.
#[must_use]
pub fn log_likelihood(params: &Params, counted: &[(Spender, f64)]) -> f64 {
    slopes(params, counted).0
}

fn from_logs(logs: &[f64; 3]) -> Params {
    let [p, above, v] = logs.map(libm::exp);
    Params {
        p,
        q: 1.0 + above,
        v,
    }
}

/// Sorts counted rows and joins equal ones.
fn merge(counted: &mut Vec<(Spender, f64)>) {
    counted.sort_by(|(a, _), (b, _)| {
        (a.occasions.total_cmp(&b.occasions)).then(a.mean.total_cmp(&b.mean))
    });
    counted.dedup_by(|next, kept| {
        let equal = next.0 == kept.0;
        if equal {
            kept.1 += next.1;
        }
        equal
    });
}

/// Log-likelihood and its slopes by p, q and v. Rows of one number of occasions stand together.
fn slopes(params: &Params, counted: &[(Spender, f64)]) -> (f64, [f64; 3]) {
    let Params { p, q, v } = *params;
    let (ln_v, ever, by_q) = (libm::log(v), libm::lgamma(q), digamma(q));
    let (mut value, mut slopes) = (0.0, [0.0; 3]);
    // What depends on the occasions alone: those, the value, and the digamma function at both shapes.
    let mut shared = (0.0, 0.0, 0.0, 0.0);
    for (row, count) in counted {
        let (x, shape) = (row.occasions, p * row.occasions);
        if shared.0 != x {
            let ln_beta = libm::lgamma(shape + q) - libm::lgamma(shape) - ever;
            let fixed = ln_beta + q * ln_v + shape * libm::log(x);
            shared = (x, fixed, digamma(shape), digamma(shape + q));
        }
        let (_, fixed, own, both) = shared;
        let spent = v + x * row.mean;
        let (ln_mean, ln_spent) = (libm::log(row.mean), libm::log(spent));
        value += count * (fixed + (shape - 1.0) * ln_mean - (shape + q) * ln_spent);
        slopes[0] += count * x * (both - own + ln_mean + libm::log(x) - ln_spent);
        slopes[1] += count * (both - by_q + ln_v - ln_spent);
        slopes[2] += count * (q / v - (shape + q) / spent);
    }
    (value, slopes)
}

#[cfg(test)]
mod tests;
