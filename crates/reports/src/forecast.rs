//! The next periods: active customers, orders and revenue, with intervals that were tried on the past.
//!
//! Four plain methods stand to choose from; each is asked at every past period for what came after it (rolling origin),
//! and the one with the least mean absolute error is taken (Hyndman and Athanasopoulos, Forecasting, 5.10).
//!
//! | method | says |
//! | --- | --- |
//! | `last` | the last value |
//! | `drift` | the last value and the mean step so far for each period ahead |
//! | `seasonal` | the value one season before (7 days, 52 weeks, 12 months) |
//! | `damped` | Holt's linear trend, smoothed by 0.5 and 0.2, that fades by 0.85 a period |
//!
//! An interval is the forecast plus and minus Student's t times the root mean square of the past errors at the same
//! distance. Its coverage is counted in the same way, with the errors known at each past period only.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::Error;
use crate::periods::PeriodFigures;
use crate::terms::{DAY_MS, Terms};

/// Periods ahead.
const AHEAD: usize = 3;
/// The shortest history that a forecast is made from, and the shortest that is forecast from in the backtest.
const FEWEST: usize = 6;
const FIRST_ORIGIN: usize = 3;
/// Errors that an interval needs.
const FEWEST_ERRORS: usize = 3;

/// One period ahead. Counts and money are never below 0.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Forecast {
    /// Its first instant, ms UTC.
    pub start_ms: i64,
    /// Customers at its end; none where the history is too short once the first A days are left out.
    pub active_customers: Option<Range>,
    /// Orders in it.
    pub orders: Option<Range>,
    /// Revenue in it, major units.
    pub revenue: Option<Range>,
}

/// A forecast with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Range {
    /// What is most likely.
    pub value: f64,
    /// The low end.
    pub low: f64,
    /// The high end.
    pub high: f64,
}

/// How the chosen method would have done.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Backtest {
    /// The method with the least error.
    pub method: &'static str,
    /// Whole periods that it learned from.
    pub periods: usize,
    /// Mean absolute error over all past periods and distances, in the unit of the series.
    pub mean_absolute_error: f64,
    /// The same in percent of the mean of the series; none where that is 0.
    pub error_percent: Option<f64>,
    /// Past forecasts that had an interval.
    pub intervals: u64,
    /// Percent of them that held what came; near 95 where the past is like the future.
    pub coverage: Option<f64>,
}

type Series = (&'static str, Vec<f64>);

pub(crate) fn of(
    periods: &[PeriodFigures],
    terms: &Terms,
) -> Result<(Vec<Forecast>, BTreeMap<String, Backtest>), Error> {
    let season = terms.calendar.period().season();
    let made = series(periods, terms).map(|(name, values)| (name, Made::from(&values, season)));
    let mut backtests = BTreeMap::new();
    for (name, made) in &made {
        if let Some(made) = made {
            backtests.insert((*name).to_owned(), made.backtest.clone());
        }
    }
    if backtests.is_empty() {
        return Ok((Vec::new(), backtests));
    }
    let starts = terms.calendar.next_starts(AHEAD)?;
    let rows = starts.into_iter().enumerate().map(|(h, start_ms)| {
        let at = |of: usize| made[of].1.as_ref().map(|made| made.ranges[h]);
        Forecast {
            start_ms,
            active_customers: at(0),
            orders: at(1),
            revenue: at(2),
        }
    });
    Ok((rows.collect(), backtests))
}

/// Whole periods only: the first one where the events begin with it, and for stocks those that A days lie before.
fn series(periods: &[PeriodFigures], terms: &Terms) -> [Series; 3] {
    let (first_ms, _) = terms.calendar.events_ms();
    let whole = |p: &&PeriodFigures| p.complete && p.start_ms > first_ms - DAY_MS;
    let warm = |p: &&PeriodFigures| whole(p) && p.end_ms >= first_ms + terms.window_ms();
    let rows = || periods.iter().filter(whole);
    [
        (
            "active_customers",
            periods
                .iter()
                .filter(warm)
                .map(|p| p.customers_end as f64)
                .collect(),
        ),
        ("orders", rows().map(|p| p.orders as f64).collect()),
        ("revenue", rows().map(|p| p.revenue).collect()),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Last,
    Drift,
    Seasonal,
    Damped,
}

impl Method {
    const ALL: [Self; 4] = [Self::Last, Self::Drift, Self::Seasonal, Self::Damped];

    fn name(self) -> &'static str {
        match self {
            Self::Last => "last",
            Self::Drift => "drift",
            Self::Seasonal => "seasonal",
            Self::Damped => "damped",
        }
    }

    /// The next values; none where the past is too short for it.
    fn ahead(self, past: &[f64], season: Option<usize>) -> Option<[f64; AHEAD]> {
        let last = *past.last()?;
        let mut out = [last; AHEAD];
        match self {
            Self::Last => {}
            Self::Drift => {
                let steps = past.len().checked_sub(1).filter(|n| *n > 0)?;
                let step = (last - past[0]) / steps as f64;
                for (h, value) in out.iter_mut().enumerate() {
                    *value += step * (h + 1) as f64;
                }
            }
            Self::Seasonal => {
                let from = past.len().checked_sub(season?)?;
                for (h, value) in out.iter_mut().enumerate() {
                    *value = past[from + h];
                }
            }
            Self::Damped => damped(past, &mut out),
        }
        Some(out)
    }
}

fn damped(past: &[f64], out: &mut [f64; AHEAD]) {
    const LEVEL: f64 = 0.5;
    const TREND: f64 = 0.2;
    const FADE: f64 = 0.85;
    let (mut level, mut trend) = (past[0], 0.0);
    for value in &past[1..] {
        let before = level;
        level = LEVEL * value + (1.0 - LEVEL) * (level + FADE * trend);
        trend = TREND * (level - before) + (1.0 - TREND) * FADE * trend;
    }
    let (mut fade, mut sum) = (1.0, 0.0);
    for value in out {
        fade *= FADE;
        sum += fade;
        *value = level + trend * sum;
    }
}

/// A series, forecast.
struct Made {
    ranges: [Range; AHEAD],
    backtest: Backtest,
}

/// Errors by distance, each with the number of values that it needed to be known.
type Errors = [Vec<(usize, f64)>; AHEAD];

impl Made {
    fn from(values: &[f64], season: Option<usize>) -> Option<Self> {
        if values.len() < FEWEST {
            return None;
        }
        let mut best: Option<(f64, Method, Errors)> = None;
        for method in Method::ALL {
            let Some(errors) = errors(method, values, season) else {
                continue;
            };
            let mean = mean_absolute(&errors);
            if best.as_ref().is_none_or(|(least, ..)| mean < *least) {
                best = Some((mean, method, errors));
            }
        }
        let (mean_absolute_error, method, errors) = best?;
        let ahead = method.ahead(values, season)?;
        let ranges: [Option<Range>; AHEAD] =
            std::array::from_fn(|h| Some(range(ahead[h], reach(&errors[h], usize::MAX)?)));
        let (intervals, held) = coverage(&errors);
        let level = values.iter().map(|v| v.abs()).sum::<f64>() / values.len() as f64;
        let [Some(a), Some(b), Some(c)] = ranges else {
            return None;
        };
        Some(Self {
            ranges: [a, b, c],
            backtest: Backtest {
                method: method.name(),
                periods: values.len(),
                mean_absolute_error,
                error_percent: (level > 0.0).then(|| 100.0 * mean_absolute_error / level),
                intervals,
                coverage: crate::rate::percent(held, intervals),
            },
        })
    }
}

/// What a method would have been wrong by; none where it could not have been asked as often as the others.
fn errors(method: Method, values: &[f64], season: Option<usize>) -> Option<Errors> {
    let mut errors = Errors::default();
    // A season has to have been seen whole before it is judged, so others are judged on more of the past.
    let from = match method {
        Method::Seasonal => season?,
        _ => FIRST_ORIGIN,
    };
    for origin in from.max(FIRST_ORIGIN)..values.len() {
        let ahead = method.ahead(&values[..origin], season)?;
        for (h, said) in ahead.iter().enumerate() {
            if let Some(came) = values.get(origin + h) {
                errors[h].push((origin + h + 1, came - said));
            }
        }
    }
    errors
        .iter()
        .all(|errors| errors.len() >= FEWEST_ERRORS.min(values.len() - FIRST_ORIGIN - AHEAD + 1))
        .then_some(errors)
}

fn mean_absolute(errors: &Errors) -> f64 {
    let all = || errors.iter().flatten();
    all().map(|(_, error)| error.abs()).sum::<f64>() / all().count() as f64
}

/// Half the width of an interval from the errors that were known after so many values.
fn reach(errors: &[(usize, f64)], known: usize) -> Option<f64> {
    let seen = errors.iter().filter(|(needs, _)| *needs <= known);
    let (mut n, mut squares) = (0_u32, 0.0);
    for (_, error) in seen {
        n += 1;
        squares += error * error;
    }
    if n == 0 {
        return None;
    }
    let n = f64::from(n);
    // Student's t at 97.5 % from the normal quantile (Abramowitz and Stegun 26.7.5, two terms).
    let z = 1.959_964_f64;
    let (z3, z5) = (z * z * z, z * z * z * z * z);
    let t = z + (z3 + z) / (4.0 * n) + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * n * n);
    Some(t * libm::sqrt(squares / n))
}

/// Past forecasts that had an interval, and those of them that held what came.
fn coverage(errors: &Errors) -> (u64, u64) {
    let (mut intervals, mut held) = (0, 0);
    for (h, of) in errors.iter().enumerate() {
        for (needs, error) in of {
            let origin = needs - h - 1;
            let known = of.iter().filter(|(needs, _)| *needs <= origin).count();
            let Some(reach) = reach(of, origin).filter(|_| known >= FEWEST_ERRORS) else {
                continue;
            };
            intervals += 1;
            held += u64::from(error.abs() <= reach);
        }
    }
    (intervals, held)
}

fn range(value: f64, reach: f64) -> Range {
    Range {
        value: value.max(0.0),
        low: (value - reach).max(0.0),
        high: (value + reach).max(0.0),
    }
}

#[cfg(test)]
mod tests;
