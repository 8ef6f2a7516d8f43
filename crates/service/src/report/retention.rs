//! The retention report: the short of it for a manager first, then tables and plots.

use anyhow::Result;
use holdfast_reports::figures::Figures;
use holdfast_reports::{Period, PeriodFigures};
use jiff::{Timestamp, tz::TimeZone};
use minijinja::{Value, context};

use super::numbers::{fixed, grouped};
use super::plots::{self, Series};
use super::render;
use super::view::Interval;
use crate::retention::Report;

mod changes;
mod matrix;

/// Periods in plots and in tables; what lies before is in the JSON.
const SHOWN: usize = 36;
const LISTED: usize = 15;
/// Cohorts and months after in the triangle.
const COHORTS: usize = 18;

/// The report of `holdfast report`.
///
/// # Errors
/// A plot or template that fails.
pub fn retention_html(report: &Report) -> Result<String> {
    let figures = &report.figures;
    let names = Names::of(figures);
    let newest = figures.newest();
    let periods = figures.periods.iter().rev().take(LISTED).rev();
    let rows: Vec<Value> = periods
        .map(|p| context! { name => names.of_start(p.start_ms), p })
        .collect();
    let by_month = figures.cohorts.by_month.iter().rev().take(COHORTS).rev();
    let cohorts: Vec<Value> = by_month
        .map(|c| {
            context! { cohort => c.cohort, size => c.size, retained => c.retained.iter().take(COHORTS).collect::<Vec<_>>() }
        })
        .collect();
    let most = |f: fn(&holdfast_reports::cohorts::MonthCohort) -> usize| {
        figures
            .cohorts
            .by_month
            .iter()
            .map(f)
            .max()
            .unwrap_or(0)
            .min(COHORTS)
    };
    let facts = changes::facts(figures, &names);
    let changes = changes::changes(figures, &names);
    let cautions = changes::cautions(figures);
    render(
        "retention.html",
        context! {
            report,
            figures,
            newest,
            newest_name => newest.map(|p| names.of_start(p.start_ms)),
            period => figures.period.name(),
            facts,
            changes,
            cautions,
            rows,
            is_cut => figures.periods.len() > LISTED,
            has_partial => figures.periods.last().is_some_and(|p| !p.complete),
            cohorts,
            cohort_months => most(|c| c.retained.len()),
            segments => matrix::segments(figures),
            matrix => matrix::transitions(figures),
            forecasts => forecasts(figures, &names),
            first_day => names.day(figures.first_ms),
            last_day => names.day(figures.last_ms),
            kept => kept(figures, &names)?,
            customers => ahead("customers", figures, &names)?,
            orders => ahead("orders", figures, &names)?,
            revenue => ahead("revenue", figures, &names)?,
            steps => funnel(figures)?,
        },
    )
}

/// How periods are called in the report's time zone.
struct Names {
    zone: TimeZone,
    period: Period,
}

impl Names {
    fn of(figures: &Figures) -> Self {
        Self {
            zone: TimeZone::get(&figures.time_zone).unwrap_or(TimeZone::UTC),
            period: figures.period,
        }
    }

    fn day(&self, ms: i64) -> String {
        Timestamp::from_millisecond(ms).map_or_else(
            |_| ms.to_string(),
            |at| self.zone.to_datetime(at).date().to_string(),
        )
    }

    fn of_start(&self, ms: i64) -> String {
        let day = self.day(ms);
        match self.period {
            Period::Day => day,
            Period::Week => format!("week of {day}"),
            Period::Month => day[..day.len().min(7)].to_owned(),
            Period::Year => day[..day.len().min(4)].to_owned(),
        }
    }

    /// As short as an axis has room for.
    fn on_axis(&self, ms: i64) -> String {
        let day = self.day(ms);
        match self.period {
            Period::Day | Period::Week => day.get(5..).unwrap_or(&day).to_owned(),
            Period::Month | Period::Year => self.of_start(ms),
        }
    }
}

fn shown(figures: &Figures) -> Vec<&PeriodFigures> {
    let whole = figures.periods.iter().filter(|p| p.complete);
    let mut newest: Vec<_> = whole.rev().take(SHOWN).collect();
    newest.reverse();
    newest
}

fn kept(figures: &Figures, names: &Names) -> Result<plots::Figure> {
    let shown = shown(figures);
    let series = Series {
        title: "Customers kept, of those at each start",
        is_percent: true,
        names: shown.iter().map(|p| names.on_axis(p.start_ms)).collect(),
        values: shown.iter().map(|p| p.crr).collect(),
        ahead: Vec::new(),
    };
    plots::series("kept-plot", &series)
}

/// One of the three that are forecast.
fn ahead(of: &'static str, figures: &Figures, names: &Names) -> Result<plots::Figure> {
    let shown = shown(figures);
    let value = |p: &&PeriodFigures| match of {
        "customers" => p.customers_end as f64,
        "orders" => p.orders as f64,
        _ => p.revenue,
    };
    let mut labels: Vec<String> = shown.iter().map(|p| names.on_axis(p.start_ms)).collect();
    let mut ahead = Vec::new();
    for forecast in &figures.forecast {
        let range = match of {
            "customers" => forecast.active_customers,
            "orders" => forecast.orders,
            _ => forecast.revenue,
        };
        let Some(range) = range else { continue };
        labels.push(names.on_axis(forecast.start_ms));
        ahead.push(Interval {
            value: range.value,
            lo: range.low,
            hi: range.high,
        });
    }
    let title = match of {
        "customers" => "Customers at the end of each period",
        "orders" => "Orders in each period",
        _ => "Revenue in each period",
    };
    let series = Series {
        title,
        is_percent: false,
        names: labels,
        values: shown.iter().map(|p| Some(value(p))).collect(),
        ahead,
    };
    plots::series(&format!("{of}-plot"), &series)
}

fn forecasts(figures: &Figures, names: &Names) -> Vec<Value> {
    let range = |range: Option<holdfast_reports::forecast::Range>| {
        range.map(|r| {
            let [value, low, high] = [r.value, r.low, r.high].map(|x| grouped(x.round() as u64));
            context! { value, low, high }
        })
    };
    figures
        .forecast
        .iter()
        .map(|f| {
            context! {
                name => names.of_start(f.start_ms),
                cells => [range(f.active_customers), range(f.orders), range(f.revenue)],
            }
        })
        .collect()
}

fn funnel(figures: &Figures) -> Result<plots::Figure> {
    let steps = figures.funnel.iter();
    let steps: Vec<(String, u64)> = steps
        .map(|step| (step.step.replace('_', " "), step.customers))
        .collect();
    plots::steps("steps-plot", &steps)
}

/// A percentage in words: `81.4 %`.
fn percent(x: f64) -> String {
    format!("{}\u{a0}%", fixed(x, 1))
}
