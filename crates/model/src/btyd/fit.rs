//! Maximum likelihood for a population, with everything refused that would mean nothing.

use super::bfgs::{Found, Place, greatest, minimum};
use super::likelihood::{log_likelihood, merge, slopes};
use super::{Family, Params, Rft};

/// Customers below which nothing is fitted.
pub const MIN_CUSTOMERS: u32 = 50;
/// No slope of the mean log-likelihood by the logarithm of a parameter is greater at a fit.
const REACHED: f64 = 1e-9;
/// What is still taken where rounding hides the way on.
const NEARLY: f64 = 1e-7;
/// Logarithms of parameters, in the fit's own unit of time, beyond which the data set no bound.
const EDGE: f64 = 12.0;
/// The oldest customer has this age in the fit's own unit of time, so that one start does for all.
const OLDEST: f64 = 50.0;
/// Where the search begins: logarithms of r, alpha, a and b. The best end of both is taken.
const STARTS: [[f64; 4]; 2] = [[0.0, 1.0, 0.0, 0.5], [-0.5, 2.0, -1.0, 1.0]];

/// How to fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Times the mean square of the parameters' logarithms (alpha's in fiftieths of the greatest age)
    /// is taken off the mean log-likelihood. 0 is plain maximum likelihood, which a population can
    /// leave unbounded, such as one in which nobody leaves.
    pub ridge: f64,
}

/// A population that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// When its customers may leave.
    pub family: Family,
    /// What it is like.
    pub params: Params,
    /// Log-likelihood of all customers, natural logarithm, without the ridge.
    pub log_likelihood: f64,
    /// Steps of the search.
    pub iterations: u32,
}

/// Why there is no fit.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum FitError {
    /// A row that no customer can have.
    #[error(
        "row {index} (frequency {}, recency {}, age {}, {count} customers): {fault}",
        .row.frequency, .row.recency, .row.age
    )]
    Row {
        /// Its place, from 0.
        index: usize,
        /// The row.
        row: Rft,
        /// Its number of customers.
        count: f64,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The ridge is negative or not finite.
    #[error("the ridge is {0}, not a number from 0 on")]
    Ridge(f64),
    /// Fewer customers than parameters can be told from.
    #[error("{0} customers, {MIN_CUSTOMERS} are needed")]
    TooFew(f64),
    /// Nobody bought twice, so there is no rhythm to learn.
    #[error("none of {0} customers has a repeat purchase")]
    NoRepeats(f64),
    /// The search ended before the optimum.
    #[error("the fit did not converge: greatest slope {slope:e} after {iterations} iterations")]
    NotConverged {
        /// Greatest slope of the mean log-likelihood by a parameter's logarithm.
        slope: f64,
        /// Steps of the search.
        iterations: u32,
    },
    /// The likelihood rises without end as a parameter goes to 0 or infinity.
    #[error("the data do not bound the parameter {name}: {value:e} and going on; a ridge would")]
    Unbounded {
        /// r, alpha, a or b.
        name: &'static str,
        /// Where the search was, in the rows' unit.
        value: f64,
    },
}

/// Fits a family to customers, each row with its number of customers. Rows may come in any order
/// and repeated: equal ones are taken together first, so equal customers give equal bits.
///
/// # Errors
/// [`FitError`]: a row, a ridge or a population that allows no fit, or a search without an end.
pub fn fit(family: Family, counted: &[(Rft, f64)], settings: Settings) -> Result<Fit, FitError> {
    if !(settings.ridge.is_finite() && settings.ridge >= 0.0) {
        return Err(FitError::Ridge(settings.ridge));
    }
    let customers = checked(counted)?;
    let mut counted = counted.to_vec();
    merge(&mut counted);
    let oldest = counted
        .iter()
        .fold(0.0, |most: f64, (row, _)| most.max(row.age));
    let unit = oldest / OLDEST;
    let scaled: Vec<(Rft, f64)> = counted
        .iter()
        .map(|(row, n)| (in_units(row, unit), *n))
        .collect();
    let objective = |logs: &[f64; 4]| {
        let params = from_logs(logs);
        let by = [params.r, params.alpha, params.a, params.b];
        let (value, slopes) = slopes(family, &params, &scaled);
        let squares: f64 = logs.iter().map(|x| x * x).sum();
        (
            settings.ridge * squares / 4.0 - value / customers,
            std::array::from_fn(|i| settings.ridge * logs[i] / 2.0 - by[i] * slopes[i] / customers),
        )
    };
    let ends = STARTS.map(|start| minimum(start, REACHED, objective));
    let end = best(ends).ok_or_else(|| unfound(&ends, unit))?;
    if let Some(error) = unbounded(&end.place, unit) {
        return Err(error);
    }
    let mut params = from_logs(&end.place.at);
    params.alpha *= unit;
    Ok(Fit {
        family,
        params,
        log_likelihood: log_likelihood(family, &params, &counted),
        iterations: end.iterations,
    })
}

/// The number of customers.
fn checked(counted: &[(Rft, f64)]) -> Result<f64, FitError> {
    for (index, (row, count)) in counted.iter().enumerate() {
        let numbers = [row.frequency, row.recency, row.age, *count];
        let fault = if numbers.iter().any(|n| !n.is_finite() || *n < 0.0) {
            "a number is negative or not finite"
        } else if row.recency > row.age {
            "the last purchase lies behind the age"
        } else if row.frequency == 0.0 && row.recency > 0.0 {
            "there is a recency, but no repeat purchase"
        } else {
            continue;
        };
        return Err(FitError::Row {
            index,
            row: *row,
            count: *count,
            fault,
        });
    }
    let customers: f64 = counted.iter().map(|(_, count)| count).sum();
    if customers < f64::from(MIN_CUSTOMERS) {
        return Err(FitError::TooFew(customers));
    }
    if !counted
        .iter()
        .any(|(row, count)| row.frequency > 0.0 && *count > 0.0)
    {
        return Err(FitError::NoRepeats(customers));
    }
    Ok(customers)
}

fn in_units(row: &Rft, unit: f64) -> Rft {
    Rft {
        frequency: row.frequency,
        recency: row.recency / unit,
        age: row.age / unit,
    }
}

fn from_logs(logs: &[f64; 4]) -> Params {
    let [r, alpha, a, b] = logs.map(libm::exp);
    Params { r, alpha, a, b }
}

fn reached(end: &Found<4>) -> bool {
    end.converged || greatest(&end.place.slopes) <= NEARLY
}

/// The lowest of the ends that are minima.
fn best(ends: [Found<4>; 2]) -> Option<Found<4>> {
    (ends.into_iter().filter(reached)).min_by(|a, b| a.place.value.total_cmp(&b.place.value))
}

/// Why no end is a minimum: a parameter that ran away explains more than slopes that did not vanish.
fn unfound(ends: &[Found<4>; 2], unit: f64) -> FitError {
    let end = if ends[1].place.value < ends[0].place.value {
        ends[1]
    } else {
        ends[0]
    };
    unbounded(&end.place, unit).unwrap_or(FitError::NotConverged {
        slope: greatest(&end.place.slopes),
        iterations: end.iterations,
    })
}

fn unbounded(place: &Place<4>, unit: f64) -> Option<FitError> {
    let names = ["r", "alpha", "a", "b"];
    let (i, log) = (place.at.iter().enumerate()).find(|(_, log)| log.abs() > EDGE)?;
    Some(FitError::Unbounded {
        name: names[i],
        value: libm::exp(*log) * if i == 1 { unit } else { 1.0 },
    })
}
