//! The figures as text, for a terminal.

use std::fmt::Write as _;

use holdfast_reports::PeriodFigures;
use jiff::{Timestamp, tz::TimeZone};

use super::Report;
use crate::cli::terminal::grouped;

/// Periods that are shown; a report of days would be long.
const SHOWN: usize = 24;

/// The newest periods line by line, then what stands for the whole time.
#[must_use]
pub fn table(report: &Report) -> String {
    let figures = &report.figures;
    let zone = TimeZone::get(&figures.time_zone).unwrap_or(TimeZone::UTC);
    let mut out = format!(
        "{:<12} {:>9} {:>9} {:>8} {:>8} {:>8} {:>7} {:>7} {:>9} {:>7} {:>9} {:>13}\n",
        figures.period.name(),
        "start",
        "end",
        "new",
        "lost",
        "back",
        "kept %",
        "lost %",
        "again %",
        "rep. %",
        "orders",
        "revenue",
    );
    let hidden = figures.periods.len().saturating_sub(SHOWN);
    for period in &figures.periods[hidden..] {
        line(&mut out, period, &zone);
    }
    let is_partial = figures.periods.last().is_some_and(|p| !p.complete);
    if is_partial {
        out += "* not over: its figures are those of a log in which nothing more happens\n";
    }
    let currency = report.currency.as_deref().filter(|c| *c != "ignore");
    let money = |x: Option<f64>| x.map_or("-".to_owned(), |x| format!("{x:.2}"));
    let value = &figures.value;
    let facts = [
        ("customers ever", grouped(value.customers)),
        ("alive days", figures.alive_days.to_string()),
        ("currency", currency.unwrap_or("-").to_owned()),
        ("value per customer", money(value.clv_mean)),
        (
            "expected within a year",
            money(report.expected_value.as_ref().map(|e| e.clv_mean)),
        ),
        ("value by cost of winning", money(value.clv_cac)),
        (
            "revenue of the top fifth, %",
            rate(value.top20_revenue_share),
        ),
        (
            "median days to 2nd order",
            rate(figures.second_purchase.median_days),
        ),
        ("NPS", rate(figures.nps.score)),
        (
            "tickets, open",
            format!("{}, {}", figures.service.tickets, figures.service.open),
        ),
    ];
    for (name, value) in facts {
        // A String takes all.
        writeln!(out, "{name:<28} {value}").ok();
    }
    if let Some(goal) = &report.goal {
        writeln!(out, "{}", goal.says).ok();
    }
    out
}

fn line(out: &mut String, p: &PeriodFigures, zone: &TimeZone) {
    let day = Timestamp::from_millisecond(p.start_ms).map_or_else(
        |_| p.start_ms.to_string(),
        |at| zone.to_datetime(at).date().to_string(),
    );
    let mark = if p.complete { "" } else { "*" };
    writeln!(
        out,
        "{:<12} {:>9} {:>9} {:>8} {:>8} {:>8} {:>7} {:>7} {:>9} {:>7} {:>9} {:>13.2}",
        format!("{day}{mark}"),
        p.customers_start,
        p.customers_end,
        p.acquired,
        p.lost,
        p.reactivated,
        rate(p.crr),
        rate(p.churn_rate),
        rate(p.returning_buyer_rate),
        rate(p.repeat_purchase_rate),
        p.orders,
        p.revenue,
    )
    .ok();
}

fn rate(x: Option<f64>) -> String {
    x.map_or("-".to_owned(), |x| format!("{x:.1}"))
}
